"""Keystone's lists: filters by attribute, one page, links."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.core.query import Filter, Order, Query, eq

T = TypeVar("T")


def query(request: Request, fields: Mapping[str, str], *, order: str = "name") -> Query:
    """Filters from the parameters that `fields` maps to the noun's own; `enabled` is a boolean, `name__contains`
    is offered."""
    filters: list[Filter] = []
    for key, value in request.query:
        name, _, operator = key.partition("__")
        if name not in fields:
            continue
        if name == "enabled":
            filters.append(eq(fields[name], value.lower() not in {"0", "false", "no"}))
        elif operator in {"contains", "icontains"}:
            filters.append(Filter(fields[name], "like", f"%{_escaped(value)}%"))
        elif operator in {"startswith", "istartswith"}:
            filters.append(Filter(fields[name], "prefix", value))
        else:
            filters.append(eq(fields[name], value))
    return Query(filters=tuple(filters), order=(Order(order),))


def page(request: Request, plural: str, rows: list[T], render: Callable[[Request, T], dict[str, Any]]) -> Response:
    path = request.raw_path.decode("latin-1")
    links = {"self": request.base_url + path, "next": None, "previous": None}
    return json_response({plural: [render(request, row) for row in rows], "links": links})


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
