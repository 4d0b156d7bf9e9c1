"""SQLite: WAL, every commit on the disk, one writer at a time among all processes.

The driver must not begin transactions by itself (it would begin none before a SELECT, and updates would be lost),
hence `isolation_level=None` and explicit BEGIN IMMEDIATE.
"""

import errno
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, Executable, NullPool, create_engine, event

from kumoi.adapters.sql.connection import Again, Conflict
from kumoi.adapters.sql.language import DialectName, Params, Row, text_of

Synchronous = Literal["FULL", "NORMAL", "OFF"]
BUSY_TIMEOUT_MS = 5000
SCHEMA_TIMEOUT_MS = 60_000  # who starts while another makes the schema waits for it
UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
IN_THE_WAY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
OUT_OF_ORDER = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


class SqliteDatabase:
    """A file. `synchronous` as SQLite has it. NORMAL: the last commits may be lost with the power, and nothing breaks;
    OFF is for tests only."""

    write_tries = 3  # each waits for the busy timeout

    def __init__(
        self, path: Path, *, synchronous: Synchronous = "FULL", busy_timeout_ms: int = BUSY_TIMEOUT_MS
    ) -> None:
        self._path = path
        self._synchronous = synchronous
        self._busy_timeout_ms = busy_timeout_ms

    def connect(self) -> sqlite3.Connection:
        """The file is made readable for its owner only. Raises Again, not repeatable, when it cannot be opened."""
        try:
            self._path.touch(mode=0o600)
            return self._connected()
        except (OSError, sqlite3.OperationalError) as error:
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            raise Again(str(error), repeatable=False, full=full) from error

    def engine(self) -> Engine:
        engine = create_engine("sqlite://", creator=self.connect, poolclass=NullPool)
        event.listen(engine, "begin", _begin)
        return engine

    def revision(self) -> str | None:
        with closing(self.connect()) as raw:
            if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchall():
                return None
            row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None

    def writer(self) -> "SqliteConnection":
        return SqliteConnection(self.connect(), "BEGIN IMMEDIATE")

    def reader(self) -> "SqliteConnection":
        raw = self.connect()
        raw.execute("PRAGMA query_only=ON")
        return SqliteConnection(raw, "BEGIN")

    def _connected(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in (
            f"busy_timeout={self._busy_timeout_ms}",
            f"synchronous={self._synchronous}",
            "foreign_keys=ON",
            "case_sensitive_like=ON",  # as PostgreSQL
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
        ):
            raw.execute(f"PRAGMA {pragma}")
        _log_ahead(raw)
        return raw


def _log_ahead(raw: sqlite3.Connection) -> None:
    """WAL. Of two who turn a new file to it at once, one is refused, whatever its busy timeout says."""
    deadline = time.monotonic() + SCHEMA_TIMEOUT_MS / 1000
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in IN_THE_WAY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout={SCHEMA_TIMEOUT_MS}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class SqliteConnection:
    dialect: DialectName = "sqlite"

    def __init__(self, raw: sqlite3.Connection, begin: str) -> None:
        self._raw = raw
        self._begin = begin

    def begin(self) -> None:
        self._do(self._begin)

    def commit(self) -> None:
        self._do("COMMIT")

    def rollback(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def savepoint(self) -> None:
        self._do("SAVEPOINT job")

    def release(self) -> None:
        self._do("RELEASE job")

    def rollback_to(self) -> None:
        self._do("ROLLBACK TO job")
        self._do("RELEASE job")

    def run(self, statement: Executable, params: Params) -> list[Row]:
        text = text_of(statement, "sqlite")
        return self._do(text.sql, text.constants | params)

    def guarded(self, statement: Executable, params: Params) -> list[Row]:
        """SQLite undoes a refused statement by itself."""
        try:
            return self.run(statement, params)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode in UNIQUE:
                raise Conflict from error
            raise

    def run_many(self, statement: Executable, params: list[Params]) -> None:
        for each in params:
            self.run(statement, each)

    def pack(self, values: Iterable[Any]) -> Any:
        return msgspec.json.encode(list(values)).decode()

    def usable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()

    def _do(self, sql: str, params: Params | None = None) -> list[Row]:
        try:
            return self._raw.execute(sql, params or {}).fetchall()
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            if code in IN_THE_WAY or code in OUT_OF_ORDER:
                raise Again(str(error), repeatable=code in IN_THE_WAY, full=code == sqlite3.SQLITE_FULL) from error
            raise
