"""The loops of this process, to be looked at: for operators and Prometheus. Nothing here runs them."""

import threading
from collections.abc import Iterable

from kumoi.runtime.loop import Loop, LoopState


class Loops:
    """Safe for threads. `process` names this one where there are several."""

    def __init__(self, process: str = "serve") -> None:
        self.process = process
        self._lock = threading.Lock()
        self._loops: dict[str, Loop] = {}

    def add(self, loops: Iterable[Loop]) -> None:
        """One of the same name replaces another."""
        with self._lock:
            self._loops |= {loop.name: loop for loop in loops}

    def states(self) -> list[LoopState]:
        with self._lock:
            loops = list(self._loops.values())
        return [loop.state() for loop in loops]
