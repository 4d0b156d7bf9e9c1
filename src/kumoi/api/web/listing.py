"""A list as an address asks for it (q, sort, after, before, filters) and as it is shown: rows and where to go on.

Pages go by the id of a row (keyset), so that rows that come and go meanwhile shift nothing. No noun is known here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.core.errors import NotFound
from kumoi.core.query import Filter, Order, Query

ROWS = 50
LIKE_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
T = TypeVar("T")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked of a list: fields to sort by, the order without a wish, the filters and their values."""

    path: str
    sortable: tuple[str, ...]
    first: Order
    filters: Mapping[str, tuple[str, ...]] = {}
    rows: int = ROWS


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One address, cleaned of what the list does not know."""

    shape: Shape
    text: str
    order: Order
    chosen: Mapping[str, str]
    after: str = ""
    before: str = ""

    @property
    def sort(self) -> str:
        """As an address says it; empty for the order without a wish."""
        if self.order == self.shape.first:
            return ""
        return f"{'-' if self.order.descending else ''}{self.order.field}"

    def query(self, *filters: Filter) -> Query:
        """For a door: one row more than is shown, so that it is known whether others follow."""
        order = self.order
        if self.before:  # backwards from the marker, turned round again by `listing`
            order = Order(order.field, not order.descending)
        return Query(
            filters=filters, order=(order,), marker=self.after or self.before or None, limit=self.shape.rows + 1
        )


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What templates are handed. `total` None: not counted. `previous`, `next`: addresses, or empty."""

    asked: Asked
    rows: Sequence[T]
    total: int | None
    previous: str
    next: str

    @property
    def path(self) -> str:
        return self.asked.shape.path

    @property
    def text(self) -> str:
        return self.asked.text

    @property
    def sort(self) -> str:
        return self.asked.sort

    @property
    def chosen(self) -> Mapping[str, str]:
        return self.asked.chosen

    @property
    def narrowed(self) -> bool:
        return bool(self.asked.text or self.asked.chosen)

    @property
    def vacant(self) -> bool:
        """Whether there is nothing at all, however one asks."""
        return not (self.rows or self.narrowed or self.asked.after or self.asked.before)

    @property
    def here(self) -> str:
        """The address of what is shown now."""
        return address(self.asked, after=self.asked.after, before=self.asked.before)

    def direction(self, field: str) -> str:
        """`up`, `down`, or nothing for a column that does not sort now."""
        if self.asked.order.field != field:
            return ""
        return "down" if self.asked.order.descending else "up"

    def sorted_by(self, field: str) -> str:
        """Where a click on the column's head leads: that field, or the other way round."""
        turned = self.asked.order.field == field and not self.asked.order.descending
        return address(msgspec.structs.replace(self.asked, order=Order(field, turned)))


def asked_of(request: Request, shape: Shape) -> Asked:
    """Nonsense in an address is left out, not refused: people keep addresses."""
    wish = request.arg("sort") or ""
    field = wish.removeprefix("-")
    order = Order(field, wish.startswith("-")) if field in shape.sortable else shape.first
    chosen = {name: value for name, known in shape.filters.items() if (value := request.arg(name) or "") in known}
    return Asked(
        shape=shape,
        text=(request.arg("q") or "").strip()[:255],
        order=order,
        chosen=chosen,
        after=request.arg("after") or "",
        before=request.arg("before") or "",
    )


def listing(
    asked: Asked, find: Callable[[Asked], Sequence[T]], key: Callable[[T], str], total: int | None = None
) -> Listing[T]:
    """Ask the door by `find`. A marker that is gone leads to the first page. What fits on one page is counted."""
    try:
        found = list(find(asked))
    except NotFound:
        asked = msgspec.structs.replace(asked, after="", before="")
        found = list(find(asked))
    rows, more = found[: asked.shape.rows], len(found) > asked.shape.rows
    if asked.before:
        rows = rows[::-1]
    back = bool(asked.after) or (bool(asked.before) and more)
    on = bool(asked.before) or more
    if total is None and not (back or on):
        total = len(rows)
    return Listing(
        asked=asked,
        rows=rows,
        total=total,
        previous=address(asked, before=key(rows[0])) if rows and back else "",
        next=address(asked, after=key(rows[-1])) if rows and on else "",
    )


def containing(field: str, text: str) -> Filter:
    """Rows with the text anywhere in the field, in capitals or not."""
    return Filter(field, "ilike", f"%{text.translate(LIKE_ESCAPED)}%")


def address(asked: Asked, **more: Any) -> str:
    pairs = {"q": asked.text, **asked.chosen, "sort": asked.sort, **more}
    query = urlencode({k: v for k, v in pairs.items() if v})
    return f"{asked.shape.path}?{query}" if query else asked.shape.path
