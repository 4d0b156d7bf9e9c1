"""A copy is one moment of a database in use, and a cloud begun with it is a later one."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from kumoi.adapters.sql import copying
from kumoi.adapters.sql.store import SqlStore, open_store
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.core.errors import Unsupported
from kumoi.core.quotas import Allocation, Claim


def door(tx: SqlTransaction, number: int) -> None:
    key = f"k/{number}"
    assert tx.counters.take(Allocation(consumer=key, provider="project/p", resource="instances", amount=1))
    assert tx.claims.take(Claim(kind="name", key=key, owner=key, at=1.0))


def test_a_copy_is_whole_while_others_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kumoi.db"
    over, numbers = Event(), iter(range(1_000_000))
    with closing(open_store(url)) as store:
        store.write(lambda tx: tx.counters.set_most("project/p", "instances", -1))

        def write() -> None:
            while not over.is_set():
                store.write(lambda tx: door(tx, next(numbers)))

        writer = Thread(target=write)
        writer.start()
        copies = [tmp_path / f"copy{n}.db" for n in range(5)]
        told = [copying.copy(url, copy) for copy in copies]
        over.set()
        writer.join()
        assert {one.cloud_id for one in told} == {store.cloud_id()}
        for copy in copies:
            assert agrees(copy)


def agrees(copy: Path) -> bool:
    """Counter and claims are of one moment, and the copy needs no other file."""
    moved = copy.rename(copy.with_name(f"moved-{copy.name}"))
    with closing(open_store(f"sqlite:///{moved}")) as store:
        counter = store.read(lambda tx: tx.counters.get("project/p", "instances"))
        there = store.read(lambda tx: tx.claims.with_prefix("name", ""))
    return counter is not None and counter.used == len(there)


def test_a_renewed_copy_is_a_later_cloud(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kumoi.db"
    with closing(open_store(url)) as store:
        before = store.epoch()
        copying.copy(url, tmp_path / "copy.db")
    assert copying.renew(tmp_path / "copy.db") > before
    assert [p.name for p in tmp_path.glob("copy.db*")] == ["copy.db"]
    with closing(open_store(f"sqlite:///{tmp_path}/copy.db")) as again:
        assert again.epoch() > before


def test_what_is_no_cloud_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as raw:
        raw.execute("CREATE TABLE t (x)")
    (tmp_path / "text.db").write_text("no database at all" * 100)
    for name in ("other.db", "text.db"):
        with pytest.raises(Unsupported):
            copying.look(tmp_path / name)


def test_a_database_that_is_no_file_is_its_own_tools_affair(new_url: str, tmp_path: Path) -> None:
    with closing(open_store(new_url)) as store:
        assert isinstance(store, SqlStore)
    if new_url.startswith("sqlite"):
        copying.copy(new_url, tmp_path / "copy")
        return
    with pytest.raises(Unsupported) as told:
        copying.copy(new_url, tmp_path / "copy")
    assert told.value.facts["reason"] == "postgresql"
