"""Plan sections: doors leave marks, the one stamper turns marks into numbered entries, the link reads deltas."""

from typing import Protocol

import msgspec

from kumoi.core.ids import SectionKey
from kumoi.core.plan import Entry, SectionDelta


class Mark(msgspec.Struct, frozen=True):
    """ "The entry may have changed": insert-only, deleted by the stamper in the transaction that stamps.

    `rows`: the store's own names of the marks that were coalesced into this one; exactly these are deleted by `unmark`.
    """

    section: SectionKey
    entry: str
    rows: tuple[int, ...] = ()


class Backlog(msgspec.Struct, frozen=True):
    """Marks that wait for the stamper, for how many seconds the oldest has, and how many sections there are."""

    marks: int
    oldest_s: float
    sections: int


class Stamp(msgspec.Struct, frozen=True):
    """What an entry is now: `body` JSON bytes, or None for absent with its cause."""

    section: SectionKey
    entry: str
    body: bytes | None
    cause: str = ""


class Sections(Protocol):
    def mark(self, section: SectionKey, entry: str) -> None: ...
    def marks(self, limit: int) -> list[Mark]: ...
    def backlog(self) -> Backlog: ...
    def unmark(self, marks: list[Mark]) -> None: ...
    def stamp(self, stamps: list[Stamp]) -> dict[SectionKey, int]:
        """Write the entries whose body differs, one new serial for each section that changed; returns the new
        serials. What is absent and never was present becomes a tombstone too: what it holds waits for a proof."""
        ...

    def delta(self, section: SectionKey, have: int) -> SectionDelta | None:
        """Entries newer than `have`, tombstones included; None when there are none (or no such section)."""
        ...

    def serial(self, section: SectionKey) -> int:
        """0 for a section that never had an entry."""
        ...

    def entry(self, section: SectionKey, entry: str) -> Entry | None:
        """The entry as it was stamped last, tombstones included; None when unknown."""
        ...

    def tombstones(self, section: SectionKey, upto: int) -> list[str]:
        """The ids of absent entries whose serial is at most `upto`."""
        ...

    def forget(self, section: SectionKey, entry: str) -> None:
        """Drop a tombstone. The section remembers the highest serial it forgot (its floor): a delta for a `have`
        that is above 0 and below the floor is answered `whole`, with all present entries."""
        ...

    def crowded(self, prefix: str, spare: int) -> list[SectionKey]:
        """Sections whose key starts so, with nothing but tombstones, or over `spare` more of them than entries."""
        ...

    def thin(self, section: SectionKey) -> None:
        """Forget all of its tombstones: for shared sections, where absence waits for no proof."""
        ...

    def drop(self, section: SectionKey) -> None:
        """Forget a section of something that is gone for good; who still has it hears no more of it."""
        ...
