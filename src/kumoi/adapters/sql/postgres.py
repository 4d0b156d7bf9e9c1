"""PostgreSQL: serialisable writes, repeatable reads.

Two processes' writers may be in each other's way; then the database gives one of them up and its batch is repeated.
Sequential scans are off on write connections: they lock whole small tables against each other's writes, and five
times more batches are repeated.
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from typing import Any, LiteralString, NoReturn

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, Executable, NullPool, create_engine, event

from kumoi.adapters.sql.connection import Again, Conflict
from kumoi.adapters.sql.language import DialectName, Params, Row, text_of

MIGRATION_LOCK = 586600
CONNECT_TIMEOUT_S = 10
SETTINGS = (
    "lock_timeout = '3s'",
    "statement_timeout = '60s'",
    "idle_in_transaction_session_timeout = '60s'",
    "jit = off",
)
IN_THE_WAY = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.InFailedSqlTransaction,
)

logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of every batch that is repeated


class PostgresDatabase:
    """`conninfo` as libpq reads it: a `postgresql://` URL or `key=value` words.

    Not `durable`: the last commits may be lost with the power.
    """

    write_tries = 10

    def __init__(self, conninfo: str, *, durable: bool = True) -> None:
        self._conninfo = conninfo
        self._durable = durable

    def connect(self) -> psycopg.Connection:
        try:
            raw = psycopg.connect(self._conninfo, connect_timeout=CONNECT_TIMEOUT_S, application_name="kumoi")
        except psycopg.OperationalError as error:
            raise Again(str(error)) from error
        raw.autocommit = True  # we begin ourselves
        return raw

    def engine(self) -> Engine:
        engine = create_engine("postgresql+psycopg://", creator=self._plain, poolclass=NullPool)
        lock = f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(lock))
        return engine

    def revision(self) -> str | None:
        with closing(self.connect()) as raw:
            try:
                row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
            except errors.UndefinedTable:
                return None
            return str(row[0]) if row else None

    def writer(self) -> "PostgresConnection":
        raw = self._set(*SETTINGS, "enable_seqscan = off", f"synchronous_commit = {'on' if self._durable else 'off'}")
        return PostgresConnection(raw, "BEGIN ISOLATION LEVEL SERIALIZABLE")

    def reader(self) -> "PostgresConnection":
        return PostgresConnection(self._set(*SETTINGS), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _plain(self) -> psycopg.Connection:
        """As SQLAlchemy wants it: it begins by itself."""
        raw = self.connect()
        raw.autocommit = False
        return raw

    def _set(self, *settings: LiteralString) -> psycopg.Connection:
        raw = self.connect()
        for setting in settings:
            raw.execute(f"SET {setting}")
        return raw


class PostgresConnection:
    dialect: DialectName = "postgresql"

    def __init__(self, raw: psycopg.Connection, begin: LiteralString) -> None:
        self._raw = raw
        self._cursor = raw.cursor()
        self._begin = begin

    def begin(self) -> None:
        self._do(self._begin)

    def commit(self) -> None:
        """A connection that is lost now leaves it open whether the commit was: that is not tried again."""
        try:
            self._cursor.execute("COMMIT")
        except IN_THE_WAY as error:
            raise Again(str(error)) from error
        except psycopg.OperationalError as error:
            raise _hopeless(error) from error

    def rollback(self) -> None:
        if self._raw.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            try:
                self._cursor.execute("ROLLBACK")
            except psycopg.Error:
                self._raw.close()

    def savepoint(self) -> None:
        self._do("SAVEPOINT job")

    def release(self) -> None:
        self._do("RELEASE job")

    def rollback_to(self) -> None:
        self._do("ROLLBACK TO job")
        self._do("RELEASE job")

    def run(self, statement: Executable, params: Params) -> list[Row]:
        text = text_of(statement, "postgresql")
        return self._do(text.sql, text.constants | params)

    def guarded(self, statement: Executable, params: Params) -> list[Row]:
        self._do("SAVEPOINT guard")
        try:
            rows = self.run(statement, params)
        except errors.UniqueViolation as error:
            self._do("ROLLBACK TO guard")
            raise Conflict from error
        self._do("RELEASE guard")
        return rows

    def run_many(self, statement: Executable, params: list[Params]) -> None:
        text = text_of(statement, "postgresql")
        try:
            self._cursor.executemany(text.sql, [text.constants | each for each in params])
        except psycopg.Error as error:
            self._refuse(error)

    def pack(self, values: Iterable[Any]) -> Any:
        return list(values)

    def usable(self) -> bool:
        return not self._raw.closed

    def close(self) -> None:
        self._raw.close()

    def _do(self, sql: str, params: Params | None = None) -> list[Row]:
        try:
            self._cursor.execute(sql, params)
        except psycopg.Error as error:
            self._refuse(error)
        return self._cursor.fetchall() if self._cursor.description else []

    def _refuse(self, error: psycopg.Error) -> NoReturn:
        if isinstance(error, IN_THE_WAY) or self._raw.closed:
            raise Again(str(error)) from error
        if isinstance(error, psycopg.OperationalError):
            raise _hopeless(error) from error
        raise error


def _hopeless(error: psycopg.OperationalError) -> Again:
    return Again(str(error), repeatable=False, full=isinstance(error, psycopg.errors.DiskFull))
