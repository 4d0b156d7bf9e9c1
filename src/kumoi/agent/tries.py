"""Acts that failed: when they are tried again, and what is said meanwhile. What does not belong here: acting."""

from typing import Any

import msgspec

from kumoi.contracts.clock import Clock
from kumoi.core.conditions import Condition, Facts, backoff_s
from kumoi.core.errors import KumoiError
from kumoi.planning.host_diff.instances import failed


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts all for this one spec: another wish starts afresh."""

    spec: Any
    attempts: int
    condition: Condition
    next_try: float


class Tries:
    """By key. At most one caller a key at a time; otherwise safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Try] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def waiting(self, key: str, spec: object) -> Try | None:
        """The last failure, as long as it is too early to try again."""
        known = self._known.get(key)
        return known if known is not None and known.spec == spec and self._clock.now() < known.next_try else None

    def wait_s(self, known: Try) -> float:
        return known.next_try - self._clock.now()

    def failed(self, key: str, spec: object, error: KumoiError) -> Try:
        old = self._known.get(key)
        attempts = old.attempts + 1 if old is not None and old.spec == spec else 1
        next_try = self._clock.now() + backoff_s(attempts - 1)
        facts: Facts = {"layer": error.layer, **error.facts}
        condition = failed(error.code, facts, attempts, next_try)
        made = self._known[key] = Try(spec=spec, attempts=attempts, condition=condition, next_try=next_try)
        return made

    def forget(self, key: str) -> None:
        self._known.pop(key, None)
