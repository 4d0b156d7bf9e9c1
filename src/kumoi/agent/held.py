"""What one part of an agent holds while no other may: nobody waits, who comes too late comes again."""

import threading
from collections.abc import Hashable, Set


class Held:
    """Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[Hashable] = set()

    def take(self, key: Hashable) -> bool:
        """False where somebody has it."""
        with self._lock:
            if key in self._held:
                return False
            self._held.add(key)
            return True

    def holds(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._held

    def take_all(self, keys: Set[Hashable]) -> bool:
        """All of them or, where somebody has one, none."""
        with self._lock:
            if self._held & keys:
                return False
            self._held |= keys
            return True

    def give_back(self, key: Hashable) -> None:
        with self._lock:
            self._held.discard(key)

    def give_back_all(self, keys: Set[Hashable]) -> None:
        with self._lock:
            self._held -= keys
