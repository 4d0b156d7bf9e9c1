"""EC2's pages: `MaxResults` and `NextToken`. A token says after which thing to go on, and stays good when it goes."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from kumoi.api.aws.actions import Values
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.query import MAX_PAGE

V = TypeVar("V")
MOST = MAX_PAGE
LEAST_READ = 50


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`after`: the token's content, None at the beginning."""

    size: int
    after: str | None


def page_of(wish: Values) -> Page:
    """Raises Invalid (field MaxResults, NextToken)."""
    size = wish.get("MaxResults", MOST)
    if size < 1:
        raise Invalid("api", field="MaxResults", reason="range", bound=f"from 1 to {MOST}")
    token = wish.get("NextToken")
    return Page(size=min(size, MOST), after=_opened(token) if token else None)


def cut(wish: Values, things: Sequence[tuple[str, Values]]) -> tuple[list[Values], str | None]:
    """A page of things that were all read: (a key to sort by, what is shown), and the next page's token.

    Keys that begin with a time of fixed width give the order of making.
    """
    page = page_of(wish)
    left = [t for t in sorted(things, key=lambda t: t[0]) if page.after is None or t[0] > page.after]
    token = sealed(left[page.size - 1][0]) if len(left) > page.size else None
    return [shown for _, shown in left[: page.size]], token


def gather(
    wish: Values, read: Callable[[str | None, int], list[V]], row_id: Callable[[V], str], keep: Callable[[V], bool]
) -> tuple[list[V], str | None]:
    """A page out of many: `read(marker, limit)` goes on until enough of what it gives is to be kept."""
    page = page_of(wish)
    marker, kept = page.after, list[V]()
    limit = min(MOST, max(LEAST_READ, page.size + 1))
    while True:
        batch = _batch(read, marker, limit, page)
        for thing in batch:
            if not keep(thing):
                continue
            if len(kept) == page.size:
                return kept, sealed(row_id(kept[-1]))
            kept.append(thing)
        if len(batch) < limit:
            return kept, None
        marker = row_id(batch[-1])


def _batch(read: Callable[[str | None, int], list[V]], marker: str | None, limit: int, page: Page) -> list[V]:
    try:
        return read(marker, limit)
    except NotFound as e:
        if marker is None or marker != page.after:
            raise
        raise Invalid("api", field="NextToken", reason="format") from e


def by_time(created_at: float, row_id: str) -> str:
    """A sort key for `cut`: oldest first."""
    return f"{created_at:020.6f}/{row_id}"


def sealed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _opened(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Invalid("api", field="NextToken", reason="format") from None


def with_token(values: dict[str, Any], token: str | None) -> Values:
    """The answer with the token of the next page, if there is one."""
    return values if token is None else {**values, "NextToken": token}
