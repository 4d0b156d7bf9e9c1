"""Rows of one noun."""

from typing import Protocol, TypeVar

from kumoi.core.query import Query

T = TypeVar("T")


class Rows(Protocol[T]):
    """Values by id. A value with a `generation` is saved by compare-and-swap."""

    def get(self, row_id: str) -> T | None: ...
    def many(self, ids: tuple[str, ...]) -> list[T]:
        """Those that exist, in no order; any number of ids."""
        ...

    def find(self, query: Query) -> list[T]:
        """Filtered, sorted (ties by id), after the marker. Invalid (field) for a field that cannot be asked for;
        NotFound for a marker that is not there."""
        ...

    def count(self, query: Query) -> int: ...
    def tally(self, field: str, query: Query) -> dict[str, int]:
        """How many rows there are for each value of a field (a text)."""
        ...

    def insert(self, row: T) -> None:
        """Taken (kind, name) when the id or another unique column exists."""
        ...

    def save(self, row: T) -> T:
        """Replace the row. With a generation: only if the stored one equals `row.generation`; returns the row with
        the next one, raises Stale otherwise. NotFound when there is none."""
        ...

    def remove(self, row_id: str) -> bool: ...
