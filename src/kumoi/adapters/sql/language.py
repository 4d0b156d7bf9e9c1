"""Core statements as text: compiled once per dialect, and the three things that the dialects spell differently.

SQLAlchemy's own execution costs more than half of a small statement, so statements are run on the driver as text. A
statement object is the cache's key: keep statements in module constants or in a cache of their own.
"""

from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Double, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import NullType

DialectName = Literal["sqlite", "postgresql"]
Params = dict[str, Any]
Row = tuple[Any, ...]

DIALECTS: Final[dict[DialectName, DefaultDialect]] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="named"),
    "postgresql": PGDialect_psycopg(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


class Text(NamedTuple):
    """What the driver runs. `constants`: the statement's own values (`used == 0`, `limit(1)`); callers add theirs."""

    sql: str
    constants: Params


@lru_cache(maxsize=2048)
def text_of(statement: Executable, dialect: DialectName) -> Text:
    compiled = statement.compile(dialect=DIALECTS[dialect])  # type: ignore[attr-defined]
    return Text(str(compiled), {k: v for k, v in compiled.params.items() if v is not None})


class DatabaseNow(FunctionElement[float]):
    """Seconds since the epoch by the database's clock, to the millisecond: the only clock that all processes share."""

    type = Double()
    inherit_cache = True


@compiles(DatabaseNow)
def _now_sqlite(_element: DatabaseNow, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseNow, "postgresql")
def _now_postgresql(_element: DatabaseNow, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


class Among(FunctionElement[Any]):
    """`column IN (values)` for any number of values in one parameter; the connection packs it (`Connection.pack`)."""

    type = NullType()  # a Boolean would be compared with 1 on SQLite, and no index used
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> None:
        super().__init__(column, values)


@compiles(Among)
def _among_sqlite(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (compiled clauses)


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} = ANY({values})"


class Holds(FunctionElement[Any]):
    """Whether the piece of text occurs in the column, letter by letter."""

    type = NullType()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], piece: ColumnElement[Any]) -> None:
        super().__init__(column, piece)


@compiles(Holds)
def _holds_sqlite(element: Holds, compiler: SQLCompiler, **kw: Any) -> str:
    column, piece = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"instr({column}, {piece}) > 0"


@compiles(Holds, "postgresql")
def _holds_postgresql(element: Holds, compiler: SQLCompiler, **kw: Any) -> str:
    column, piece = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"strpos({column}, {piece}) > 0"
