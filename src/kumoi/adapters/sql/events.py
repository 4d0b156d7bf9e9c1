"""Events: the outbox, numbered so that a reader who asks for what comes after `seq` never misses one.

Numbers of a sequence are given before the commit, so with several writers a lower one could become visible after a
higher one. Hence events wait in the session until all jobs of a batch are done; then, as the last thing before the
commit, they are inserted under a lock that PostgreSQL drops after the commit is visible: numbers come into sight in
their order. A counter row would do the same, but would make every two concurrent writers fail and repeat; the lock is
held for an insert and a commit only, and nothing is waited for under it. SQLite has one writer anyway.
"""

from sqlalchemy import Executable, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from kumoi.adapters.sql.connection import Connection, Session
from kumoi.adapters.sql.language import Params
from kumoi.adapters.sql.noun import EVENTS
from kumoi.adapters.sql.rows import SqlRows
from kumoi.adapters.sql.tables import events
from kumoi.core.events import Event
from kumoi.core.query import Query

NUMBERING_LOCK = 586601
_LOCK = select(func.pg_advisory_xact_lock(NUMBERING_LOCK))
_INSERT: Executable = (
    insert(events)
    .values({c.name: bindparam(c.name) for c in EVENTS.codec.columns if c.name != "seq"})
    .on_conflict_do_nothing()
)
_AFTER = (
    select(*EVENTS.codec.columns)
    .where(events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("most"))
)
_DROP_BEFORE = delete(events).where(events.c.at < bindparam("before")).returning(events.c.seq)


def publish(connection: Connection, outbox: list[Params]) -> None:
    """Number and insert events: the last thing before a commit."""
    if not outbox:
        return
    if connection.dialect == "postgresql":
        connection.run(_LOCK, {})
    connection.run_many(_INSERT, outbox)


class SqlEvents:
    """`contracts.store.events.Events`. An event added in this transaction is found after its commit only."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, event: Event) -> None:
        self._session.put_out(EVENTS.codec.to_params(event))

    def after(self, seq: int, limit: int) -> list[Event]:
        return EVENTS.codec.from_rows(self._session.rows(_AFTER, after=seq, most=limit))

    def find(self, query: Query) -> list[Event]:
        return SqlRows(self._session, EVENTS).find(query)

    def drop_before(self, at: float) -> int:
        return len(self._session.change(_DROP_BEFORE, before=at))
