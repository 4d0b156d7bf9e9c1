"""The one writer of this process: whoever holds the lock runs the jobs of all who wait, many to a commit.

A job has a savepoint of its own, so that a refusal undoes its own writes and nobody else's. No job is answered before
the commit. Other processes may write too; when one of them was in the way the whole batch is repeated, a bounded
number of times, with jitter.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from kumoi.adapters.sql.connection import Again, Connection, Database, Session, unavailable
from kumoi.adapters.sql.events import publish
from kumoi.adapters.sql.language import Params
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.adapters.sql.turn import Turn

T = TypeVar("T")
BATCH = 64
PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.5


class Job(Generic[T]):
    """A `fn` and what became of it. `outbox`: the events of its last run."""

    __slots__ = ("done", "error", "fn", "outbox", "value")

    def __init__(self, fn: Callable[[SqlTransaction], T]) -> None:
        self.fn = fn
        self.done = False
        self.error: BaseException | None = None
        self.value: T | None = None
        self.outbox: list[Params] = []

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # no error: it is what fn returned


class Writer:
    """`committed` is told how many seconds each commit took."""

    def __init__(self, database: Database, turn: Turn, committed: Callable[[float], None]) -> None:
        self._database = database
        self._turn = turn
        self._committed = committed
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._waiting: deque[Job[Any]] = deque()
        self._watchers: tuple[Callable[[], None], ...] = ()

    def watch(self, callback: Callable[[], None]) -> None:
        self._watchers = (*self._watchers, callback)

    def write(self, fn: Callable[[SqlTransaction], T]) -> T:
        self._turn.free()
        job = Job(fn)
        self._waiting.append(job)
        with self._lock:
            while not job.done:  # a batch is bounded: it may not have been in the first
                self._drain()
        return job.result()

    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # --- a batch --------------------------------------------------------------------------------------

    def _drain(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            self._answer(batch)
        finally:
            for job in batch:
                if not job.done:  # an exit or an interrupt passed through
                    job.error, job.done = unavailable(), True

    def _answer(self, batch: list[Job[Any]]) -> None:
        try:
            self._commit(batch)
        except Again as again:
            for job in batch:
                job.error = unavailable(again)
                job.error.__cause__ = again
        except Exception as error:  # noqa: BLE001  whatever it is, somebody waits for it
            if len(batch) > 1:  # one of them broke the whole: each by itself, and only that one fails
                for job in batch:
                    self._answer([job])
                return
            batch[0].error = error
        for job in batch:
            job.done = True

    def _commit(self, batch: list[Job[Any]]) -> None:
        """Run the batch until it is committed. Raises Again when that did not come about, and what broke the batch."""
        for attempt in range(self._database.write_tries):
            if attempt:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_S, PAUSE_S * 2**attempt)))  # noqa: S311 (jitter)
            try:
                return self._try(batch)
            except Again as again:
                if not again.repeatable:
                    raise
        raise Again("too many tries")

    def _try(self, batch: list[Job[Any]]) -> None:
        connection = self._usable()
        try:
            connection.begin()
            for job in batch:
                self._run(connection, job)
            events = [event for job in batch for event in job.outbox]
            publish(connection, events)
            began = time.perf_counter()
            connection.commit()
            self._committed(time.perf_counter() - began)
        finally:
            connection.rollback()
        for callback in self._watchers if events else ():
            callback()

    def _run(self, connection: Connection, job: Job[Any]) -> None:
        session = Session(connection, writes=True)
        job.error, job.value, job.outbox = None, None, []
        connection.savepoint()
        try:
            with self._turn.inside():
                job.value = job.fn(SqlTransaction(session))
        except Again:
            raise
        except Exception as error:  # noqa: BLE001  the job's own: its caller gets it
            connection.rollback_to()
            job.error = error
        else:
            connection.release()
            job.outbox = session.outbox
        finally:
            session.close()

    def _usable(self) -> Connection:
        if self._connection is not None and not self._connection.usable():
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = self._database.writer()
        return self._connection
