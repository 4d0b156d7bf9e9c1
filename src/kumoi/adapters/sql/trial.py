"""Databases for tests and trials: files that are gone afterwards, each a copy of one that this process founded."""

import uuid
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from kumoi.adapters.sql.migrate import migrate
from kumoi.adapters.sql.sqlite import SqliteDatabase

FILE = "kumoi.db"


def trial(folder: Path) -> SqliteDatabase:
    """A new one in this folder, at this version's schema, with an id of its own."""
    (folder / FILE).write_bytes(_founded())
    database = SqliteDatabase(folder / FILE, synchronous="OFF")
    with closing(database.connect()) as raw:
        raw.execute("UPDATE cloud SET id = ?", (str(uuid.uuid4()),))
    return database


@cache
def _founded() -> bytes:
    with TemporaryDirectory(prefix="kumoi-founded-") as folder:
        migrate(SqliteDatabase(Path(folder) / FILE, synchronous="OFF"))
        return (Path(folder) / FILE).read_bytes()
