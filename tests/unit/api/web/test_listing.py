"""A list's address: what it asks for, where it leads on, and that nonsense in it harms nothing."""

from typing import Any

from tests.unit.api.edge.asgi_client import scope_of

from kumoi.api.edge.request import Request
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.core.errors import NotFound
from kumoi.core.query import Order

SHAPE = Shape(
    path="/things",
    sortable=("name", "created_at"),
    first=Order("created_at", descending=True),
    filters={"status": ("good", "bad")},
    rows=3,
)


def asked(query: str = "") -> Asked:
    return asked_of(Request(scope_of("GET", f"/things?{query}"), {}, "req-1", 0.0), SHAPE)


def pages(numbers: list[int]) -> Any:
    """A door over sorted numbers, as doors page."""

    def find(one: Asked) -> list[int]:
        query = one.query()
        found = sorted(numbers, reverse=query.order[0].descending)
        if query.marker is not None:
            if int(query.marker) not in numbers:
                raise NotFound("api", kind="thing", id=query.marker)
            found = found[found.index(int(query.marker)) + 1 :]
        return found[: query.limit]

    return find


def test_nonsense_is_left_out() -> None:
    one = asked("sort=password&status=%00&q=%20x%20&colour=red&after=7")
    assert (one.order, dict(one.chosen), one.text, one.after) == (SHAPE.first, {}, "x", "7")


def test_pages_lead_on_and_back_to_the_same_rows() -> None:
    numbers = list(range(1, 9))
    first = listing(asked("sort=name"), pages(numbers), str)
    assert (list(first.rows), first.previous) == ([1, 2, 3], "")
    second = listing(asked(first.next.partition("?")[2]), pages(numbers), str)
    assert list(second.rows) == [4, 5, 6]
    third = listing(asked(second.next.partition("?")[2]), pages(numbers), str)
    assert (list(third.rows), third.next) == ([7, 8], "")
    back = listing(asked(third.previous.partition("?")[2]), pages(numbers), str)
    assert list(back.rows) == [4, 5, 6]
    front = listing(asked(back.previous.partition("?")[2]), pages(numbers), str)
    assert (list(front.rows), front.previous) == ([1, 2, 3], "")
    assert front.next


def test_a_marker_that_is_gone_leads_to_the_first_page() -> None:
    shown = listing(asked("sort=name&after=99"), pages([1, 2, 3, 4]), str)
    assert list(shown.rows) == [1, 2, 3]


def test_a_column_sorts_up_first_and_then_down() -> None:
    one = listing(asked(), pages([]), str)
    assert one.sorted_by("name") == "/things?sort=name"
    two = listing(asked("sort=name&status=good"), pages([]), str)
    assert two.sorted_by("name") == "/things?status=good&sort=-name"
    assert (two.direction("name"), two.direction("created_at")) == ("up", "")


def test_what_is_typed_is_looked_for_as_it_is() -> None:
    assert containing("name", "50%_\\").value == "%50\\%\\_\\\\%"
