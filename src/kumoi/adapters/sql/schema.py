"""How tables are spelt: the one MetaData, names for every constraint, and the few kinds of column there are.

A noun's table has one column for each field of its struct, under the field's name. Nested fields are JSON text, times
are seconds since the epoch. Texts compare by code point on both databases (PostgreSQL: collation "C"), so that an
order and a marker mean the same everywhere.
"""

from collections.abc import Iterator

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, MetaData, Text
from sqlalchemy.types import TypeEngine

NAMES = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
ROW_NUMBER: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers only INTEGER keys itself
JSON = "json"


def key(name: str = "id") -> Column[str]:
    return Column(name, TEXT, primary_key=True)


def row_number(name: str) -> Column[int]:
    """A key that the database counts up itself."""
    return Column(name, ROW_NUMBER, primary_key=True, autoincrement=True)


def texts(*names: str, null: bool = False) -> Iterator[Column[str]]:
    return (Column(name, TEXT, nullable=null) for name in names)


def integers(*names: str, null: bool = False) -> Iterator[Column[int]]:
    return (Column(name, BigInteger, nullable=null) for name in names)


def times(*names: str, null: bool = False) -> Iterator[Column[float]]:
    return (Column(name, Double, nullable=null) for name in names)


def switches(*names: str) -> Iterator[Column[bool]]:
    return (Column(name, Boolean, nullable=False) for name in names)


def nested(*names: str, null: bool = False) -> Iterator[Column[str]]:
    """JSON text of a struct, tuple or dict."""
    return (Column(name, TEXT, nullable=null, info={JSON: True}) for name in names)


def kept() -> Iterator[Column[float] | Column[int]]:
    """The columns of a noun with compare-and-swap, times and a tombstone."""
    yield from integers("generation")
    yield from times("created_at", "updated_at")
    yield from times("deleted_at", null=True)
