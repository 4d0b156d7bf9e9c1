"""The shelf of series: tables of their own, in a file beside an embedded database, or in PostgreSQL beside the truth's.

A commit here waits for no disk: the last ones may be lost with the power, and nothing else. Blocks lie by time, so
that what is written at the same time goes to the same pages. There are no migrations: a file that cannot be read is
put aside and begun anew. What does not belong here: what is in a block.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    or_,
    select,
)
from sqlalchemy import Column as Col
from sqlalchemy.dialects.postgresql import insert

from kumoi.adapters.sql.connection import Again, Connection, Database, unavailable
from kumoi.adapters.sql.language import Among
from kumoi.adapters.sql.schema import NAMES, row_number, texts
from kumoi.adapters.sql.sqlite import SqliteDatabase
from kumoi.contracts.series import Block, Track
from kumoi.core.ids import InstanceId

T = TypeVar("T")
FILE_NAME: Final = "metrics.sqlite"
_metadata = MetaData(naming_convention=NAMES)

_tracks = Table(
    "series_tracks",
    _metadata,
    row_number("number"),
    *texts("instance_id", "subject", "meters"),
    UniqueConstraint("instance_id", "subject", "meters"),
    sqlite_autoincrement=True,  # a number names one track for ever: its blocks are dropped later than it
)
_blocks = Table(
    "series_blocks",
    _metadata,
    Col("level", Integer, nullable=False),
    Col("start", BigInteger, nullable=False),
    Col("track", BigInteger, nullable=False),
    Col("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "start", "track"),
)
_rolled = Table(
    "series_rolled",
    _metadata,
    Col("level", Integer, primary_key=True, autoincrement=False),
    Col("upto", BigInteger, nullable=False),
)

_t, _b = _tracks.c, _blocks.c
_ONE = and_(
    _t.instance_id == bindparam("instance_id"), _t.subject == bindparam("subject"), _t.meters == bindparam("meters")
)
_FIND = select(_t.number).where(_ONE)
_ADD = (
    insert(_tracks)
    .values({name: bindparam(name) for name in ("instance_id", "subject", "meters")})
    .on_conflict_do_nothing()
    .returning(_t.number)
)
_OF = select(_t.subject, _t.meters, _t.number).where(_t.instance_id == bindparam("instance_id"))
_NUMBERS = select(_t.number).where(_t.number > bindparam("after")).order_by(_t.number).limit(bindparam("most"))
_INSTANCES = select(_t.instance_id).distinct()
_FORGET = delete(_tracks).where(Among(_t.instance_id, bindparam("ids")))
_new = insert(_blocks).values({name: bindparam(name) for name in ("level", "start", "track", "data")})
_PUT = _new.on_conflict_do_update(index_elements=["level", "start", "track"], set_={"data": _new.excluded.data})
_GET = select(_b.track, _b.start, _b.data).where(
    _b.level == bindparam("level"), Among(_b.start, bindparam("starts")), Among(_b.track, bindparam("tracks"))
)
_ROLLED = select(_rolled.c.upto).where(_rolled.c.level == bindparam("level"))
_upto = insert(_rolled).values(level=bindparam("level"), upto=bindparam("upto"))
_SET_ROLLED = _upto.on_conflict_do_update(index_elements=["level"], set_={"upto": _upto.excluded.upto})
_SWEEP = delete(_blocks).where(
    _b.level == bindparam("level"),
    or_(
        _b.start < bindparam("before"),
        and_(_b.start == bindparam("at"), _b.track.not_in(select(_t.number))),
    ),
)


class SqlShelf:
    """`contracts.series.Shelf`: one connection to write and one to read, each used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._known: dict[Track, int] = {}

    def number(self, tracks: Iterable[Track]) -> dict[Track, int]:
        wanted = list(tracks)
        new = [track for track in wanted if track not in self._known]
        if new:
            found = self._write(lambda c: {track: _number(c, track) for track in new})
            self._known |= found
        return {track: self._known[track] for track in wanted}

    def of(self, instance_id: InstanceId) -> dict[Track, int]:
        rows = self._read(lambda c: c.run(_OF, {"instance_id": instance_id}))
        return {Track(instance_id, subject, tuple(meters.split())): number for subject, meters, number in rows}

    def numbers(self, after: int, limit: int) -> list[int]:
        return [row[0] for row in self._read(lambda c: c.run(_NUMBERS, {"after": after, "most": limit}))]

    def instances(self) -> set[InstanceId]:
        return {InstanceId(row[0]) for row in self._read(lambda c: c.run(_INSTANCES, {}))}

    def forget(self, instances: Iterable[InstanceId]) -> None:
        gone = set(instances)
        self._write(lambda c: c.run(_FORGET, {"ids": c.pack(gone)}))
        self._known = {track: number for track, number in self._known.items() if track.instance_id not in gone}

    def put(self, level: int, blocks: Sequence[Block]) -> None:
        rows = [{"level": level, "start": b.start, "track": b.track, "data": b.data} for b in blocks]
        if rows:
            self._write(lambda c: c.run_many(_PUT, rows))

    def get(self, level: int, starts: Sequence[int], tracks: Sequence[int]) -> list[Block]:
        rows = self._read(
            lambda c: c.run(_GET, {"level": level, "starts": c.pack(starts), "tracks": c.pack(tracks)})
        )  # fmt: skip
        return [Block(*row) for row in rows]

    def rolled(self, level: int) -> int | None:
        rows = self._read(lambda c: c.run(_ROLLED, {"level": level}))
        return int(rows[0][0]) if rows else None

    def set_rolled(self, level: int, upto: int) -> None:
        self._write(lambda c: c.run(_SET_ROLLED, {"level": level, "upto": upto}))

    def sweep(self, level: int, before: int, start: int) -> None:
        self._write(lambda c: c.run(_SWEEP, {"level": level, "before": before, "at": start}))

    def close(self) -> None:
        for lock, connection in ((self._writing, self._writer), (self._reading, self._reader)):
            with lock:
                if connection is not None:
                    connection.close()

    # --- inside --------------------------------------------------------------------------------

    def _write(self, fn: Callable[[Connection], T]) -> T:
        with self._writing:
            return self._tried(fn, self._write_once)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._reading:
            return self._tried(fn, self._read_once)

    def _tried(self, fn: Callable[[Connection], T], once: Callable[[Callable[[Connection], T]], T]) -> T:
        last: Again | None = None
        for _ in range(self._database.write_tries):
            try:
                return once(fn)
            except Again as again:
                last = again
                if not again.repeatable:
                    break
        raise unavailable(last) from last

    def _write_once(self, fn: Callable[[Connection], T]) -> T:
        if self._writer is None or not self._writer.usable():
            self._writer = self._database.writer()
        connection = self._writer
        try:
            connection.begin()
            done = fn(connection)
            connection.commit()
            return done
        finally:
            connection.rollback()

    def _read_once(self, fn: Callable[[Connection], T]) -> T:
        if self._reader is None or not self._reader.usable():
            self._reader = self._database.reader()
        connection = self._reader
        try:
            connection.begin()
            return fn(connection)
        finally:
            connection.rollback()


def _number(connection: Connection, track: Track) -> int:
    row = {"instance_id": track.instance_id, "subject": track.subject, "meters": " ".join(track.meters)}
    found = connection.run(_FIND, row) or connection.run(_ADD, row)
    if not found:  # another process was quicker
        raise Again("a track's number")
    return int(found[0][0])


def open_shelf(url: str) -> SqlShelf:
    """Beside the truth of this URL (see `store.open_store`). Raises Unavailable (what=database)."""
    scheme, _, rest = url.partition("://")
    try:
        if scheme == "sqlite":
            return _opened(_readable(Path(rest.removeprefix("/")).with_name(FILE_NAME)))
        from kumoi.adapters.sql.postgres import PostgresDatabase  # the driver is loaded only where it is used

        return _opened(PostgresDatabase(f"postgresql://{rest}", durable=False))
    except Again as again:
        raise unavailable(again) from again


def _opened(database: Database) -> SqlShelf:
    engine = database.engine()
    with engine.begin() as connection:
        _metadata.create_all(connection)
    engine.dispose()
    return SqlShelf(database)


def _readable(path: Path) -> SqliteDatabase:
    """The file; one that is no database any more is put aside: charts begin anew, the cloud goes on."""
    database = SqliteDatabase(path, synchronous="NORMAL")
    try:
        database.connect().close()
    except sqlite3.DatabaseError:
        path.replace(path.with_suffix(".broken"))
        for leaving in ("-wal", "-shm"):
            path.with_name(path.name + leaving).unlink(missing_ok=True)
    return database
