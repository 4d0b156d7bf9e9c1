"""Time, from outside."""

from typing import Protocol


class Clock(Protocol):
    """`now`: seconds since the epoch, UTC. `monotonic`: seconds that never go back. `sleep` may return early,
    never late by design."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
