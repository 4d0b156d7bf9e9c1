"""How far the world is from the wish, for one thing: Ready, Working or Blocked, with code and facts, never prose."""

from typing import Literal

import msgspec

Helper = Literal["nobody", "user", "project_admin", "operator"]
Facts = dict[str, str | int | float | bool | list[str] | None]

BACKOFF_FIRST_S = 1.0
BACKOFF_MOST_S = 60.0


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="is"):
    """The world is as wished."""


class Working(msgspec.Struct, frozen=True, kw_only=True, tag="working", tag_field="is"):
    """On the way. `since` and `next_try` are seconds since the epoch."""

    code: str
    facts: Facts = msgspec.field(default_factory=dict)
    since: float = 0.0
    next_try: float = 0.0


class Blocked(msgspec.Struct, frozen=True, kw_only=True, tag="blocked", tag_field="is"):
    """Will not get there by itself, or keeps failing. `retry`: the loop goes on trying nevertheless."""

    code: str
    facts: Facts = msgspec.field(default_factory=dict)
    retry: bool = True
    who_can_help: Helper = "operator"
    since: float = 0.0


Condition = Ready | Working | Blocked


def same_reason(a: Condition, b: Condition) -> bool:
    """Whether two conditions say the same; times do not count, so attempts alone write nothing."""
    match a, b:
        case Ready(), Ready():
            return True
        case Working(code=x, facts=f), Working(code=y, facts=g):
            return x == y and f == g
        case Blocked(code=x, facts=f, retry=r), Blocked(code=y, facts=g, retry=s):
            return x == y and f == g and r == s
        case _:
            return False


def backoff_s(attempt: int) -> float:
    """Seconds until try number `attempt` + 1: 1, 2, 4 … 60. Jitter is the caller's."""
    return float(min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2 ** min(attempt, 10)))
