"""Turns at something that only a few may do at the same time. Nobody waits: who gets no turn is called back."""

import threading
from collections.abc import Callable


class Turns:
    """Safe for threads. `call` is told the key whose turn has come; it has to ask again."""

    def __init__(self, most: int, call: Callable[[str], None]) -> None:
        self._most = most
        self._call = call
        self._lock = threading.Lock()
        self._having: set[str] = set()
        self._waiting: dict[str, None] = {}

    def take(self, key: str) -> bool:
        with self._lock:
            if key not in self._having and len(self._having) >= self._most:
                self._waiting[key] = None
                return False
            self._waiting.pop(key, None)
            self._having.add(key)
            return True

    def give_back(self, key: str) -> None:
        with self._lock:
            self._having.discard(key)
            following = next(iter(self._waiting), None)
            if following is not None:
                del self._waiting[following]
        if following is not None:
            self._call(following)
