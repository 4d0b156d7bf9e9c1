"""EC2's filters: what can be asked of a thing is what is shown of it.

A noun's filters are data: the filter's name and the place of its value in the answer (`State.Name`, lists are walked
through). Values of one filter are alternatives, filters all must hold; `*` and `?` stand for any text and any sign.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from kumoi.api.aws.actions import Values
from kumoi.api.aws.rendering import time_text
from kumoi.core.errors import Invalid

Places = Mapping[str, str]
Matches = Callable[[Values], bool]
_WILD = re.compile(r"\\.|[*?]", re.DOTALL)


def matching(wish: Values, places: Places, times: frozenset[str] = frozenset()) -> Matches:
    """The test that the request's `Filters` make. `times`: filters whose values are times.

    Raises Invalid (no_such_filter) for a name that the noun has not.
    """
    tests = [_test(n, one, places, times) for n, one in enumerate(wish.get("Filters", ()), 1)]
    return lambda shown: all(test(shown) for test in tests)


def plain_values(wish: Values, name: str) -> tuple[str, ...] | None:
    """The values of a filter that stands there once and has no wildcards: something that an index can find."""
    asked = [f.get("Values", []) for f in wish.get("Filters", ()) if f.get("Name") == name]
    if len(asked) != 1 or any(_WILD.search(value) for value in asked[0]):
        return None
    return tuple(asked[0])


def _test(number: int, asked: Values, places: Places, times: frozenset[str]) -> Matches:
    name = asked.get("Name", "")
    patterns = [pattern(value) for value in asked.get("Values", ())]
    get = _getter(name, places, times)
    if get is None:
        raise Invalid("api", field=f"Filter.{number}.Name", reason="no_such_filter", value=name)
    return lambda shown: any(p.fullmatch(value) for value in get(shown) for p in patterns)


def _getter(name: str, places: Places, times: frozenset[str]) -> Callable[[Values], Iterator[str]] | None:
    """How to come by the values that a filter looks at."""
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda shown: (t["Value"] for t in tags_in(shown) if t["Key"] == key)
    if name in {"tag-key", "tag-value"}:
        part = name.removeprefix("tag-").capitalize()
        return lambda shown: (t[part] for t in tags_in(shown))
    place = places.get(name)
    if place is None:
        return None
    path = tuple(place.split("."))
    spell = time_text if name in times else _text
    return lambda shown: (spell(v) for v in _at(shown, path))


def tags_in(shown: Values) -> list[dict[str, str]]:
    """A thing's tags; network interfaces have a name of their own for them."""
    found: list[dict[str, str]] = shown.get("Tags") or shown.get("TagSet") or []
    return found


def _at(shown: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Every value at the place; none where something on the way is not there."""
    if isinstance(shown, list):
        for item in shown:
            yield from _at(item, path)
    elif not path:
        if shown is not None:
            yield shown
    elif shown is not None:
        yield from _at(shown.get(path[0]), path[1:])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@lru_cache(maxsize=1024)
def pattern(value: str) -> re.Pattern[str]:
    """`*` and `?` with their backslash escapes, as EC2 reads them."""
    parts, at = [], 0
    for found in _WILD.finditer(value):
        parts.append(re.escape(value[at : found.start()]))
        sign = found.group()
        parts.append({"*": ".*", "?": "."}.get(sign) or re.escape(sign[1:]))
        at = found.end()
    return re.compile("".join(parts) + re.escape(value[at:]), re.DOTALL)
