"""Randomness, from outside: ids, secrets, picks."""

from typing import Protocol


class Chance(Protocol):
    """`uuid`: a fresh UUIDv4 in 36 lower-case characters. `secret`: n random bytes, fit for keys. `below`: 0 ≤ x <
    n."""

    def uuid(self) -> str: ...
    def secret(self, n: int) -> bytes: ...
    def below(self, n: int) -> int: ...
