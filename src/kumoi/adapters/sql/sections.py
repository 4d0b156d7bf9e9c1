"""Plan sections: rows of entries with the serial at which each last changed, never bodies of whole sections.

A change costs the same at ten entries and at ten thousand, and so does a delta. The serial comes from the section's
own row (never from a sequence: those commit out of order, and a reader would miss an entry).

A mark is a row of its own each time, so that one left while the stamper works is not deleted with those it has seen;
they are coalesced where they are read.
"""

from itertools import groupby

import msgspec
from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kumoi.adapters.sql.claims import between, starts
from kumoi.adapters.sql.connection import Session
from kumoi.adapters.sql.language import Among, DatabaseNow, Params
from kumoi.adapters.sql.tables import section_entries, section_marks, sections
from kumoi.contracts.store.sections import Backlog, Mark, Stamp
from kumoi.core.errors import Stale
from kumoi.core.ids import SectionKey
from kumoi.core.plan import Entry, SectionDelta, entry_digest, section_digest

_MARK = insert(section_marks).values(section=bindparam("section"), entry=bindparam("entry"), at=DatabaseNow())
_BACKLOG = select(func.count(), func.coalesce(DatabaseNow() - func.min(section_marks.c.at), 0.0))
_COUNT = select(func.count()).select_from(sections)
_MARKS = (
    select(section_marks.c.row, section_marks.c.section, section_marks.c.entry)
    .order_by(section_marks.c.row)
    .limit(bindparam("most"))
)
_UNMARK = delete(section_marks).where(Among(section_marks.c.row, bindparam("rows")))

_HEAD = select(sections.c.serial, sections.c.floor, sections.c.digest).where(sections.c.key == bindparam("key"))
_BEGIN = upsert(sections).values(key=bindparam("key"), serial=0, floor=0, digest="").on_conflict_do_nothing()
_ADVANCE = (
    update(sections)
    .where(sections.c.key == bindparam("of_key"), sections.c.serial == bindparam("was"))
    .values(serial=bindparam("serial"), digest=bindparam("digest"))
    .returning(sections.c.key)
)
_RAISE_FLOOR = (
    update(sections)
    .where(sections.c.key == bindparam("of_key"), sections.c.floor < bindparam("floor"))
    .values(floor=bindparam("floor"))
)

_entry = section_entries.c
_ENTRIES = (
    select(_entry.id, _entry.serial, _entry.body, _entry.cause)
    .where(_entry.section == bindparam("section"), _entry.serial > bindparam("have"))
    .order_by(_entry.serial, _entry.id)
)
_PRESENT = (
    select(_entry.id, _entry.serial, _entry.body, _entry.cause)
    .where(_entry.section == bindparam("section"), _entry.body.is_not(None))
    .order_by(_entry.serial, _entry.id)
)
_BODIES = select(_entry.id, _entry.body).where(
    _entry.section == bindparam("section"), Among(_entry.id, bindparam("ids"))
)
_ENTRY = select(_entry.id, _entry.serial, _entry.body, _entry.cause).where(
    _entry.section == bindparam("section"), _entry.id == bindparam("id")
)
_TOMBSTONES = (
    select(_entry.id)
    .where(_entry.section == bindparam("section"), _entry.body.is_(None), _entry.serial <= bindparam("upto"))
    .order_by(_entry.serial, _entry.id)
)
_FORGET = (
    delete(section_entries)
    .where(_entry.section == bindparam("section"), _entry.id == bindparam("id"), _entry.body.is_(None))
    .returning(_entry.serial)
)
_CROWDED = (
    select(_entry.section)
    .where(starts(_entry.section))
    .group_by(_entry.section)
    .having(
        or_(
            func.count(_entry.body) == 0,
            func.count() - func.count(_entry.body) > func.count(_entry.body) + bindparam("spare"),
        )
    )
    .order_by(_entry.section)
)
_THIN = (
    delete(section_entries)
    .where(_entry.section == bindparam("section"), _entry.body.is_(None))
    .returning(_entry.serial)
)
_DROP_ENTRIES = delete(section_entries).where(_entry.section == bindparam("section"))
_DROP = delete(sections).where(sections.c.key == bindparam("section"))
_PUT = upsert(section_entries).values({c.name: bindparam(c.name) for c in _entry})
_PUT_ENTRY = _PUT.on_conflict_do_update(
    index_elements=["section", "id"],
    set_={name: _PUT.excluded[name] for name in ("serial", "body", "cause")},
)


class SqlSections:
    """`contracts.store.sections.Sections`."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    # --- marks ----------------------------------------------------------------------------------------

    def mark(self, section: SectionKey, entry: str) -> None:
        if (section, entry) not in self._session.marked:
            self._session.change(_MARK, section=section, entry=entry)
            self._session.marked.add((section, entry))

    def marks(self, limit: int) -> list[Mark]:
        seen: dict[tuple[SectionKey, str], list[int]] = {}
        for row, section, entry in self._session.rows(_MARKS, most=limit):
            seen.setdefault((section, entry), []).append(row)
        return [Mark(section, entry, tuple(rows)) for (section, entry), rows in seen.items()]

    def backlog(self) -> Backlog:
        marks, oldest_s = self._session.rows(_BACKLOG)[0]
        return Backlog(marks=marks, oldest_s=max(0.0, oldest_s), sections=self._session.rows(_COUNT)[0][0])

    def unmark(self, marks: list[Mark]) -> None:
        rows = [row for mark in marks for row in mark.rows]
        if rows:
            self._session.change(_UNMARK, rows=self._session.pack(rows))

    # --- stamping -------------------------------------------------------------------------------------

    def stamp(self, stamps: list[Stamp]) -> dict[SectionKey, int]:
        new: dict[SectionKey, int] = {}
        for section, group in groupby(sorted(stamps, key=_section), key=_section):
            serial = self._stamp(section, {stamp.entry: stamp for stamp in group})
            if serial is not None:
                new[section] = serial
        return new

    def _stamp(self, section: SectionKey, stamps: dict[str, Stamp]) -> int | None:
        """The new serial, or None when nothing differs."""
        old = self._bodies(section, list(stamps))
        changed = [stamp for stamp in stamps.values() if stamp.entry not in old or stamp.body != old[stamp.entry]]
        if not changed:
            return None
        was, _, digest = self._head(section) or self._first(section)
        total = int(digest or "0", 16)
        rows: list[Params] = []
        for stamp in changed:
            total -= _digest(section, stamp.entry, old.get(stamp.entry))
            total += _digest(section, stamp.entry, stamp.body)
            body = None if stamp.body is None else stamp.body.decode()
            cause = stamp.cause if body is None else ""
            rows.append({"section": section, "id": stamp.entry, "serial": was + 1, "body": body, "cause": cause})
        moved = self._session.change(_ADVANCE, of_key=section, was=was, serial=was + 1, digest=section_digest(total))
        if not moved:
            raise Stale("store", kind="section", id=section)
        self._session.change_many(_PUT_ENTRY, rows)
        return int(was + 1)

    def _bodies(self, section: SectionKey, entries: list[str]) -> dict[str, bytes | None]:
        rows = self._session.rows(_BODIES, section=section, ids=self._session.pack(entries))
        return {entry: None if body is None else body.encode() for entry, body in rows}

    def _first(self, section: SectionKey) -> tuple[int, int, str]:
        self._session.change(_BEGIN, key=section)
        return 0, 0, ""

    # --- reading --------------------------------------------------------------------------------------

    def delta(self, section: SectionKey, have: int) -> SectionDelta | None:
        head = self._head(section)
        if head is None or head[0] == have:
            return None
        serial, floor, digest = head
        whole = have > serial or 0 < have < floor
        rows = self._session.rows(_PRESENT if whole else _ENTRIES, section=section, have=have)
        return SectionDelta(
            key=section,
            serial=serial,
            digest=digest,
            entries=tuple(_told(*row) for row in rows),
            whole=whole,
        )

    def serial(self, section: SectionKey) -> int:
        head = self._head(section)
        return head[0] if head else 0

    def entry(self, section: SectionKey, entry: str) -> Entry | None:
        rows = self._session.rows(_ENTRY, section=section, id=entry)
        return _told(*rows[0]) if rows else None

    def tombstones(self, section: SectionKey, upto: int) -> list[str]:
        return [row[0] for row in self._session.rows(_TOMBSTONES, section=section, upto=upto)]

    def forget(self, section: SectionKey, entry: str) -> None:
        for (serial,) in self._session.change(_FORGET, section=section, id=entry):
            self._session.change(_RAISE_FLOOR, of_key=section, floor=serial)

    def crowded(self, prefix: str, spare: int) -> list[SectionKey]:
        return [row[0] for row in self._session.rows(_CROWDED, spare=spare, **between(prefix))]

    def thin(self, section: SectionKey) -> None:
        serials = [serial for (serial,) in self._session.change(_THIN, section=section)]
        if serials:
            self._session.change(_RAISE_FLOOR, of_key=section, floor=max(serials))

    def drop(self, section: SectionKey) -> None:
        self._session.change(_DROP_ENTRIES, section=section)
        self._session.change(_DROP, section=section)

    def _head(self, section: SectionKey) -> tuple[int, int, str] | None:
        """Serial, floor, digest."""
        rows = self._session.rows(_HEAD, key=section)
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def _section(stamp: Stamp) -> SectionKey:
    return stamp.section


def _told(entry: str, serial: int, body: str | None, cause: str) -> Entry:
    raw = msgspec.UNSET if body is None else msgspec.Raw(body.encode())
    return Entry(id=entry, serial=serial, body=raw, cause=cause)


def _digest(section: SectionKey, entry: str, body: bytes | None) -> int:
    return 0 if body is None else entry_digest(section, entry, body)
