"""The schema: made from nothing, the same as the code says, once, and never newer than the code."""

import re
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert
from tests.contract.store.together import together, wait_for
from tests.contract.store.values import instance

from kumoi.adapters.sql.connection import Database
from kumoi.adapters.sql.migrate import HEAD, SCRIPTS
from kumoi.adapters.sql.sqlite import SqliteDatabase
from kumoi.adapters.sql.store import SqlStore, database_of, open_store
from kumoi.adapters.sql.tables import cloud
from kumoi.core.default_rules import ITSELF
from kumoi.core.errors import Invalid, Unavailable, Unsupported
from kumoi.core.query import Query


def first_version(database: Database) -> None:
    """As the first version of Kumoi left it: its tables, and the cloud's own row."""
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    with database.engine().begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(cloud).values(id="the-first", epoch=1, made_at=1.0))


@pytest.mark.parametrize("begin", [lambda _database: None, first_version], ids=["nothing", "the first version"])
def test_whatever_it_began_with_it_ends_where_the_tables_are(new_url: str, begin: Callable[[Database], None]) -> None:
    database = database_of(new_url)
    begin(database)
    store = open_store(new_url)
    with database.engine().begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, cloud.metadata) == []
        assert context.get_current_revision() == HEAD
    rules = store.read(lambda tx: tx.default_rules.find(Query()))
    told = {(r.direction, r.ether_type, r.remote_group_id, r.in_default, r.in_others) for r in rules}
    assert told == {
        *(("egress", kind, None, True, True) for kind in ("IPv4", "IPv6")),
        *(("ingress", kind, ITSELF, True, False) for kind in ("IPv4", "IPv6")),
    }
    store.close()


def test_every_constraint_has_a_name(store: SqlStore) -> None:
    for table in cloud.metadata.tables.values():
        for constraint in table.constraints:
            assert re.fullmatch(r"(pk|uq|ck|fk)_[a-z0-9_]+", str(constraint.name)), constraint
        for index in table.indexes:
            assert re.fullmatch(r"(ix|uq)_[a-z0-9_]+", str(index.name)), index


def test_the_newest_revision_is_the_one_the_code_names() -> None:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_cloud_has_one_id_and_an_epoch_that_only_rises(another: Callable[[], SqlStore]) -> None:
    here, there = another(), another()
    assert here.cloud_id() == there.cloud_id()
    first = here.epoch()
    second = here.raise_epoch()
    third = there.raise_epoch()
    assert first < second < third == here.epoch() == there.epoch()


def test_a_copy_that_is_restored_twice_has_two_epochs(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/kumoi.db").close()
    backup = (tmp_path / "kumoi.db").read_bytes()
    epochs = []
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(backup)
        restored = open_store(f"sqlite:///{tmp_path}/{name}")
        epochs.append(restored.raise_epoch())
        restored.close()
        wait_for(lambda: time.time() > epochs[0] + 1)  # an epoch is a second
    assert epochs[0] < epochs[1]


def test_processes_that_start_at_once_make_the_schema_once(new_url: str) -> None:
    stores = together([lambda: open_store(new_url) for _ in range(4)])
    try:
        assert len({store.cloud_id() for store in stores}) == 1
    finally:
        for store in stores:
            store.close()


def test_what_was_written_is_there_after_opening_again(url: str) -> None:
    first = open_store(url)
    one = instance()
    first.write(lambda tx: tx.instances.insert(one))
    first.close()
    second = open_store(url)
    assert second.read(lambda tx: tx.instances.get(one.id)) == one
    second.close()


def test_a_newer_schema_is_refused_by_name(new_url: str) -> None:
    open_store(new_url).close()
    database: Database = database_of(new_url)
    with database.engine().begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unsupported) as raised:
        open_store(new_url)
    assert raised.value.facts == {"what": "schema", "reason": "newer_database", "found": "9999", "newest": HEAD}


def test_a_trial_store_leaves_nothing_behind() -> None:
    store = open_store("sqlite://")
    folder = store.folder
    assert folder is not None
    store.write(lambda tx: tx.instances.insert(instance()))
    store.close()
    assert not folder.exists()


def test_commits_are_on_the_disk_before_they_are_answered(tmp_path: Path) -> None:
    database = database_of(f"sqlite:///{tmp_path}/kumoi.db")
    with database.engine().begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/kumoi.db")
    store.write(lambda tx: tx.instances.insert(instance()))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    store.close()


@pytest.mark.parametrize("bad", ["mysql://x", "kumoi.db", ""])
def test_an_unknown_url_is_invalid(bad: str) -> None:
    with pytest.raises(Invalid):
        open_store(bad)


@pytest.mark.parametrize("url", ["postgresql://kumoi@/kumoi?host=/nowhere", "sqlite:////nowhere/kumoi.db"])
def test_a_database_that_does_not_answer_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable) as raised:
        open_store(url)
    assert raised.value.facts["what"] == "database"


def test_who_opens_a_new_file_waits_for_another_who_is_just_making_it(tmp_path: Path) -> None:
    path = tmp_path / "kumoi.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # not logged ahead yet
    other.execute("CREATE TABLE theirs (id)")
    end = Timer(0.2, other.rollback)
    end.start()
    open_store(f"sqlite:///{path}").close()
    end.join()
    other.close()


def test_a_writer_that_is_kept_out_for_long_says_so(tmp_path: Path) -> None:
    """Another process sits on the file; after its bounded tries the writer answers instead of waiting for ever."""
    path = tmp_path / "kumoi.db"
    open_store(f"sqlite:///{path}").close()
    store = SqlStore(SqliteDatabase(path, busy_timeout_ms=20))
    squatter = sqlite3.connect(path, isolation_level=None)
    squatter.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as raised:
        store.write(lambda tx: tx.instances.insert(instance()))
    assert raised.value.facts["what"] == "database"
    squatter.execute("ROLLBACK")
    squatter.close()
    store.write(lambda tx: tx.instances.insert(instance()))
    store.close()
