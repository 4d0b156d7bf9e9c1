"""What a list of images asks for: Glance's filters, its ways to sort, and its pages."""

from typing import Final, get_args

from kumoi.api.edge.request import Request
from kumoi.api.openstack.times import seconds_of
from kumoi.app.images.sight import Sought
from kumoi.core.errors import Invalid
from kumoi.core.images import MemberStatus, Visibility
from kumoi.core.query import MAX_PAGE, AnyOf, Filter, Op, Order, Query, any_of, eq, is_in

DEFAULT_PAGE = 25
SORTABLE: Final = {
    "name": "name", "status": "status", "created_at": "created_at", "updated_at": "updated_at", "size": "size_bytes",
    "disk_format": "disk_format", "container_format": "container_format", "id": "id", "visibility": "visibility",
    "owner": "project_id", "min_disk": "min_disk_gib", "min_ram": "min_ram_mib", "checksum": "checksum",
}  # fmt: skip
TEXTS: Final = {
    "name": "name", "status": "status", "container_format": "container_format", "disk_format": "disk_format",
    "owner": "project_id", "id": "id", "checksum": "checksum", "os_hash_value": "sha512",
}  # fmt: skip
NUMBERS: Final[dict[str, tuple[str, Op]]] = {
    "size": ("size_bytes", "eq"), "size_min": ("size_bytes", "ge"), "size_max": ("size_bytes", "le"),
    "min_disk": ("min_disk_gib", "eq"), "min_ram": ("min_ram_mib", "eq"),
}  # fmt: skip
TIMES: Final = ("created_at", "updated_at")
COMPARISONS: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
# Said by `sought_of`, or about the page; whatever else is asked for is a property.
OTHERS: Final = frozenset({
    "visibility", "member_status", "os_hidden", "tag", "limit", "marker", "sort", "sort_key", "sort_dir", "protected",
    "os_hash_algo",
})  # fmt: skip


def query_of(request: Request) -> Query:
    filters: list[Filter | AnyOf] = []
    for key, value in request.query:
        if key in TEXTS:
            choices = tuple(_unquoted(one) for one in value.removeprefix("in:").split(","))
            filters.append(is_in(TEXTS[key], choices) if value.startswith("in:") else eq(TEXTS[key], value))
        elif key in NUMBERS:
            field, op = NUMBERS[key]
            filters.append(Filter(field, op, number(key, value)))
        elif key in TIMES:
            filters += _time(key, value)
        elif key == "protected":
            filters.append(eq("protected", value=_switch(key, value)))
    limit = min(number("limit", request.arg("limit") or str(DEFAULT_PAGE)), MAX_PAGE)
    return Query(filters=tuple(filters), order=_order(request), marker=request.arg("marker"), limit=limit)


def sought_of(request: Request) -> Sought:
    """Hidden images are listed only to who asks for them."""
    known = OTHERS | TEXTS.keys() | NUMBERS.keys() | set(TIMES)
    visibility, status = request.arg("visibility"), request.arg("member_status") or "accepted"
    for field, value, choices in (
        ("visibility", visibility, (None, "all", *get_args(Visibility))),
        ("member_status", status, ("all", *get_args(MemberStatus))),
    ):
        if value not in choices:
            raise Invalid("image", field=field, reason="not_in_enum", value=str(value))
    return Sought(
        visibility=visibility,
        member_status=status,
        hidden=_switch("os_hidden", request.arg("os_hidden") or "false"),
        tags=tuple(value for key, value in request.query if key == "tag"),
        properties={key: value for key, value in request.query if key not in known},
    )


def _order(request: Request) -> tuple[Order, ...]:
    pairs = [p.partition(":") for p in (request.arg("sort") or "").split(",") if p]
    if not pairs:
        keys = [v for k, v in request.query if k == "sort_key"]
        ways = [v for k, v in request.query if k == "sort_dir"]
        pairs = [(k, ":", ways[min(i, len(ways) - 1)] if ways else "desc") for i, k in enumerate(keys)]
    orders = []
    for key, _, way in pairs:
        if key not in SORTABLE or way not in {"", "asc", "desc"}:
            raise Invalid("image", field="sort_key", reason="not_in_enum", value=f"{key}:{way}")
        orders.append(Order(SORTABLE[key], descending=way != "asc"))
    return tuple(orders)


def number(field: str, text: str) -> int:
    if text.startswith("-") and text[1:].isdecimal():
        raise Invalid("image", field=field, reason="range", bound="0 or more")
    if not text.isdecimal():
        raise Invalid("image", field=field, reason="wrong_type", expected="int", got=text)
    return int(text)


def _time(field: str, text: str) -> list[Filter | AnyOf]:
    """Times are shown in whole seconds, and meant so."""
    word, _, rest = text.partition(":")
    word, at = (word, rest) if word in COMPARISONS else ("eq", text)
    began = seconds_of(field, at)
    since, before = Filter(field, "ge", began), Filter(field, "lt", began)
    after, upto = Filter(field, "ge", began + 1), Filter(field, "lt", began + 1)
    match word:
        case "eq":
            return [since, upto]
        case "neq":
            return [any_of(before, after)]
        case _:
            return [{"gt": after, "gte": since, "lt": before, "lte": upto}[word]]


def _switch(field: str, text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise Invalid("image", field=field, reason="not_in_enum", value=text)
    return text.lower() in {"true", "1"}


def _unquoted(text: str) -> str:
    """A comma is kept in quotes by who means it."""
    return text.strip('"')
