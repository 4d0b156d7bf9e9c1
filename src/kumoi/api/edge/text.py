"""The one place where code and facts become prose. Sentences are `texts/`; who speaks a dialect may word codes itself.

A code without a sentence, or a sentence whose fact is missing, is still told (code and facts as they are): an answer
about an error never fails.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from kumoi.api.edge.texts import en, ja
from kumoi.api.edge.texts.consoles import CONSOLE_ENDS
from kumoi.api.edge.texts.walks import WALKS
from kumoi.core.call import Locale
from kumoi.core.conditions import Condition, Ready
from kumoi.core.errors import Invalid, KumoiError, Unauthenticated

_ERRORS: Final[Mapping[Locale, Mapping[str, str]]] = {"en": en.ERRORS, "ja": ja.ERRORS}
_INVALID: Final[Mapping[Locale, Mapping[str, str]]] = {"en": en.INVALID, "ja": ja.INVALID}
_UNAUTHENTICATED: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": en.UNAUTHENTICATED,
    "ja": ja.UNAUTHENTICATED,
}
_CONDITIONS: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": en.CONDITIONS,
    "ja": ja.CONDITIONS,
}
_KINDS: Final[Mapping[Locale, Mapping[str, str]]] = {"en": en.KINDS, "ja": ja.KINDS}
_KIND_FACTS: Final = frozenset({"kind", "by_kind", "what"})
_NAMED_FACTS: Final = frozenset({"field", "resource", "dropped", "would_fit", "expected"})
_BOUND: Final = re.compile(r"from (-?\d+) to (-?\d+)")  # as doors write a range


def say(
    error: KumoiError,
    locale: Locale = "en",
    wording: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """A refusal as a sentence: that of its code and `reason` where there is one, else that of its code.

    `wording` is a dialect's own sentences by code (Invalid's by reason), tried first; `names` what it calls fields and
    resources.
    """
    table, key = _ERRORS, error.code
    if isinstance(error, Invalid):
        table, key = _INVALID, str(error.facts.get("reason"))
    elif isinstance(error, Unauthenticated):
        table, key = _UNAUTHENTICATED, str(error.facts.get("reason"))
    narrow = f"{key}:{error.facts.get('reason')}"
    sentence = (wording or {}).get(key) or table[locale].get(narrow) or table[locale].get(key)
    if sentence is None and isinstance(error, Invalid):
        sentence = table[locale]["other"]
    return _fill(sentence, error.code, error.facts, locale, names)


def say_condition(condition: Condition, locale: Locale = "en", names: Mapping[str, str] | None = None) -> str:
    """Why a thing is not ready, as a sentence; empty for Ready."""
    if isinstance(condition, Ready):
        return ""
    return say_code(condition.code, condition.facts, locale, names)


def say_console_end(end: str, locale: Locale = "en") -> str:
    """Why somebody's console has ended: a `core.consoles.ConsoleEnd`, or what came between."""
    return _fill(CONSOLE_ENDS[locale].get(end), end, {}, locale)


def say_code(code: str, facts: Mapping[str, Any], locale: Locale = "en", names: Mapping[str, str] | None = None) -> str:
    """Code and facts apart from their type (a condition that passes a refusal on, an event, a fault)."""
    for table in (_CONDITIONS, _ERRORS, _INVALID):
        if code in table[locale]:
            return _fill(table[locale][code], code, facts, locale, names)
    return _fill(None, code, facts, locale)


def say_kind(kind: str, locale: Locale = "en") -> str:
    """What people call a kind of thing; the kind itself where they have no word."""
    return _KINDS[locale].get(kind, kind)


def say_step(code: str, facts: Mapping[str, Any], locale: Locale = "en") -> str:
    """A step of a packet's way, or what stopped it."""
    return _fill(WALKS[locale].get(code), code, facts, locale)


def _fill(
    sentence: str | None, code: str, facts: Mapping[str, Any], locale: Locale, names: Mapping[str, str] | None = None
) -> str:
    if sentence is None:
        inner = ", ".join(f"{k}: {_plain(v)}" for k, v in facts.items())
        return f"{code} ({inner})" if inner else code
    words = _Facts()
    for name, value in facts.items():
        words[name] = _plain(value)
        if name in _KIND_FACTS and isinstance(value, str):
            words[name] = _KINDS[locale].get(value, value)
        if name == "bound" and locale == "ja":
            words[name] = _BOUND.sub(r"\1〜\2", words[name])
        if names is not None and name in _NAMED_FACTS:
            words[name] = _renamed(value, names)
    return sentence.format_map(words)


class _Facts(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return "?"


def _renamed(value: Any, names: Mapping[str, str]) -> str:
    """A name, or a list of `name:amount`, in other names; what has none stays as it is."""
    if not isinstance(value, list):
        return names.get(str(value), str(value))
    parted = [str(one).partition(":") for one in value]
    return ", ".join(f"{names.get(name, name)} {amount}" for name, _, amount in parted)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
