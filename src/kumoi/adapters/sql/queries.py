"""A `core.query.Query` as a statement and its parameters. Statements are kept by the query's shape, values left out.

Order: texts by code point, None before everything, ties by id in the direction of the last field. A marker is a place
in that order (keyset paging), so rows that come or go meanwhile shift nothing.

On a nested field `eq` asks whether the value occurs in it as a whole text (a group id in `group_ids`, an address in
`fixed_ips`), `null` whether there is any; nothing else can be asked of one.
"""

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Executable,
    Integer,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from kumoi.adapters.sql.language import Among, Holds, Params
from kumoi.adapters.sql.noun import Noun
from kumoi.adapters.sql.schema import JSON
from kumoi.adapters.sql.tables import labels as label_table
from kumoi.core.errors import Invalid
from kumoi.core.query import AnyOf, Filter, Op, Order, Query, Scalar

COMPARISONS: dict[Op, Callable[[Column[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "ne": lambda column, value: column.is_distinct_from(value),  # None differs from every value
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
EMPTY = ("[]", "{}")  # how a nested field is told that has nothing in it
LAST_CHARACTER = "\U0010ffff"
LONGEST_INTEGER = 2**63


class Asked(NamedTuple):
    """A filter's shape. `none` says that it asks for None, `value` keeps the truth value of `null`."""

    field: str
    op: Op
    none: bool
    value: bool


class Tagged(NamedTuple):
    """A label filter's shape."""

    with_value: bool
    absent: bool


class Shape(NamedTuple):
    """All that makes two queries the same statement. `after`: which sort fields of a marker's row are None."""

    filters: tuple[Asked | tuple[Asked, ...], ...]
    labels: tuple[Tagged, ...]
    order: tuple[Order, ...] = ()
    after: tuple[bool, ...] | None = None
    limited: bool = False


def shape_of(noun: Noun[Any], query: Query) -> Shape:
    """The shape, without order and marker. Raises Invalid for what cannot be asked."""
    return Shape(
        filters=tuple(_asked_or(noun, one) for one in query.filters),
        labels=tuple(Tagged(one.value is not None, one.absent) for one in query.labels),
    )


def order_of(noun: Noun[Any], query: Query) -> tuple[Order, ...]:
    """The order that decides between any two rows: the query's, then the id. Raises Invalid for an unknown field."""
    for one in query.order:
        if _column(noun, one.field).info.get(JSON):
            raise Invalid(field=one.field, reason="unknown_field")
    if any(one.field == "id" for one in query.order):
        return query.order
    return (*query.order, Order("id", bool(query.order) and query.order[-1].descending))


def params_of(noun: Noun[Any], query: Query) -> Params:
    """The filters' values by their names in the statement; tuples of `in` are still to be packed."""
    params: Params = {}
    for n, one in enumerate(query.filters):
        if isinstance(one, AnyOf):
            for k, way in enumerate(one.filters):
                params |= _param(noun, way, f"f{n}_{k}")
        else:
            params |= _param(noun, one, f"f{n}")
    for n, label in enumerate(query.labels):
        params |= {"kind": noun.kind, f"l{n}_space": label.namespace, f"l{n}_key": label.key}
        if label.value is not None:
            params[f"l{n}_value"] = label.value
    return params


def _param(noun: Noun[Any], one: Filter, name: str) -> Params:
    if one.op == "null" or one.value is None:
        return {}
    nested = _column(noun, one.field).info.get(JSON)
    found: Params = {name: msgspec.json.encode(one.value).decode() if nested else one.value}
    if one.op == "prefix":
        found[f"{name}_end"] = f"{one.value}{LAST_CHARACTER}"
    return found


# --- statements ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def find_statement(noun: Noun[Any], shape: Shape) -> Executable:
    statement = select(*noun.codec.columns).where(*_where(noun, shape))
    if shape.after is not None:
        statement = statement.where(_beyond(noun, shape.order, shape.after))
    for one in shape.order:
        column = noun.table.c[one.field]
        direction = column.desc() if one.descending else column.asc()
        if column.nullable:
            direction = direction.nulls_last() if one.descending else direction.nulls_first()
        statement = statement.order_by(direction)
    return statement.limit(bindparam("most", type_=Integer)) if shape.limited else statement


@lru_cache(maxsize=256)
def count_statement(noun: Noun[Any], shape: Shape) -> Executable:
    return select(func.count()).select_from(noun.table).where(*_where(noun, shape))


@lru_cache(maxsize=256)
def tally_statement(noun: Noun[Any], shape: Shape, field: str) -> Executable:
    column = _column(noun, field)
    return select(column, func.count()).where(*_where(noun, shape)).group_by(column)


@lru_cache(maxsize=256)
def marker_statement(noun: Noun[Any], order: tuple[Order, ...]) -> Executable:
    return select(*(noun.table.c[one.field] for one in order)).where(noun.table.c.id == bindparam("id"))


def _where(noun: Noun[Any], shape: Shape) -> list[ColumnElement[bool]]:
    filters = [
        _condition(noun.table.c[one.field], one, f"f{n}")
        if isinstance(one, Asked)
        else or_(false(), *(_condition(noun.table.c[way.field], way, f"f{n}_{k}") for k, way in enumerate(one)))
        for n, one in enumerate(shape.filters)
    ]
    return filters + [_labelled(noun, one, f"l{n}") for n, one in enumerate(shape.labels)]


def _condition(column: Column[Any], asked: Asked, name: str) -> ColumnElement[bool]:
    value = bindparam(name, type_=column.type)
    if asked.op == "null" and column.info.get(JSON) and not column.nullable:
        empty = or_(*(column == nothing for nothing in EMPTY))
        return empty if asked.value else not_(empty)
    if asked.op == "null":
        return column.is_(None) if asked.value else column.is_not(None)
    if asked.none:
        return column.is_(None) if asked.op == "eq" else column.is_not(None)
    if column.info.get(JSON):
        return Holds(column, value)
    if asked.op == "in":
        return Among(column, bindparam(name))
    if asked.op == "like":
        return column.like(value, escape="\\")
    if asked.op == "ilike":
        return column.ilike(value, escape="\\")
    if asked.op == "prefix":
        return and_(column >= value, column < bindparam(f"{name}_end", type_=column.type))
    return COMPARISONS[asked.op](column, value)


def _labelled(noun: Noun[Any], tagged: Tagged, name: str) -> ColumnElement[bool]:
    labels = label_table.c
    found = exists().where(
        labels.kind == bindparam("kind"),
        labels.resource_id == noun.table.c.id,
        labels.namespace == bindparam(f"{name}_space"),
        labels.key == bindparam(f"{name}_key"),
    )
    if tagged.with_value:
        found = found.where(labels.value == bindparam(f"{name}_value"))
    return not_(found) if tagged.absent else found


# --- after the marker ---------------------------------------------------------------------------------


def _beyond(noun: Noun[Any], order: tuple[Order, ...], nones: tuple[bool, ...]) -> ColumnElement[bool]:
    """Rows after the marker: first field beyond; or equal, and the second beyond; and so on."""
    ways: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for n, (one, none) in enumerate(zip(order, nones, strict=True)):
        column = noun.table.c[one.field]
        at = bindparam(f"m{n}", type_=column.type)
        ways.append(and_(*equal, _past(column, at, none=none, descending=one.descending)))
        equal.append(column.is_(None) if none else column == at)
    return or_(*ways)


def _past(column: Column[Any], at: ColumnElement[Any], *, none: bool, descending: bool) -> ColumnElement[bool]:
    if none:
        return false() if descending else column.is_not(None)
    if not descending:
        return column > at
    return or_(column < at, column.is_(None)) if column.nullable else column < at


# --- what can be asked --------------------------------------------------------------------------------


def _column(noun: Noun[Any], field: str) -> Column[Any]:
    column: Column[Any] | None = noun.table.c.get(field)
    if column is None:
        raise Invalid(field=field, reason="unknown_field")
    return column


def _asked_or(noun: Noun[Any], one: Filter | AnyOf) -> Asked | tuple[Asked, ...]:
    if isinstance(one, AnyOf):
        return tuple(_asked(noun, way) for way in one.filters)
    return _asked(noun, one)


def _asked(noun: Noun[Any], one: Filter) -> Asked:
    column = _column(noun, one.field)
    if column.info.get(JSON) and (one.op not in {"eq", "null"} or (one.op == "eq" and not isinstance(one.value, str))):
        raise Invalid(field=one.field, reason="unknown_field")
    values = one.value if isinstance(one.value, tuple) else (one.value,)
    if (one.op == "in") != isinstance(one.value, tuple):
        raise Invalid(field=one.field, reason="wrong_type")
    if one.op != "null" and not all(value is None or _fits(column, value) for value in values):
        raise Invalid(field=one.field, reason="wrong_type")
    if one.value is None and one.op not in {"eq", "ne"}:
        raise Invalid(field=one.field, reason="wrong_type")
    return Asked(one.field, one.op, one.value is None, one.op == "null" and bool(one.value))


def _fits(column: Column[Any], value: Scalar) -> bool:
    if isinstance(column.type, Boolean):
        return isinstance(value, bool)
    if isinstance(column.type, Double):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(column.type, BigInteger):
        return isinstance(value, int) and not isinstance(value, bool) and -LONGEST_INTEGER <= value < LONGEST_INTEGER
    return isinstance(value, str)
