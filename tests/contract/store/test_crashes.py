"""What was acknowledged is there, however the process ended; and a lost connection is only a moment."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.contract.store.values import instance

from kumoi.adapters.sql.sqlite import SqliteDatabase
from kumoi.adapters.sql.store import SqlStore, open_store
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.core.errors import Unavailable
from kumoi.core.query import Query

WRITER = """
import sys, threading
from kumoi.adapters.sql.store import open_store
from kumoi.core.quotas import Allocation, Claim

store = open_store(sys.argv[1])
round_ = sys.argv[2]
said = threading.Lock()

def door(tx, who, n):
    key = f"{round_}/{who}/{n}"
    assert tx.counters.take(Allocation(consumer=key, provider="project/p", resource="instances", amount=1))
    assert tx.claims.take(Claim(kind="name", key=key, owner=key, at=1.0))
    return key

def write(who):
    n = 0
    while True:
        key = store.write(lambda tx: door(tx, who, n))
        with said:
            print(key, flush=True)
        n += 1

threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
for thread in threads:
    thread.start()
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(url: str, clone: Path) -> None:
    store = open_store(url)
    store.write(lambda tx: tx.counters.set_most("project/p", "instances", -1))
    acknowledged: set[str] = set()
    for attempt in range(3):
        acknowledged |= killed_at_work(url, clone, attempt)
    there = {claim.key for claim in store.read(lambda tx: tx.claims.with_prefix("name", ""))}
    counter = store.read(lambda tx: tx.counters.get("project/p", "instances"))
    store.close()
    assert acknowledged <= there
    assert counter is not None
    assert counter.used == len(there)  # what was committed and not yet acknowledged is whole as well
    assert len(there - acknowledged) <= 3 * 4


def killed_at_work(url: str, clone: Path, attempt: int) -> set[str]:
    """What the process said before it was killed in the middle of its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(attempt)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
    )
    assert process.stdout is not None
    with process.stdout as said:
        lines = [said.readline() for _ in range(100)]  # they are at work, and the pipe is read
        process.send_signal(signal.SIGKILL)
        lines += said.readlines()
    assert process.wait() == -signal.SIGKILL
    return {line.strip() for line in lines if line.endswith("\n")}


def test_a_lost_connection_is_made_anew(fresh_postgres_url: str) -> None:
    store = open_store(fresh_postgres_url)
    one = instance()
    store.write(lambda tx: tx.instances.insert(one))
    assert store.read(lambda tx: tx.instances.get(one.id)) == one
    cut_all_others(fresh_postgres_url)
    assert store.read(lambda tx: tx.instances.get(one.id)) == one
    assert store.write(lambda tx: tx.instances.remove(one.id))
    store.close()


def test_a_connection_lost_in_the_middle_of_a_transaction_repeats_it(fresh_postgres_url: str) -> None:
    store = open_store(fresh_postgres_url)
    runs: list[SqlTransaction] = []

    def fn(tx: SqlTransaction) -> None:
        if not runs:
            cut_all_others(fresh_postgres_url)
        runs.append(tx)
        tx.instances.insert(instance("once"))

    store.write(fn)
    assert len(runs) == 2
    assert store.read(lambda tx: tx.instances.count(Query())) == 1
    store.close()


def cut_all_others(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_full_disk_is_unavailable_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kumoi.db"
    open_store(f"sqlite:///{path}").close()
    store = SqlStore(SmallDisk(path))
    kept: list[str] = []

    def fill() -> None:
        while True:
            one = instance(user_data="x" * 4000)
            store.write(lambda tx, one=one: tx.instances.insert(one))
            kept.append(one.id)

    with pytest.raises(Unavailable) as raised:
        fill()
    assert raised.value.facts["what"] == "database"
    assert kept
    assert [one.id for one in store.read(lambda tx: tx.instances.find(Query()))] == sorted(kept)
    store.write(lambda tx: tx.leases.drop("nobody", "nobody"))
    store.close()


class SmallDisk(SqliteDatabase):
    """A database that may not grow by much."""

    def connect(self) -> sqlite3.Connection:
        raw = super().connect()
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages + 20}")
        return raw
