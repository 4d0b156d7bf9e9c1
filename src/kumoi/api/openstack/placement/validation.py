"""How a body that does not fit is told: in the words of the JSON schema library that Placement's clients know, for they
look for these words."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.openstack.placement.bodies import UUID
from kumoi.core.errors import Invalid

_TYPES: Final = {"int": "integer", "str": "string", "bool": "boolean", "float": "number"}
_PART: Final = re.compile(r"[^.\[\]]+|\[(?:\.\.\.|\d+)\]")
_BOUND: Final = re.compile(r"([<>]=?) (\S+)")
_LENGTHS: Final = {"str": "Length", "array": "Items", "object": "Properties"}


def told(request: Request, error: Invalid) -> str | None:
    """None for what is not wrong with a body's shape."""
    facts = {name: str(value) for name, value in error.facts.items()}
    found = _said(request, facts)
    if found is None:
        return None
    said, keyword = found
    return f"JSON does not validate: {said}\n\nFailed validating '{keyword}' in schema{_schema(facts)}"


def _said(request: Request, facts: dict[str, str]) -> tuple[str, str] | None:
    """What is wrong, and the schema's word that it breaks."""
    name, value = facts.get("name"), facts.get("value", "")
    match facts.get("reason"):
        case "missing" if name:
            return f"{name!r} is a required property", "required"
        case "unknown_field" if name:
            return f"Additional properties are not allowed ({name!r} was unexpected)", "additionalProperties"
        case "pattern" if facts.get("of"):
            return f"a key does not match any of the regexes: {value.strip(chr(39))!r}", "additionalProperties"
        case "pattern":
            sent = _sent(request, facts, lambda one: isinstance(one, str) and not re.search(value.strip("'"), one))
            if value.strip("'") == UUID:
                return f"{sent!r} is not a 'uuid'", "format"
            return f"{sent!r} does not match {value.strip(chr(39))!r}", "pattern"
        case "wrong_type":
            wanted = _TYPES.get(_first(facts["expected"]), _first(facts["expected"]))
            sent = _sent(request, facts, lambda one: not _is(one, wanted))
            return f"{sent!r} is not of type {wanted!r}", "type"
        case "length" | "range":
            return _beyond(request, facts)
        case "non_unique":
            return f"{value} has non-unique elements", "uniqueItems"
        case _:
            return None


def _beyond(request: Request, facts: dict[str, str]) -> tuple[str, str]:
    """A bound that was broken."""
    parts = _BOUND.match(facts["bound"])
    sign, bound = (parts[1], parts[2]) if parts else ("", "0")
    low, is_length = sign.startswith(">"), facts["reason"] == "length"
    kind = facts.get("kind", "str")

    def breaks(one: Any) -> bool:
        size: float
        if is_length and isinstance(one, str | list | dict):
            size = len(one)
        elif not is_length and isinstance(one, int | float) and not isinstance(one, bool):
            size = one
        else:
            return False
        return size < float(bound) if low else size > float(bound)

    sent = facts.get("value") or _sent(request, facts, breaks)
    if not is_length:
        word, keyword = ("less", "minimum") if low else ("greater", "maximum")
        return f"{sent!r} is {word} than the {keyword} of {bound}", keyword
    keyword = ("min" if low else "max") + _LENGTHS.get(kind, "Length")
    if kind == "object":
        return f"{sent!r} does not have enough properties", keyword
    return f"{sent!r} is too {'short' if low else 'long'}", keyword


def _schema(facts: dict[str, str]) -> str:
    """Where in the schema the word stands, as far as a path in the body tells."""
    names = [] if facts.get("reason") in {"missing", "unknown_field"} else _PART.findall(facts.get("field", ""))
    return "".join("['items']" if name.startswith("[") else f"['properties'][{name!r}]" for name in names)


def _sent(request: Request, facts: dict[str, str], is_wrong: Any) -> Any:
    """The first of the values at the place that is wrong: a decoder does not tell which key of an object it was at."""
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return next(filter(is_wrong, _at(body, _PART.findall(facts.get("field", "")))), None)


def _at(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
    elif isinstance(value, dict):
        here = value.values() if parts[0].startswith("[") else [value[parts[0]]] if parts[0] in value else []
        for one in here:
            yield from _at(one, parts[1:])
    elif isinstance(value, list):
        for one in value:
            yield from _at(one, parts[1:])


def _first(expected: str) -> str:
    """Of several types that would do, the first one."""
    return expected.partition(" | ")[0].strip()


def _is(value: Any, wanted: str) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "integer": (int,), "string": (str,), "array": (list,), "object": (dict,), "number": (int, float),
    }  # fmt: skip
    return isinstance(value, kinds.get(wanted, (object,))) and not isinstance(value, bool)
