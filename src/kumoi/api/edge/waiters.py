"""Long-polls asleep on the event loop, woken by name from any thread. What woke them, they read for themselves.

A wake is a hint: it may come for nothing, and a waiter always looks again after it or after its time.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from kumoi.core.errors import Unavailable

WOKEN_PER_TURN: Final = 50


class Waiters:
    """Made on the loop that its waiters run on. A thousand waiters of one key are woken 50 a turn of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._asleep: dict[str, set[asyncio.Future[None]]] = {}
        self._due: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def wait(self, keys: Iterable[str], timeout_s: float) -> bool:
        """Sleep until one of the keys is woken (True) or the time is over (False).

        To miss nothing: take `ticket` first, look at the world, and only then wait on the ticket.
        """
        return await self.ticket(keys).wait(timeout_s)

    def ticket(self, keys: Iterable[str]) -> "Ticket":
        """Be wakeable from now on; wakes between this and `Ticket.wait` count."""
        future: asyncio.Future[None] = self._loop.create_future()
        ticket = Ticket(self, frozenset(keys), future)
        if self._closed:
            future.set_exception(_stopping())
        for key in ticket.keys:
            self._asleep.setdefault(key, set()).add(future)
        return ticket

    def wake(self, key: str) -> None:
        """Wake the key's waiters, from any thread. Costs nothing to speak of when nobody waits."""
        if key not in self._asleep:  # a racing ticket looks at the world after it was made: no loss
            return
        try:
            self._loop.call_soon_threadsafe(self._wake_on_loop, key)
        except RuntimeError:  # the loop has closed, and its waiters with it
            return

    def close(self) -> None:
        """End all waits, now and to come, with Unavailable: the process is about to stop. On the loop only."""
        self._closed = True
        for future in set().union(*self._asleep.values()):
            if not future.done():
                future.set_exception(_stopping())

    @property
    def asleep(self) -> int:
        """How many waits are under way, for the metrics."""
        return len(set().union(*self._asleep.values())) if self._asleep else 0

    def _wake_on_loop(self, key: str) -> None:
        waiting = self._asleep.get(key)
        if not waiting:
            return
        idle = not self._due
        self._due.extend(waiting)
        if idle:
            self._turn()

    def _turn(self) -> None:
        for _ in range(min(WOKEN_PER_TURN, len(self._due))):
            future = self._due.popleft()
            if not future.done():
                future.set_result(None)
        if self._due:
            self._loop.call_soon(self._turn)

    def forget(self, keys: Iterable[str], future: "asyncio.Future[None]") -> None:
        """The ticket's own end; leaves no empty set behind."""
        for key in keys:
            waiting = self._asleep.get(key)
            if waiting is not None:
                waiting.discard(future)
                if not waiting:
                    del self._asleep[key]


def _stopping() -> Unavailable:
    return Unavailable("api", what="serve", retry_after_s=1)


class Ticket:
    """One wait, wakeable since it was made. Await `wait` once, or `close` it."""

    __slots__ = ("_future", "_waiters", "keys")

    def __init__(self, waiters: Waiters, keys: frozenset[str], future: "asyncio.Future[None]") -> None:
        self._waiters = waiters
        self._future = future
        self.keys = keys

    async def wait(self, timeout_s: float) -> bool:
        """True when woken, False when the time was over first. Raises Unavailable when the process stops."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._future
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self.close()

    def close(self) -> None:
        """Be wakeable no more; harmless twice."""
        self._waiters.forget(self.keys, self._future)
        if self._future.done() and not self._future.cancelled():
            self._future.exception()  # seen, if only here
        self._future.cancel()
