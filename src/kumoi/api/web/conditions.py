"""Conditions and states as pages show them: a tone with its shape, a word, a sentence, and who can help."""

from typing import Final, NamedTuple

from kumoi.api.web.wording import condition_sentence
from kumoi.api.web.words import Words
from kumoi.core.call import Locale
from kumoi.core.conditions import Blocked, Condition, Ready
from kumoi.core.images import ImageStatus
from kumoi.core.instances import Status

TONES: Final[dict[Status, str]] = {
    "building": "busy",
    "active": "good",
    "stopping": "busy",
    "stopped": "idle",
    "starting": "busy",
    "rebooting": "busy",
    "hard_rebooting": "busy",
    "pausing": "busy",
    "paused": "idle",
    "unpausing": "busy",
    "suspending": "busy",
    "suspended": "idle",
    "resuming": "busy",
    "rebuilding": "busy",
    "resizing": "busy",
    "resized": "warn",
    "reverting": "busy",
    "rescuing": "busy",
    "rescued": "warn",
    "unrescuing": "busy",
    "shelving": "busy",
    "shelved": "idle",
    "offloaded": "idle",
    "error": "bad",
    "deleted": "idle",
}
IMAGE_TONES: Final[dict[ImageStatus, str]] = {
    "queued": "idle",
    "saving": "busy",
    "uploading": "idle",
    "importing": "busy",
    "active": "good",
    "killed": "bad",
    "deactivated": "warn",
}


class Box(NamedTuple):
    """What is wrong, why, and who can help. `since`: seconds since the epoch, or 0."""

    tone: str
    symbol: str
    title: str
    why: str
    help: str
    since: float


def box_of(words: Words, locale: Locale, condition: Condition) -> Box | None:
    """None for what is as it was wished."""
    if isinstance(condition, Ready):
        return None
    why = condition_sentence(condition, locale)
    if isinstance(condition, Blocked):
        retry = "help.retry" if condition.retry else "help.no_retry"
        helps = f"{words.say(locale, f'help.{condition.who_can_help}')} {words.say(locale, retry)}"
        return Box("bad", "circle-alert", words.say(locale, "condition.blocked"), why, helps, condition.since)
    title = words.say(locale, "condition.working")
    return Box("busy", "hourglass", title, why, words.say(locale, "help.nobody"), condition.since)
