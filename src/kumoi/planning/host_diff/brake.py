"""The brake: a plan that lost many running guests without a word of their user is more likely broken than meant."""

from typing import Final

FEW: Final = 2
SHARE: Final = 0.2


def brakes(vanished: int, running: int) -> bool:
    """Whether so many running guests vanishing from the plan, out of all that run, is a reason to halt and ask."""
    return vanished > max(FEW, SHARE * running)
