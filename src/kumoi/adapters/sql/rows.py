"""Rows of any noun, in one transaction."""

from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from kumoi.adapters.sql.connection import Conflict, Session
from kumoi.adapters.sql.language import Params
from kumoi.adapters.sql.noun import RULING, Noun
from kumoi.adapters.sql.queries import (
    count_statement,
    find_statement,
    marker_statement,
    order_of,
    params_of,
    shape_of,
    tally_statement,
)
from kumoi.adapters.sql.serial import raise_serial
from kumoi.core.errors import NotFound, Stale, Taken
from kumoi.core.query import Query

T = TypeVar("T", bound=msgspec.Struct)


class SqlRows(Generic[T]):
    """`contracts.store.rows.Rows` of one noun."""

    __slots__ = ("_noun", "_session")

    def __init__(self, session: Session, noun: Noun[T]) -> None:
        self._session = session
        self._noun = noun

    def get(self, row_id: str) -> T | None:
        rows = self._session.rows(self._noun.get, id=row_id)
        return self._noun.codec.from_row(rows[0]) if rows else None

    def many(self, ids: tuple[str, ...]) -> list[T]:
        if not ids:
            return []
        return self._noun.codec.from_rows(self._session.rows(self._noun.many, ids=self._session.pack(ids)))

    def find(self, query: Query) -> list[T]:
        order = order_of(self._noun, query)
        shape = shape_of(self._noun, query)._replace(order=order, limited=query.limit is not None)
        params = self._packed(query)
        if query.marker is not None:
            found = self._session.rows(marker_statement(self._noun, order), id=query.marker)
            if not found:
                raise NotFound("store", kind=self._noun.kind, id=query.marker)
            shape = shape._replace(after=tuple(value is None for value in found[0]))
            params |= {f"m{n}": value for n, value in enumerate(found[0])}
        if query.limit is not None:
            params["most"] = query.limit
        return self._noun.codec.from_rows(self._session.rows(find_statement(self._noun, shape), **params))

    def count(self, query: Query) -> int:
        shape = shape_of(self._noun, query)
        rows = self._session.rows(count_statement(self._noun, shape), **self._packed(query))
        return int(rows[0][0])

    def tally(self, field: str, query: Query) -> dict[str, int]:
        statement = tally_statement(self._noun, shape_of(self._noun, query), field)
        return dict(self._session.rows(statement, **self._packed(query)))

    def insert(self, row: T) -> None:
        params = self._noun.codec.to_params(row)
        if not self._session.change(self._noun.insert, **params):
            raise self._taken(params)
        self._changed()

    def save(self, row: T) -> T:
        params = self._noun.codec.to_params(row)
        try:
            saved = self._save(params)
        except Conflict:
            raise self._taken(params) from None
        if not saved:
            exists = self._session.rows(self._noun.get, id=params["id"])
            raise (Stale if exists else NotFound)("store", kind=self._noun.kind, id=params["id"])
        self._changed()
        if not self._noun.has_generation:
            return row
        return replace(row, generation=params["generation"] + 1)

    def remove(self, row_id: str) -> bool:
        removed = bool(self._session.change(self._noun.remove, id=row_id))
        if removed:
            self._changed()
        return removed

    def _changed(self) -> None:
        if self._noun in RULING and not self._session.ruled:
            self._session.ruled = True
            raise_serial(self._session)

    def _save(self, params: Params) -> bool:
        run = self._session.guarded if self._noun.uniques else self._session.change
        return bool(run(self._noun.save, **params))

    def _taken(self, params: Params) -> Taken:
        """Which of the unique things it is, by asking for each."""
        for column, another in self._noun.uniques:
            if self._session.rows(another, **params):
                return Taken("store", kind=self._noun.kind, name=params[column], field=column)
        return Taken("store", kind=self._noun.kind, name=params["id"], field="id")

    def _packed(self, query: Query) -> dict[str, Any]:
        params = params_of(self._noun, query)
        return {k: self._session.pack(v) if isinstance(v, tuple) else v for k, v in params.items()}
