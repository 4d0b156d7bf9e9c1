"""Bounded thread pools for plain handlers: reads, writes, the link and password hashing never starve each other.

Thinner than `concurrent.futures`: one queue, one wake of the loop per result.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, ItemsView, Mapping
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from kumoi.api.edge.routes import Pool
from kumoi.core.errors import Unavailable

T = TypeVar("T")
_Task = tuple[Callable[[], Any], contextvars.Context, "asyncio.Future[Any]"]

THREADS: Final[Mapping[Pool, int]] = {"read": 4, "write": 4, "link": 4, "hash": 2}
WAITING_MOST: Final = 512
RETRY_AFTER_S: Final = 1


class WorkerPool:
    """At most `threads` threads of one kind, started as work comes, bound to one event loop."""

    def __init__(self, name: Pool, threads: int, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self._most = threads
        self._loop = loop
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0  # on the loop only

    def waiting(self) -> int:
        """How much work has no thread."""
        return max(0, self._unfinished - self._most)

    def run(self, fn: Callable[[], T]) -> "asyncio.Future[T]":
        """`fn()` in a thread, in this context. Raises Unavailable at once when too many already wait."""
        if self._unfinished >= self._most + WAITING_MOST:
            raise Unavailable(what=f"{self.name}_pool", retry_after_s=RETRY_AFTER_S)
        self._unfinished += 1
        if self._unfinished > len(self._threads) < self._most:
            self._start_thread()
        future: asyncio.Future[T] = self._loop.create_future()
        self._tasks.put((fn, contextvars.copy_context(), future))
        return future

    def stop(self) -> None:
        """Let the threads end after what they have; does not wait for them."""
        for _ in self._threads:
            self._tasks.put(None)

    def _start_thread(self) -> None:
        name = f"edge-{self.name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            fn, context, future = task
            result: Any = None
            error: BaseException | None = None
            try:
                if not future.cancelled():
                    result = context.run(fn)
            except StopIteration as e:  # no future takes it
                error = RuntimeError("the work ended an iteration that it had not begun")
                error.__cause__ = e
            except BaseException as e:  # noqa: BLE001 - it belongs to whoever awaits the future
                error = e
            try:
                self._loop.call_soon_threadsafe(self._finish, future, result, error)
            except RuntimeError:  # the loop has closed: nobody waits any more
                return
            del task, fn, context, future, result, error  # an idle thread keeps no request alive

    def _finish(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        self._unfinished -= 1
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


class Pools:
    """The process's pools, made when the loop runs."""

    def __init__(self, threads: Mapping[Pool, int] = THREADS) -> None:
        loop = asyncio.get_running_loop()
        self._pools = {name: WorkerPool(name, n, loop) for name, n in threads.items()}

    def run_in(self, pool: Pool, fn: Callable[[], T]) -> "asyncio.Future[T]":
        return self._pools[pool].run(fn)

    def each(self) -> ItemsView[Pool, WorkerPool]:
        return self._pools.items()

    def stop(self) -> None:
        for pool in self._pools.values():
            pool.stop()
