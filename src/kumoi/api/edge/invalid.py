"""From a decoder's complaint to core's Invalid: the field's path, a reason of `text`, and the facts of the reason."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from kumoi.core.errors import Fact, Invalid

# msgspec says: "<complaint> - at `$.server.networks[0].uuid`"; the place is left out at the root.
_Facts = dict[str, Fact]


def _name_in_object(m: re.Match[str]) -> _Facts:
    return {"name": m["name"]}


def _expected(m: re.Match[str]) -> _Facts:
    return {"expected": m["expected"], "got": m["got"]}


def _bound(m: re.Match[str]) -> _Facts:
    return {"kind": m["kind"], "bound": m["bound"].strip()}


def _value(m: re.Match[str]) -> _Facts:
    return {"value": m["value"]}


def _none(_: re.Match[str]) -> _Facts:
    return {}


_COMPLAINTS: Final[list[tuple[re.Pattern[str], str, Callable[[re.Match[str]], _Facts]]]] = [
    (re.compile(p, re.DOTALL), reason, facts)
    for p, reason, facts in [
        (r"Object missing required field `(?P<name>[^`]*)`", "missing", _name_in_object),
        (r"Object contains unknown field `(?P<name>[^`]*)`", "unknown_field", _name_in_object),
        (r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`", "wrong_type", _expected),
        (r"Expected `str` matching regex (?P<value>.*)", "pattern", _value),
        (r"Expected `(?P<kind>\w+)` of length (?P<bound>.*)", "length", _bound),
        (r"Expected `(?P<kind>\w+)` (?P<bound>[<>]=? .*)", "range", _bound),
        (r"Expected `(?P<kind>\w+)` that's (?P<bound>.*)", "range", _bound),
        (r"Invalid enum value (?P<value>.*)", "not_in_enum", _value),
        (r"Invalid value (?P<value>.*)", "not_in_enum", _value),
        (r"Invalid .*", "format", _none),
    ]
]


def from_decoder(error: Exception) -> Invalid:
    """Invalid for a msgspec decode or validation error. `field` is the caller's path: `server.networks[0].uuid`; the
    fact `of` is `key` where a key of the object there is wrong."""
    if not isinstance(error, msgspec.ValidationError):
        return Invalid("api", field="", reason="not_json")
    says, _, place = str(error).partition(" - at `")
    of_key, _, place = place.rstrip("`").rpartition("` in `")
    place = place.removeprefix("$").removeprefix(".")
    for pattern, reason, facts_of in _COMPLAINTS:
        match = pattern.fullmatch(says)
        if match is not None:
            facts = facts_of(match) | ({"of": of_key} if of_key else {})
            return Invalid("api", field=_with_name(place, facts), reason=reason, **facts)
    return Invalid("api", field=place, reason="format")


def _with_name(place: str, facts: _Facts) -> str:
    """The path of the field itself, where the complaint is about one that an object has not or should not have."""
    name = facts.get("name")
    if not isinstance(name, str):
        return place
    return f"{place}.{name}" if place else name
