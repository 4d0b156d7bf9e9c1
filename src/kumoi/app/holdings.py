"""Which plan every host holds, as its last question said: remembered, never stored.

A process that was just started knows nothing until its hosts have asked again.
"""

import threading
from collections.abc import Iterable

import msgspec

from kumoi.core.ids import HostId, SectionKey
from kumoi.core.plan import FetchAsk


class Holding(msgspec.Struct, frozen=True):
    """What one host holds: serials by section, since when exactly these, and when it last asked for more. Seconds
    since the epoch."""

    have: dict[SectionKey, int]
    since: float
    asked_at: float


class Holdings:
    """Shared by the link's desks, which note, and the doors, which look; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[HostId, Holding] = {}

    def note(self, asks: Iterable[FetchAsk], now: float) -> None:
        """A host that asks for what is newer than a serial holds that serial, and has since it first said so."""
        with self._lock:
            for ask in asks:
                before = self._held.get(ask.host_id)
                same = before is not None and before.have == ask.have
                since = before.since if before is not None and same else now
                self._held[ask.host_id] = Holding(ask.have, since, now)

    def of(self, section: SectionKey) -> dict[HostId, tuple[int, float]]:
        """For every host that follows the section: the serial it holds, and when its holdings last changed."""
        with self._lock:
            return {host: (one.have[section], one.since) for host, one in self._held.items() if section in one.have}

    def all(self) -> dict[HostId, Holding]:
        with self._lock:
            return dict(self._held)
