"""What Cinder's lists are asked for: sort, limit, marker, offset; and where the next page is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from kumoi.api.edge.request import Request
from kumoi.core.errors import Invalid
from kumoi.core.query import MAX_PAGE, AnyOf, Filter, Order, Query

NEWEST = (Order("created_at", descending=True), Order("id", descending=True))


def query_of(request: Request, sortable: Mapping[str, str], *filters: Filter | AnyOf) -> Query:
    """`sortable`: Cinder's names of what may be sorted by, and ours. An offset is taken off by `cut`."""
    return Query(
        filters=filters,
        order=_order(request, sortable),
        marker=request.arg("marker"),
        limit=limit_of(request) + offset_of(request),
    )


def cut(request: Request, found: list[Any]) -> list[Any]:
    """Without those that the offset skips."""
    return found[offset_of(request) :]


def limit_of(request: Request) -> int:
    return min(_number(request, "limit", MAX_PAGE), MAX_PAGE)


def offset_of(request: Request) -> int:
    return _number(request, "offset", 0)


def next_page(request: Request, name: str, ids: list[str]) -> dict[str, Any]:
    """`{name}_links` where a limit was asked for and there may be more."""
    if request.arg("limit") is None or not ids or len(ids) < limit_of(request):
        return {}
    kept = [(k, v) for k, v in request.query if k not in {"marker", "offset"}]
    path = request.raw_path.decode("latin-1")
    href = f"{request.base_url}{path}?{urlencode([*kept, ('marker', ids[-1])])}"
    return {f"{name}_links": [{"rel": "next", "href": href}]}


def _order(request: Request, sortable: Mapping[str, str]) -> tuple[Order, ...]:
    """By `sort=key:direction,…`, or by the elder sort_key and sort_dir; the newest first unless asked."""
    text, keys = request.arg("sort"), request.arg("sort_key")
    if text is not None and (keys is not None or request.arg("sort_dir") is not None):
        raise Invalid("api", field="sort", reason="twice")
    if text is None:
        if keys is None:
            return NEWEST
        ways = (request.arg("sort_dir") or "desc").split(",")
        text = ",".join(f"{k}:{ways[i] if i < len(ways) else ways[-1]}" for i, k in enumerate(keys.split(",")))
    return tuple(_one(part, sortable) for part in text.split(","))


def _one(part: str, sortable: Mapping[str, str]) -> Order:
    key, _, way = (p.strip() for p in part.partition(":"))
    if key not in sortable:
        raise Invalid("api", field="sort", reason="not_in_enum", value=key[:64])
    if way not in {"", "asc", "desc"}:
        raise Invalid("api", field="sort", reason="not_in_enum", value=way[:64])
    return Order(sortable[key], descending=way != "asc")


def _number(request: Request, field: str, usual: int) -> int:
    text = request.arg(field)
    if text is None:
        return usual
    if not text.isdecimal() or len(text) > 10:
        raise Invalid("api", field=field, reason="range", bound="0 or more")
    return int(text)
