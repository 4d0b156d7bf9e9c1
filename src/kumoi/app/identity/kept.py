"""What an administrator enters and everybody who calls may be told of: one set of doors for nouns that are alike.

A noun says what is checked when one of it is entered or changed, and what goes with one that goes. What does not belong
here: nouns that somebody acts on in their own way (`catalog`, `roles`).
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import hex_id
from kumoi.core.kept import Policy
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

T = TypeVar("T", bound=msgspec.Struct)
URL_MOST = 256


class Noun(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """`check` refuses a row as it would be; `end` takes along what goes with it. `read`: the action of whoever
    looks."""

    kind: str
    rows: Callable[[Transaction], Rows[T]]
    check: Callable[[Transaction, T], None] = lambda _tx, _row: None
    end: Callable[[Transaction, str], None] = lambda _tx, _id: None
    read: str = "identity.read"


def find(house: House, call: Call, noun: Noun[T], query: Query) -> list[T]:
    allow(call, noun.read)
    return house.store.read(lambda tx: noun.rows(tx).find(query))


def get(house: House, call: Call, noun: Noun[T], row_id: str) -> T:
    allow(call, noun.read)
    return house.store.read(lambda tx: known(tx, noun, row_id))


def create(house: House, call: Call, noun: Noun[T], wish: T) -> T:
    """With the id that the caller chose, or (empty) one that is chosen here. Taken when it is."""
    allow(call, "identity.write")
    made = replace(wish, id=_id_of(wish) or hex_id(house.chance.uuid()))

    def write(tx: Transaction) -> T:
        noun.check(tx, made)
        noun.rows(tx).insert(made)
        record(tx, house, call, f"{noun.kind}.create", Thing(noun.kind, _id_of(made), ""))
        return made

    return house.store.write(write)


def update(house: House, call: Call, noun: Noun[T], row_id: str, changes: dict[str, Any]) -> T:
    allow(call, "identity.write")

    def write(tx: Transaction) -> T:
        new = replace(known(tx, noun, row_id), **changes)
        noun.check(tx, new)
        record(tx, house, call, f"{noun.kind}.update", Thing(noun.kind, row_id, ""))
        return noun.rows(tx).save(new)

    return house.store.write(write)


def delete(house: House, call: Call, noun: Noun[T], row_id: str) -> None:
    allow(call, "identity.write")

    def write(tx: Transaction) -> None:
        known(tx, noun, row_id)
        noun.end(tx, row_id)
        noun.rows(tx).remove(row_id)
        record(tx, house, call, f"{noun.kind}.delete", Thing(noun.kind, row_id, ""))

    house.store.write(write)


def known(tx: Transaction, noun: Noun[T], row_id: str) -> T:
    found = noun.rows(tx).get(row_id)
    if found is None:
        raise NotFound("identity", kind=noun.kind, id=row_id)
    return found


def remove_all(rows: Rows[Any], field: str, value: str) -> None:
    """What belongs to something that goes."""
    for row in rows.find(Query(filters=(eq(field, value),))):
        rows.remove(row.id)


def check_url(field: str, url: str) -> None:
    if not url.startswith(("http://", "https://")) or len(url) > URL_MOST or any(c.isspace() for c in url):
        raise Invalid("identity", field=field, reason="format")


def _id_of(row: Any) -> str:
    found: str = row.id
    return found


POLICIES: Noun[Policy] = Noun(kind="policy", rows=lambda tx: tx.policies)
