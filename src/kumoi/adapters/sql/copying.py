"""Copies of the embedded database: taken while the cloud writes, and made current before a cloud is begun with one.

What does not belong here: what else a cloud needs to come back (ops.backup); PostgreSQL, which has tools of its own.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from kumoi.adapters.sql.connection import Again, unavailable
from kumoi.adapters.sql.sqlite import SqliteDatabase
from kumoi.adapters.sql.store import database_of, open_store
from kumoi.core.errors import Unsupported


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """Whose database it is, and of which schema."""

    cloud_id: str
    revision: str


def copy(url: str, target: Path) -> Copied:
    """One moment of the database, in a new file (0600). Nobody waits for it.

    Raises Unsupported (what: a database that is no file), Unavailable (what: database).
    """
    database = database_of(url)
    if not isinstance(database, SqliteDatabase):
        raise Unsupported("store", what="copy", reason="postgresql")
    target.touch(mode=0o600, exist_ok=False)
    try:
        with closing(database.connect()) as source, closing(sqlite3.connect(target)) as made:
            source.backup(made)  # all pages in one step: a reader, which no writer of this log waits for
            made.execute("PRAGMA journal_mode=DELETE")  # one file, none beside it
    except Again as again:
        raise unavailable(again) from again
    except sqlite3.OperationalError as error:
        full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
        raise unavailable(Again(str(error), repeatable=False, full=full)) from error
    return look(target)


def replace(url: str, target: Path) -> Copied:
    """The same in the place of an older copy, which stays until this one is whole."""
    fresh = target.with_name(target.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        copied = copy(url, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return copied


def look(path: Path) -> Copied:
    """What a copy says of itself. Raises Unsupported (what: schema) where it is no database of a cloud's."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
            (cloud_id,) = raw.execute("SELECT id FROM cloud").fetchone()
            (revision,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.DatabaseError, TypeError) as error:
        raise Unsupported("store", what="schema", reason="no_database", found=str(error)) from error
    return Copied(cloud_id=str(cloud_id), revision=str(revision))


def age(path: Path) -> None:
    """Raise a copy's epoch as `renew` does, and leave its schema, which is another version's affair."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE cloud SET epoch = max(epoch + 1, CAST(strftime('%s', 'now') AS INTEGER))")


def renew(path: Path) -> int:
    """Bring a copy to this version's schema and raise its epoch, which is answered: what hosts know is older from now
    on. Before anybody else opens it. Raises Unsupported (what: schema) where it is a newer version's."""
    with closing(open_store(f"sqlite:///{path}")) as store:
        epoch = store.raise_epoch()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    return epoch
