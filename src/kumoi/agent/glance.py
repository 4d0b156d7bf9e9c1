"""A look at the world that many may share: taken again once anybody touched the world, or after a while."""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from kumoi.contracts.clock import Clock

T = TypeVar("T")
FRESH_S: Final = 2.0


class Glance(Generic[T]):
    """`look` is called under a lock: who asks while somebody looks gets what that one sees, if nothing was touched."""

    def __init__(self, look: Callable[[], T], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._looking = threading.Lock()
        self._touches = 0
        self._seen: tuple[T, int, float] | None = None

    def get(self) -> T:
        """What is seen, no older than the last touch, nor than two seconds."""
        with self._looking:
            touches, now = self._touches, self._clock.monotonic()
            if self._seen is not None:
                seen, upto, at = self._seen
                if upto == touches and now - at < FRESH_S:
                    return seen
            seen = self._look()
            self._seen = (seen, touches, now)
            return seen

    def touch(self) -> None:
        """The world changed, or may have. A lost increment between two touches is still a touch."""
        self._touches += 1
