"""A connection to either database, and the session in which one `fn` uses it."""

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import Engine, Executable

from kumoi.adapters.sql.language import DialectName, Params, Row
from kumoi.core.errors import Fact, Unavailable


class Conflict(Exception):
    """A unique index refused the statement; the transaction goes on as if the statement had not been."""


class Again(Exception):
    """The database gave the whole transaction up, mostly because another one was in the way.

    Not `repeatable`: the disk is broken or (`full`) has no room, or a commit may or may not have happened.
    """

    def __init__(self, reason: str, *, repeatable: bool = True, full: bool = False) -> None:
        super().__init__(reason)
        self.repeatable = repeatable and not full
        self.full = full


class Database(Protocol):
    """Where connections come from. `write_tries`: how often a transaction is begun before the writer gives up."""

    write_tries: int

    def writer(self) -> "Connection": ...
    def reader(self) -> "Connection": ...
    def engine(self) -> Engine:
        """For the migrations only; its transactions begin with the write lock."""
        ...

    def revision(self) -> str | None:
        """The schema's revision; None for an empty database."""
        ...


class Connection(Protocol):
    """One connection, used by one thread at a time. Any call may raise Again; then `rollback` and start afresh."""

    dialect: DialectName

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None:
        """End the transaction, if there is one; never raises. A connection that was lost is lost until `usable`."""
        ...

    def savepoint(self) -> None: ...
    def release(self) -> None: ...
    def rollback_to(self) -> None:
        """Undo everything since the savepoint, and drop it."""
        ...

    def run(self, statement: Executable, params: Params) -> list[Row]:
        """The rows that the statement returns. Raises Conflict (only with `guarded`) and Again."""
        ...

    def guarded(self, statement: Executable, params: Params) -> list[Row]:
        """Run a statement that a unique index may refuse: raises Conflict and nothing is broken."""
        ...

    def run_many(self, statement: Executable, params: list[Params]) -> None: ...
    def pack(self, values: Iterable[Any]) -> Any:
        """Any number of values as the one parameter of `Among`."""
        ...

    def usable(self) -> bool: ...
    def close(self) -> None: ...


class Session:
    """What one `fn` may do, and what it keeps until the end of its transaction."""

    __slots__ = ("_connection", "_writes", "marked", "outbox", "ruled")

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self._connection: Connection | None = connection
        self._writes = writes
        self.ruled = False  # whether this transaction raised the serial of identity
        self.marked: set[tuple[str, str]] = set()
        self.outbox: list[Params] = []

    def rows(self, statement: Executable, **params: Any) -> list[Row]:
        return self._open().run(statement, params)

    def change(self, statement: Executable, **params: Any) -> list[Row]:
        return self._writer().run(statement, params)

    def guarded(self, statement: Executable, **params: Any) -> list[Row]:
        return self._writer().guarded(statement, params)

    def change_many(self, statement: Executable, params: list[Params]) -> None:
        if params:
            self._writer().run_many(statement, params)

    def put_out(self, event: Params) -> None:
        """Keep an event until the end of the transaction."""
        self._writer()
        self.outbox.append(event)

    def pack(self, values: Iterable[Any]) -> Any:
        return self._open().pack(values)

    def close(self) -> None:
        """A transaction that somebody kept is of no use after its `fn`."""
        self._connection = None

    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("this transaction is over: use it inside its fn only")
        return self._connection

    def _writer(self) -> Connection:
        if not self._writes:
            raise RuntimeError("a write inside store.read(fn)")
        return self._open()


def unavailable(why: Again | None = None) -> Unavailable:
    """The refusal of a call that could not be done; `reason` is disk_full where `why` says so."""
    facts: dict[str, Fact] = {"reason": "disk_full"} if why is not None and why.full else {}
    return Unavailable("store", what="database", retry_after_s=1.0, **facts)
