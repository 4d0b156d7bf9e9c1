"""One plan section as a host holds it: a value; a delta makes another one.

Tombstones are kept in a host's own section only: elsewhere what is absent is simply no longer there. Values may be
shared: a thousand simulated hosts hold the same network section, and decode it once.
"""

from functools import cached_property

import msgspec
from msgspec import UNSET

from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.errors import Stale
from kumoi.core.ids import NicId, SectionKey, SnapshotId, VolumeId
from kumoi.core.plan import (
    Entry,
    GroupEntry,
    InstanceEntry,
    MemberEntry,
    NetworkEntry,
    NicEntry,
    SectionDelta,
    Spec,
    SubnetEntry,
    VpcEntry,
    entry_digest,
    section_digest,
)
from kumoi.runtime import log

_decoder: msgspec.json.Decoder[Spec] = msgspec.json.Decoder(Spec)


def decode(entry: Entry) -> Spec | None:
    """What the entry says; None when it is absent, or says what this version does not understand: then it is let be."""
    if entry.body is UNSET:
        return None
    try:
        return _decoder.decode(entry.body)
    except msgspec.MsgspecError as e:
        log.get().warning("unreadable_entry", entry=entry.id, error=str(e))
        return None


class Section:
    """`sound`: the digest agrees; what is unsound still serves until it was sent anew."""

    def __init__(self, key: SectionKey, epoch: int, serial: int, entries: dict[str, Entry]) -> None:
        self.key = key
        self.epoch = epoch
        self.serial = serial
        self.entries = entries
        self.sound = True
        self._specs: dict[str, Spec] = {}
        self._total = 0

    @property
    def digest(self) -> str:
        return section_digest(self._total)

    def spec(self, entry_id: str) -> Spec | None:
        """The present entry of this id, decoded at the first call."""
        spec = self._specs.get(entry_id)
        if spec is None:
            entry = self.entries.get(entry_id)
            spec = decode(entry) if entry is not None else None
            if spec is not None:
                self._specs[entry_id] = spec
        return spec

    def absent(self, entry_id: str) -> bool:
        """Whether the plan says in so many words that it is not to be."""
        entry = self.entries.get(entry_id)
        return entry is not None and entry.body is UNSET

    def apply(self, epoch: int, delta: SectionDelta) -> "Section":
        """The section after the delta. Raises Stale when the delta is older than what is held."""
        if (epoch, delta.serial) < (self.epoch, self.serial):
            raise Stale("host", kind="section", id=self.key, have=self.serial, got=delta.serial)
        anew = self.replaced_by(epoch, delta)
        new = Section(self.key, epoch, delta.serial, {} if anew else dict(self.entries))
        if not anew:
            new._specs = dict(self._specs)
            new._total = self._total
        for entry in delta.entries:
            new._put(entry)
        new.sound = new.digest == delta.digest
        return new

    def replaced_by(self, epoch: int, delta: SectionDelta) -> bool:
        """Whether the delta is all there is, rather than what is newer."""
        return epoch > self.epoch or delta.whole or not self.sound

    def without(self, entry_ids: set[str]) -> "Section":
        """The same, tombstones of these ids forgotten."""
        kept = {k: e for k, e in self.entries.items() if e.body is not UNSET or k not in entry_ids}
        new = Section(self.key, self.epoch, self.serial, kept)
        new._specs, new._total, new.sound = self._specs, self._total, self.sound
        return new

    def _put(self, entry: Entry) -> None:
        old = self.entries.get(entry.id)
        if old is not None and old.body is not UNSET:
            self._total -= entry_digest(self.key, entry.id, bytes(old.body))
        if entry.body is not UNSET:
            self._total += entry_digest(self.key, entry.id, bytes(entry.body))
        self._specs.pop(entry.id, None)
        if entry.body is UNSET and not self.key.startswith("host/"):
            self.entries.pop(entry.id, None)
        else:
            self.entries[entry.id] = entry

    # --- by kind, for a section that does not change any more ------------------------------------

    @cached_property
    def _present(self) -> list[Spec]:
        return [spec for entry_id in self.entries if (spec := self.spec(entry_id)) is not None]

    @cached_property
    def instances(self) -> dict[str, InstanceEntry]:
        return {s.id: s for s in self._present if isinstance(s, InstanceEntry)}

    @cached_property
    def volumes(self) -> dict[VolumeId, VolumeEntry]:
        return {s.id: s for s in self._present if isinstance(s, VolumeEntry)}

    @cached_property
    def snapshots(self) -> dict[SnapshotId, SnapshotEntry]:
        return {s.id: s for s in self._present if isinstance(s, SnapshotEntry)}

    @cached_property
    def vpcs(self) -> dict[str, VpcEntry]:
        return {s.id: s for s in self._present if isinstance(s, VpcEntry)}

    @cached_property
    def network(self) -> NetworkEntry | None:
        return next((s for s in self._present if isinstance(s, NetworkEntry)), None)

    @cached_property
    def subnets(self) -> tuple[SubnetEntry, ...]:
        return tuple(s for s in self._present if isinstance(s, SubnetEntry))

    @cached_property
    def nics(self) -> dict[NicId, NicEntry]:
        return {s.id: s for s in self._present if isinstance(s, NicEntry)}

    @cached_property
    def all_nics(self) -> tuple[NicEntry, ...]:
        """One tuple for all who share the section."""
        return tuple(self.nics.values())

    @cached_property
    def group(self) -> GroupEntry | None:
        return next((s for s in self._present if isinstance(s, GroupEntry)), None)

    @cached_property
    def members(self) -> tuple[MemberEntry, ...]:
        return tuple(s for s in self._present if isinstance(s, MemberEntry))
