"""Waits with a deadline that say why they wait."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from kumoi.core.errors import KumoiError
from kumoi.ops.client import Client
from kumoi.ops.demo.telling import Step

T = TypeVar("T")
_LOOK_EVERY_S: Final = 0.5


class CannotDemo(Exception):
    """The message says what is wrong and what would help."""


def why(client: Client, name: str) -> str:
    """What the cloud itself says stands in the way of a thing; empty where nothing does."""
    try:
        return str(client.get(f"/operator/v1/why/{name}")["why"]["condition"]["says"])
    except KumoiError:
        return ""


def wait(step: Step, look: Callable[[], T | None], reason: Callable[[], str], within_s: float) -> T:
    """What `look` finds in the end. Raises CannotDemo with the last reason at the deadline."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None:
            return found
        said = reason()
        step.note(said)
        if time.monotonic() > deadline:
            raise CannotDemo(f"{step.name}: not within {within_s:.0f} s. {said or 'No reason is known.'}")
        time.sleep(_LOOK_EVERY_S)
