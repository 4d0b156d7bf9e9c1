"""A clock that stands still until told: for tests and the simulator."""

import threading

START = 1_700_000_000.0


class FakeClock:
    """`sleep` advances the time at once. Safe for threads."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - START

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
