"""Times that lists are narrowed by, since 3.60: `created_at=gte:2026-01-01T00:00:00,lt:…`."""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.openstack.times import seconds_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.core.errors import Invalid
from kumoi.core.query import Filter, Op

_OPS: Final[dict[str, Op]] = {"gt": "gt", "gte": "ge", "eq": "eq", "neq": "ne", "lt": "lt", "lte": "le"}


def times(request: Request) -> tuple[Filter, ...]:
    """Of making and of the last change."""
    if not at_least(request, 60):
        return ()
    return tuple(
        _filter(field, part.strip())
        for field in ("created_at", "updated_at")
        for part in (request.arg(field) or "").split(",")
        if part.strip()
    )


def _filter(field: str, text: str) -> Filter:
    """Without an operator: that very time."""
    word, colon, rest = text.partition(":")
    if word in _OPS and colon:
        return Filter(field, _OPS[word], seconds_of(field, rest))
    if word.isalpha():
        raise Invalid("api", field=field, reason="not_in_enum", value=word[:32])
    return Filter(field, "eq", seconds_of(field, text))
