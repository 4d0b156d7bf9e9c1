"""What a list asks for. The store compiles it; tongues translate their own parameters into it."""

from typing import Literal

import msgspec

Op = Literal["eq", "ne", "in", "like", "ilike", "lt", "le", "gt", "ge", "null", "prefix"]
Scalar = str | int | float | bool | None
MAX_PAGE = 1000


class Filter(msgspec.Struct, frozen=True):
    """`like` takes SQL wildcards already escaped by the caller; `ilike` too, and letters (of ASCII) in either case;
    `null` takes True or False; `in` a tuple."""

    field: str
    op: Op
    value: Scalar | tuple[Scalar, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """Rows for which at least one of these holds."""

    filters: tuple[Filter, ...]


class Order(msgspec.Struct, frozen=True):
    field: str
    descending: bool = False


class LabelFilter(msgspec.Struct, frozen=True):
    """Rows that have (or, negated, lack) a label. `value` None: any value."""

    namespace: str
    key: str
    value: str | None = None
    absent: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`marker` is the id of the last row of the page before. `limit` None means no bound (inner use only)."""

    filters: tuple[Filter | AnyOf, ...] = ()
    labels: tuple[LabelFilter, ...] = ()
    order: tuple[Order, ...] = ()
    marker: str | None = None
    limit: int | None = None

    def where(self, *more: Filter | AnyOf) -> "Query":
        return msgspec.structs.replace(self, filters=(*self.filters, *more))


def eq(field: str, value: Scalar) -> Filter:
    return Filter(field, "eq", value)


def is_in(field: str, values: tuple[Scalar, ...]) -> Filter:
    return Filter(field, "in", values)


def any_of(*filters: Filter) -> AnyOf:
    return AnyOf(filters)


def alive() -> Filter:
    """Rows that their user has not deleted; tombstones stay until the purge."""
    return Filter("deleted_at", "null", True)
