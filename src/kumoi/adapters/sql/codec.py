"""A struct as a row and back. Only nested fields and SQLite's truth values need a hand; all else passes as it is."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import asdict, fields
from sqlalchemy import Boolean, Column, Table

from kumoi.adapters.sql.language import Params, Row
from kumoi.adapters.sql.schema import JSON

T = TypeVar("T", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode


class Codec(Generic[T]):
    """`columns`: in the struct's order, which is also the order of a selected row."""

    def __init__(self, struct: type[T], table: Table) -> None:
        infos = fields(struct)
        self._struct = struct
        self._names = tuple(info.name for info in infos)
        if missing := [name for name in self._names if name not in table.c]:
            raise TypeError(f"{struct.__name__} has fields that table {table.name} has not: {missing}")
        self.columns: tuple[Column[Any], ...] = tuple(table.c[name] for name in self._names)
        self._nested = tuple(c.name for c in self.columns if c.info.get(JSON))
        self._from_row: tuple[tuple[str, Callable[[Any], Any]], ...] = tuple(
            (info.name, msgspec.json.Decoder(info.type).decode if column.info.get(JSON) else bool)
            for info, column in zip(infos, self.columns, strict=True)
            if column.info.get(JSON) or isinstance(column.type, Boolean)
        )

    def to_params(self, value: T) -> Params:
        params = asdict(value)
        for name in self._nested:
            if params[name] is not None:
                params[name] = _encode(params[name]).decode()
        return params

    def from_row(self, row: Row) -> T:
        values = dict(zip(self._names, row, strict=True))
        for name, read in self._from_row:
            if values[name] is not None:
                values[name] = read(values[name])
        return self._struct(**values)

    def from_rows(self, rows: list[Row]) -> list[T]:
        return [self.from_row(row) for row in rows]
