"""The store: `open_store(url)` is the way in.

URLs: `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite://` (a file of its own that is gone afterwards:
for tests and trials), `postgresql://…` as libpq reads it.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import bindparam, select, update

from kumoi.adapters.sql.connection import Again, Database, unavailable
from kumoi.adapters.sql.language import DatabaseNow
from kumoi.adapters.sql.migrate import migrate
from kumoi.adapters.sql.readers import Readers
from kumoi.adapters.sql.sqlite import SqliteDatabase
from kumoi.adapters.sql.tables import cloud
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.adapters.sql.trial import trial
from kumoi.adapters.sql.turn import Turn
from kumoi.adapters.sql.writer import Writer
from kumoi.core.errors import Invalid

T = TypeVar("T")
TRIAL = "sqlite://"
_CLOUD = select(cloud.c.id, cloud.c.epoch, DatabaseNow())
_RAISE = update(cloud).values(epoch=bindparam("epoch"))


class SqlStore:
    """`contracts.store.Store`. `folder` is removed with the store, where it has one of its own."""

    def __init__(
        self, database: Database, folder: Path | None = None, committed: Callable[[float], None] = lambda _took_s: None
    ) -> None:
        self.folder = folder
        self._forget = weakref.finalize(self, _remove, folder)  # also when nobody closed it
        self._turn = Turn()
        self._writer = Writer(database, self._turn, committed)
        self._readers = Readers(database, self._turn)

    def write(self, fn: Callable[[SqlTransaction], T]) -> T:
        return self._writer.write(fn)

    def read(self, fn: Callable[[SqlTransaction], T]) -> T:
        return self._readers.read(fn)

    def watch(self, callback: Callable[[], None]) -> None:
        self._writer.watch(callback)

    def epoch(self) -> int:
        return self.read(lambda tx: int(tx.session.rows(_CLOUD)[0][1]))

    def cloud_id(self) -> str:
        """A UUID, made with the database."""
        return self.read(lambda tx: str(tx.session.rows(_CLOUD)[0][0]))

    def raise_epoch(self) -> int:
        """To be called once after a restore, before anything else is started: what hosts have is older from then on.

        An epoch is the second in which it began, so that a copy restored twice never has the same one twice.
        """
        return self.write(_raised)

    def waiting(self) -> int:
        """How many writes have not begun: a figure for the metrics."""
        return self._writer.waiting()

    def close(self) -> None:
        """Wait for the batch at work, then close. Twice is harmless; a use afterwards is an error."""
        self._turn.end()
        self._writer.close()
        self._readers.close()
        self._forget()


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _raised(tx: SqlTransaction) -> int:
    _, was, now = tx.session.rows(_CLOUD)[0]
    epoch: int = max(was + 1, int(now))
    tx.session.change(_RAISE, epoch=epoch)
    return epoch


def open_store(url: str, committed: Callable[[float], None] = lambda _took_s: None) -> SqlStore:
    """Bring the schema up to this version's and open it. `committed` is told how many seconds each commit took.

    Raises Unsupported (what=schema) when the schema is newer, Unavailable (what=database), Invalid (field=url).
    """
    folder = Path(tempfile.mkdtemp(prefix="kumoi-store-")) if url == TRIAL else None
    try:
        database = trial(folder) if folder else database_of(url)
        migrate(database)
    except Again as again:
        raise unavailable(again) from again
    return SqlStore(database, folder, committed)


def database_of(url: str) -> Database:
    scheme, _, rest = url.partition("://")
    if scheme in {"postgresql", "postgresql+psycopg"}:
        from kumoi.adapters.sql.postgres import PostgresDatabase  # the driver is loaded only where it is used

        return PostgresDatabase(f"postgresql://{rest}")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return SqliteDatabase(Path(rest.removeprefix("/")))
    raise Invalid("store", field="url", reason="unknown_scheme")
