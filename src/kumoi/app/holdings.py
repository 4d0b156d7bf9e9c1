"""Which plan every host holds, as its last question said: remembered, never stored.

A process that was just started knows nothing until its hosts have asked again.
"""

import threading
from collections.abc import Iterable

from kumoi.core.ids import HostId, SectionKey
from kumoi.core.plan import FetchAsk

Have = dict[SectionKey, int]


class Holdings:
    """Shared by the link's desks, which note, and the doors, which look; thread-safe. Seconds since the epoch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[HostId, tuple[Have, float]] = {}

    def note(self, asks: Iterable[FetchAsk], now: float) -> None:
        """A host that asks for what is newer than a serial holds that serial, and has since it first said so."""
        with self._lock:
            for ask in asks:
                before = self._held.get(ask.host_id)
                if before is None or before[0] != ask.have:
                    self._held[ask.host_id] = (ask.have, now)

    def of(self, section: SectionKey) -> dict[HostId, tuple[int, float]]:
        """For every host that follows the section: the serial it holds, and when its holdings last changed."""
        with self._lock:
            return {host: (have[section], at) for host, (have, at) in self._held.items() if section in have}
