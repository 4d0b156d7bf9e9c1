"""How many requests a second one project (or, before anybody is known, one address) may make: token buckets."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from kumoi.api.edge.errors import TooManyTries
from kumoi.api.edge.request import Request

KNOWN_MOST: Final = 10_000
BURST_S: Final = 10.0  # so many seconds' worth may come at once


class Rates:
    """Safe for threads. `now` as a monotonic clock has it."""

    def __init__(self, per_s: float, now: Callable[[], float]) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * BURST_S)
        self._now = now
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and as of when

    def take(self, request: Request) -> None:
        """One request of whoever makes it. Raises TooManyTries with when the next one may be made."""
        who = request.actor.project_id if request.actor is not None else None
        self.take_of(f"project/{who}" if who else f"address/{request.client}")

    def take_of(self, key: str) -> None:
        now = self._now()
        with self._lock:
            left, at = self._buckets.pop(key, (self._most, now))
            left = min(self._most, left + (now - at) * self._per_s)
            self._buckets[key] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > KNOWN_MOST:
                self._buckets.popitem(last=False)  # who was quiet for longest has a full one again
        if left < 1:
            raise TooManyTries("api", retry_after_s=math.ceil((1 - left) / self._per_s))
