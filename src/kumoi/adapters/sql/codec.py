"""A struct as a row and back. Only nested fields and SQLite's truth values need a hand; all else passes as it is."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec.structs import FieldInfo, asdict, fields
from sqlalchemy import Boolean, Column, Table

from kumoi.adapters.sql.language import Params, Row
from kumoi.adapters.sql.schema import JSON

T = TypeVar("T", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode


class Codec(Generic[T]):
    """`columns`: in the struct's order, which is also the order of a selected row."""

    def __init__(self, struct: type[T], table: Table) -> None:
        infos = fields(struct)
        if missing := [info.name for info in infos if info.name not in table.c]:
            raise TypeError(f"{struct.__name__} has fields that table {table.name} has not: {missing}")
        self.columns: tuple[Column[Any], ...] = tuple(table.c[info.name] for info in infos)
        self._nested = tuple(c.name for c in self.columns if c.info.get(JSON))
        hands = {info.name: _hand(info, column) for info, column in zip(infos, self.columns, strict=True)}
        self.from_row: Callable[[Row], T] = _reader(struct, hands)

    def to_params(self, value: T) -> Params:
        params = asdict(value)
        for name in self._nested:
            if params[name] is not None:
                params[name] = _encode(params[name]).decode()
        return params

    def from_rows(self, rows: list[Row]) -> list[T]:
        return [self.from_row(row) for row in rows]


def _hand(info: FieldInfo, column: Column[Any]) -> Callable[[Any], Any] | None:
    """What makes a field of what the database says; None: it is that already."""
    if column.info.get(JSON):
        return msgspec.json.Decoder(info.type).decode
    return bool if isinstance(column.type, Boolean) else None


def _reader(struct: type[T], hands: dict[str, Callable[[Any], Any] | None]) -> Callable[[Row], T]:
    """A function that makes a struct of a row, written out field by field as dataclasses write their own: lists have
    thousands of rows, and a dict for each costs as much again."""
    names: dict[str, Any] = {"struct": struct}
    given = []
    for place, (name, hand) in enumerate(hands.items()):
        value = f"row[{place}]"
        if hand is not None:
            names[f"hand{place}"] = hand
            value = f"None if {value} is None else hand{place}({value})"
        given.append(f"{name}={value}")
    return cast("Callable[[Row], T]", eval(f"lambda row: struct({', '.join(given)})", names))  # noqa: S307 - our names
