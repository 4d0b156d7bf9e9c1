"""What tokens said when they were last looked at, with the serial of identity under which they said it.

It saves reading the same rows again for every request; whether it still stands is asked of the database every time.
What does not belong here: the time, by which tokens end (`contracts.secrets.Tokens.read`).
"""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
REMEMBERED_MOST = 4096


class Remembered(Generic[T]):
    """Thread-safe. The least recently used go first."""

    def __init__(self, most: int = REMEMBERED_MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def get(self, token: str, serial: int) -> T | None:
        """None where it was never looked at, or something changed since."""
        with self._lock:
            known = self._known.get(token)
            if known is None or known[0] != serial:
                return None
            self._known.move_to_end(token)
            return known[1]

    def put(self, token: str, serial: int, said: T) -> None:
        with self._lock:
            self._known[token] = (serial, said)
            self._known.move_to_end(token)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
