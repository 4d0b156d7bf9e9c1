"""The readers of this process: a few connections, one snapshot for each `fn`."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from kumoi.adapters.sql.connection import Again, Connection, Database, Session, unavailable
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.adapters.sql.turn import Turn

T = TypeVar("T")
READERS = 4  # more threads of Python cost the event loop more than they bring
WAIT_S = 30.0


class Readers:
    """Connections are made when first needed; who comes when all are busy waits, at most WAIT_S."""

    def __init__(self, database: Database, turn: Turn) -> None:
        self._database = database
        self._turn = turn
        self._idle: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._idle.put(None)
        self._open: set[Connection] = set()
        self._lock = threading.Lock()

    def read(self, fn: Callable[[SqlTransaction], T]) -> T:
        self._turn.free()
        try:
            return self._read(fn)
        except Again:  # a connection was lost; reading again harms nobody
            pass
        try:
            return self._read(fn)
        except Again as again:
            raise unavailable(again) from again

    def close(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()

    def _read(self, fn: Callable[[SqlTransaction], T]) -> T:
        with self._borrowed() as connection:
            session = Session(connection, writes=False)
            try:
                connection.begin()
                with self._turn.inside():
                    return fn(SqlTransaction(session))
            finally:
                session.close()
                connection.rollback()

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        try:
            connection = self._idle.get(timeout=WAIT_S)
        except queue.Empty:
            raise unavailable() from None
        try:
            if connection is None or not connection.usable():
                connection = self._renewed(connection)
            yield connection
        finally:
            self._idle.put(connection)

    def _renewed(self, lost: Connection | None) -> Connection:
        fresh = self._database.reader()
        with self._lock:
            self._open.add(fresh)
            if lost is not None:
                self._open.discard(lost)
                lost.close()
        return fresh
