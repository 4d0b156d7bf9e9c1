"""Neutron's lists: every attribute filters (repeated values mean or), sorts, pages; `fields` chooses what is shown.

What the store can do is asked of the store; other attributes are compared after rendering, and then the page is cut
here. A table without columns is sorted and cut here altogether.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.core.call import Actor
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.query import Filter, LabelFilter, Order, Query, Scalar, eq, is_in

V = TypeVar("V")
Shown = dict[str, Any]
Test = Callable[[Shown], bool]
LONGEST_LIMIT = 9  # digits: more rows than any cloud has
TRUE, FALSE = frozenset({"true", "1", "t", "yes", "on"}), frozenset({"false", "0", "f", "no", "off"})
_CONTROLS = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse", "changed_since"})
_TAGS = frozenset({"tags", "tags-any", "not-tags", "not-tags-any"})
_ORDERS = {"created_at": "created_at", "updated_at": "updated_at", "revision_number": "generation"}


def text(value: str) -> Scalar:
    return value


def text_or_none(value: str) -> Scalar:
    return None if value in {"", "null", "None"} else value


def flag(value: str) -> Scalar:
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise Invalid(field="query", reason="not_in_enum", value=value)


def number(value: str) -> Scalar:
    try:
        return int(value)
    except ValueError:
        raise Invalid(field="query", reason="wrong_type", expected="int", got="str") from None


Column = tuple[str, Callable[[str], Scalar]]


class Table(msgspec.Struct, Generic[V], frozen=True, kw_only=True):
    """How a kind is listed.

    columns    attributes that the store filters and sorts by: core's field, and how a value is read
    attributes all attributes that a rendered one can have
    render     a view as its reader sees it
    special    filters that are no attribute of their own, or compare unlike others
    """

    plural: str
    columns: Mapping[str, Column]
    attributes: frozenset[str]
    render: Callable[[V, Actor], Shown]
    special: Mapping[str, Callable[[Shown, list[str]], bool]] = {}


def answer(request: Request, table: Table[V], find: Callable[[Query], list[V]]) -> Response:
    """The list that the request's query asks for, with links where it asks for a page."""
    asked = _Asked(request, table)
    actor = request.call().actor
    shown = [table.render(v, actor) for v in find(asked.query)]
    if not asked.by_store:
        shown = asked.cut([one for one in shown if all(test(one) for test in asked.tests)])
    if asked.reverse:
        shown.reverse()
    body: Shown = {table.plural: [fields(request, one) for one in shown]}
    links = _links(request, asked, shown)
    if links:
        body[f"{table.plural}_links"] = links
    return json_response(body)


def fields(request: Request, shown: Shown) -> Shown:
    """Only the attributes that `fields` names, if it names any."""
    wanted = {value for key, value in request.query if key == "fields" and value}
    return {k: v for k, v in shown.items() if k in wanted} if wanted else shown


def matches(value: Any, wanted: list[str]) -> bool:
    """Whether a rendered attribute is one of the texts by which a query names values."""
    if isinstance(value, bool):
        return any(w.lower() in (TRUE if value else FALSE) for w in wanted)
    if value is None:
        return any(w in {"", "null", "None"} for w in wanted)
    if isinstance(value, list):
        return any(w in value for w in wanted)
    return str(value) in wanted


class _Asked(Generic[V]):
    """A list's query string, taken apart."""

    def __init__(self, request: Request, table: Table[V]) -> None:
        self._table = table
        self.tests: list[Test] = []
        filters: list[Filter] = []
        values: dict[str, list[str]] = {}
        for key, value in request.query:
            values.setdefault(key, []).append(value)
        for key, wanted in values.items():
            if key not in _CONTROLS and key not in _TAGS:
                self._filter(key, wanted, filters)
        if "changed_since" in values:
            filters.append(Filter("updated_at", "ge", _time(values["changed_since"][0])))
        self.reverse = matches(True, values.get("page_reverse", []))
        self.limit = _limit(values.get("limit", ["0"])[0])
        self.marker = values.get("marker", [None])[0] if self.limit is not None else None
        self._keys = _sorts(values, table)
        labels = self._labels(values)
        order = self._order()
        self.by_store = not self.tests and order is not None
        self.query = Query(filters=tuple(filters), labels=labels, order=order or ())
        if self.by_store:
            self.query = msgspec.structs.replace(self.query, marker=self.marker, limit=self.limit)

    def cut(self, shown: list[Shown]) -> list[Shown]:
        """The page, where the store could not cut it."""
        if self._order() is None:
            for key, descending in reversed(self._keys or [("id", False)]):
                backward = descending is not self.reverse
                shown.sort(key=lambda one, key=key: _rank(one.get(key)), reverse=backward)  # type: ignore[misc]
        if self.marker is not None:
            places = [n for n, one in enumerate(shown) if one["id"] == self.marker]
            if not places:
                raise NotFound("network", kind="marker", id=self.marker)
            shown = shown[places[0] + 1 :]
        return shown[: self.limit]

    def _filter(self, key: str, wanted: list[str], filters: list[Filter]) -> None:
        column = self._table.columns.get(key)
        if column is not None:
            field, read = column
            found = tuple(dict.fromkeys(read(w) for w in wanted))
            filters.append(eq(field, found[0]) if len(found) == 1 else is_in(field, found))
        elif key in self._table.special:
            self.tests.append(lambda one: self._table.special[key](one, wanted))
        elif key in self._table.attributes:
            self.tests.append(lambda one: matches(one.get(key), wanted))
        else:
            raise Invalid(field=key, reason="unknown_field", name=key)

    def _labels(self, values: dict[str, list[str]]) -> tuple[LabelFilter, ...]:
        """What of the tag filters the store can do; the rest become tests."""
        words = {key: [t for v in values[key] for t in v.split(",") if t] for key in _TAGS if key in values}
        labels = [LabelFilter("tag", t) for t in words.get("tags", ())]
        labels += [LabelFilter("tag", t, absent=True) for t in words.get("not-tags-any", ())]
        for key, negated, every in (("tags-any", False, False), ("not-tags", True, True)):
            if key in words:
                self.tests.append(_tag_test(words[key], negated=negated, every=every))
        return tuple(labels)

    def _order(self) -> tuple[Order, ...] | None:
        """As the store sorts; None where it cannot."""
        if not self._table.columns:
            return None
        found = []
        for key, descending in self._keys or [("created_at", False)]:
            field = self._table.columns[key][0] if key in self._table.columns else _ORDERS.get(key)
            if field is None:
                return None
            found.append(Order(field, descending is not self.reverse))
        return tuple(found)


def _tag_test(tags: list[str], *, negated: bool, every: bool) -> Test:
    ask = all if every else any
    return lambda one: ask(t in one.get("tags", ()) for t in tags) is not negated


def _sorts(values: dict[str, list[str]], table: Table[Any]) -> list[tuple[str, bool]]:
    keys, ways = values.get("sort_key", []), values.get("sort_dir", [])
    if len(keys) != len(ways) and ways:
        raise Invalid(field="sort_dir", reason="length", bound=f"{len(keys)}")
    for key in keys:
        if key not in table.attributes:
            raise Invalid(field="sort_key", reason="not_in_enum", value=key)
    for way in ways:
        if way not in {"asc", "desc"}:
            raise Invalid(field="sort_dir", reason="not_in_enum", value=way)
    return [(key, bool(ways) and ways[n] == "desc") for n, key in enumerate(keys)]


def _limit(value: str) -> int | None:
    """0 is none."""
    if not (value.isascii() and value.isdigit()):
        raise Invalid(field="limit", reason="range", bound=">= 0", value=value)
    return int(value[:LONGEST_LIMIT]) or None


def _time(value: str) -> float:
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise Invalid(field="changed_since", reason="format", value=value) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _rank(value: Any) -> tuple[int, Any]:
    """Sorts what is not there first, and unlike things by their text."""
    if value is None:
        return 0, ""
    return (1, value) if isinstance(value, int | float) else (2, str(value))


def _links(request: Request, asked: _Asked[Any], shown: list[Shown]) -> list[dict[str, str]]:
    """To the pages on both sides; from an empty page they lead to the nearest end of the list."""
    if asked.limit is None:
        return []
    full = len(shown) >= asked.limit
    kept = [(k, v) for k, v in request.query if k not in {"marker", "page_reverse"}]
    path = request.base_url + request.raw_path.decode("latin-1")
    links = []
    if full or asked.reverse:
        forth = [*kept, *(("marker", one["id"]) for one in shown[-1:])]
        links.append({"rel": "next", "href": f"{path}?{urlencode(forth)}"})
    if full or not asked.reverse:
        back = [*kept, *(("marker", one["id"]) for one in shown[:1]), ("page_reverse", "True")]
        links.append({"rel": "previous", "href": f"{path}?{urlencode(back)}"})
    return links
