"""An instance's state in EC2's words, and the reason for it."""

from typing import Any, Final

from kumoi.api.edge.text import say_condition
from kumoi.app.instances.read import InstanceView
from kumoi.core.call import Locale
from kumoi.core.conditions import Blocked
from kumoi.core.instances import Instance, Status, condition_of

CODES: Final[dict[str, int]] = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
# EC2 has no word for an instance that cannot run: it is not running, and its reason says why.
WORDS: Final[dict[Status, str]] = {
    "building": "pending",
    "active": "running",
    "stopping": "stopping",
    "stopped": "stopped",
    "starting": "pending",
    "rebooting": "running",
    "hard_rebooting": "running",
    "pausing": "running",
    "paused": "running",
    "unpausing": "running",
    "suspending": "stopping",
    "suspended": "stopped",
    "resuming": "pending",
    "rebuilding": "pending",
    "resizing": "pending",
    "resized": "running",
    "reverting": "pending",
    "rescuing": "pending",
    "rescued": "running",
    "unrescuing": "pending",
    "shelving": "stopping",
    "shelved": "stopped",
    "offloaded": "stopped",
    "error": "stopped",
    "deleted": "shutting-down",
}
NO_ROOM: Final = "no_capacity"


def state(view: InstanceView) -> dict[str, Any]:
    """A deleted one is shutting down until its host has proved that it is gone."""
    if view.instance.status == "deleted" and view.host is None:
        return named("terminated")
    return brief(view.instance)


def brief(one: Instance) -> dict[str, Any]:
    """The state as far as the instance alone tells it."""
    return named(WORDS[one.status])


def named(word: str) -> dict[str, Any]:
    return {"Code": CODES[word], "Name": word}


def reason(view: InstanceView, locale: Locale) -> dict[str, str] | None:
    """Why it is not running: a code of EC2's, and a sentence."""
    one = view.instance
    if one.status == "active":
        return None
    condition = condition_of(one, view.seen)
    if isinstance(condition, Blocked):
        code = "Server.InsufficientInstanceCapacity" if condition.code == NO_ROOM else "Server.InternalError"
        return {"Code": code, "Message": f"{code}: {say_condition(condition, locale)}"}
    code = _ended(view)
    if code:
        return {"Code": code, "Message": f"{code}: {SENTENCES[code]}"}
    if condition is not None:
        return {"Code": WORDS[one.status], "Message": say_condition(condition, locale)}
    return None


# Clients compare these: they are part of the code.
SENTENCES: Final[dict[str, str]] = {
    "Client.UserInitiatedShutdown": "User initiated shutdown",
    "Client.InstanceInitiatedShutdown": "Instance initiated shutdown",
}


def _ended(view: InstanceView) -> str:
    match view.instance.status:
        case "deleted" | "stopping":
            return "Client.UserInitiatedShutdown"
        case "stopped":
            by_guest = view.seen is not None and view.seen.ended_by == "guest"
            return "Client.InstanceInitiatedShutdown" if by_guest else "Client.UserInitiatedShutdown"
        case _:
            return ""
