"""Chance that can be repeated: the same seed gives the same ids, secrets and picks."""

import random
import threading
import uuid


class FakeChance:
    """Safe for threads; unfit for keys."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
        self._lock = threading.Lock()

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.secret(16), version=4))

    def secret(self, n: int) -> bytes:
        with self._lock:
            return self._random.randbytes(n)

    def below(self, n: int) -> int:
        with self._lock:
            return self._random.randrange(n)
