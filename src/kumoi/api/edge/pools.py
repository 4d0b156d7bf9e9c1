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
    """Some threads of one kind, bound to one event loop."""

    def __init__(self, name: Pool, threads: int, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self._loop = loop
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"edge-{name}-{i}", daemon=True) for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def waiting(self) -> int:
        """How much work no thread has begun, about."""
        return self._tasks.qsize()

    def run(self, fn: Callable[[], T]) -> "asyncio.Future[T]":
        """`fn()` in a thread, in this context. Raises Unavailable at once when too many already wait."""
        if self._tasks.qsize() >= WAITING_MOST:
            raise Unavailable(what=f"{self.name}_pool", retry_after_s=RETRY_AFTER_S)
        future: asyncio.Future[T] = self._loop.create_future()
        self._tasks.put((fn, contextvars.copy_context(), future))
        return future

    def stop(self) -> None:
        """Let the threads end after what they have; does not wait for them."""
        for _ in self._threads:
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            fn, context, future = task
            if future.cancelled():
                continue
            try:
                result = context.run(fn)
            except BaseException as e:  # noqa: BLE001 - it belongs to whoever awaits the future
                self._tell(_fail, future, e)
            else:
                self._tell(_settle, future, result)
            del task, fn, context, future  # an idle thread keeps no request alive

    def _tell(self, how: Callable[[Any, Any], None], future: Any, value: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(how, future, value)
        except RuntimeError:  # the loop has closed: nobody waits any more
            return


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


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
