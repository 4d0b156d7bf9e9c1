"""How often waiting hosts are woken: a host's own section at once, a shared one at once and then at most five
times a second."""

import asyncio
from collections.abc import Callable

SHARED_GAP_S = 0.2


class Pacer:
    """`wake` is the edge's; `hint` may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[str], None]) -> None:
        self._loop = loop
        self._wake = wake
        self._last: dict[str, float] = {}
        self._planned: set[str] = set()

    def hint(self, section: str) -> None:
        if section.startswith("host/"):
            self._wake(section)
            return
        try:
            self._loop.call_soon_threadsafe(self._shared, section)
        except RuntimeError:  # the loop has closed
            return

    def _shared(self, section: str) -> None:
        if section in self._planned:
            return
        wait_s = self._last.get(section, float("-inf")) + SHARED_GAP_S - self._loop.time()
        if wait_s <= 0:
            self._now(section)
        else:
            self._planned.add(section)
            self._loop.call_later(wait_s, self._now, section)

    def _now(self, section: str) -> None:
        self._planned.discard(section)
        if len(self._last) > 10_000:
            self._last.clear()
        self._last[section] = self._loop.time()
        self._wake(section)
