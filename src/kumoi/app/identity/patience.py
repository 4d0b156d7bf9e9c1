"""Who tries passwords waits, the longer the more of them were wrong; who knows theirs is never locked out by others.

Tries are counted by the name together with the address they come from, and by the address alone (for who goes through
names). So a stranger elsewhere makes nobody wait. Remembered in this process only.
"""

import threading
from collections import OrderedDict

from kumoi.core.web_sessions import gap_s

REMEMBERED_MOST = 10_000
FORGOTTEN_AFTER_S = 900.0
NAMES_PER_ADDRESS = 10  # an address may be wrong so many times more often than a name from it


class _Record:
    __slots__ = ("at", "failures", "next_at")

    def __init__(self) -> None:
        self.failures = 0
        self.next_at = 0.0
        self.at = 0.0


class Patience:
    """Thread-safe; seconds since the epoch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: OrderedDict[tuple[str, str], _Record] = OrderedDict()

    def wait_s(self, name: str, address: str, now: float) -> float:
        """Take the next turn: for how long its owner must wait before the password is looked at."""
        with self._lock:
            waits = [self._turn(key, weight, now) for key, weight in _keys(name, address)]
        return max(0.0, max(waits) - now)

    def left_s(self, name: str, address: str, now: float) -> float:
        """How long it is until the next turn, without taking it: for who is sent away rather than made to wait."""
        with self._lock:
            known = (self._records.get(key) for key, _ in _keys(name, address))
            return max(0.0, *(record.next_at - now for record in known if record is not None), 0.0)

    def failed(self, name: str, address: str, now: float) -> None:
        with self._lock:
            for key, _ in _keys(name, address):
                record = self._record(key, now)
                record.failures += 1

    def succeeded(self, name: str, address: str) -> None:
        with self._lock:
            for key, _ in _keys(name, address):
                self._records.pop(key, None)

    def _turn(self, key: tuple[str, str], weight: int, now: float) -> float:
        record = self._record(key, now)
        turn = max(now, record.next_at)
        record.next_at = turn + gap_s(record.failures // weight)
        return turn

    def _record(self, key: tuple[str, str], now: float) -> _Record:
        record = self._records.pop(key, None)
        if record is None or now - record.at > FORGOTTEN_AFTER_S:
            record = _Record()
        record.at = now
        self._records[key] = record  # the last used is the last to be forgotten
        while len(self._records) > REMEMBERED_MOST:
            self._records.popitem(last=False)
        return record


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return ((name, address), 1), (("", address), NAMES_PER_ADDRESS)
