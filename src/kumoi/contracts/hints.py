"""Hints: "look at host/7". Lossy, coalesced, never the only copy of anything; without them all goes on, later."""

from collections.abc import Callable
from typing import Protocol


class Hints(Protocol):
    """`publish` never blocks and never raises. `subscribe` calls back from any thread with a topic's new key."""

    def publish(self, topic: str, key: str) -> None: ...
    def subscribe(self, topic: str, callback: Callable[[str], None]) -> None: ...
    def close(self) -> None: ...
