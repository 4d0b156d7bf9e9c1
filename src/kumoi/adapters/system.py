"""The machine's own clock and chance."""

import secrets
import time
import uuid


class SystemClock:
    """Wall time for what people see, monotonic time for deadlines."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class SystemChance:
    """The operating system's generator, fit for keys."""

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def secret(self, n: int) -> bytes:
        return secrets.token_bytes(n)

    def below(self, n: int) -> int:
        return secrets.randbelow(n)
