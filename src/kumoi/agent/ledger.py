"""What control told this host, kept on disk: a host goes on from here when control is dead, and after a restart.

It refuses what is older, lets a newer epoch replace everything, and remembers two things that a plan no longer says:
what an entry said before it became absent (until that is done), and entries that vanished without a word.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final

import msgspec
from msgspec import UNSET

from kumoi.agent.journal import Journal
from kumoi.agent.section import Section, decode
from kumoi.core.errors import Stale
from kumoi.core.ids import HostId, SectionKey, host_section
from kumoi.core.plan import Entry, InstanceEntry, NicEntry, SectionDelta, Spec, VpcEntry

Apply = Callable[[Section, int, SectionDelta], Section]
_SPARE_BYTES: Final = 1 << 20


class Identity(msgspec.Struct, frozen=True, kw_only=True, tag="identity", tag_field="is"):
    """Who control says we are. `cleared_boot`: the boot in which a session was granted and a plan fetched."""

    host_id: HostId = HostId("")
    epoch: int = 0
    cleared_boot: str = ""


class Accepted(msgspec.Struct, frozen=True, tag="accepted", tag_field="is"):
    epoch: int
    delta: SectionDelta


class Dropped(msgspec.Struct, frozen=True, tag="dropped", tag_field="is"):
    key: SectionKey


class Settled(msgspec.Struct, frozen=True, tag="settled", tag_field="is"):
    """What these entries said before is done with."""

    key: SectionKey
    entries: list[str]


class Kept(msgspec.Struct, frozen=True, tag="kept", tag_field="is"):
    """A section with its memories, as a shortened history begins."""

    epoch: int
    delta: SectionDelta
    before: list[Entry]
    vanished: list[Entry]


Record = Identity | Accepted | Dropped | Settled | Kept
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Memories:
    """Beside a section: entries by id as they were before they became absent, and those that vanished."""

    def __init__(self) -> None:
        self.before: dict[str, Spec] = {}
        self.vanished: dict[str, Spec] = {}
        self.raw: dict[str, Entry] = {}


_NOTHING: Final = Memories()  # never written to: it knows no entry


class Ledger:
    """Safe for threads. `apply` is how a delta makes a section; simulated hosts pass one that shares its results."""

    def __init__(self, journal: Journal, apply: Apply = Section.apply) -> None:
        self._journal = journal
        self._apply = apply
        self._lock = threading.RLock()
        self._sections: dict[SectionKey, Section] = {}
        self._memories: dict[SectionKey, Memories] = {}
        self.identity = Identity()
        for line in journal.read():
            self._replay(_decoder.decode(line))
        self._short = journal.size()

    # --- reading -------------------------------------------------------------------------------

    def own(self) -> Section:
        return self.section(host_section(self.identity.host_id))

    def section(self, key: SectionKey) -> Section:
        """An empty one where nothing was told yet."""
        return self._sections.get(key) or Section(key, 0, 0, {})

    def held(self) -> list[SectionKey]:
        with self._lock:
            return list(self._sections)

    def before(self, key: SectionKey) -> dict[str, Spec]:
        """By entry id: what absent entries said, as far as that is not settled."""
        with self._lock:
            return dict(self._memories[key].before) if key in self._memories else {}

    def vanished(self, key: SectionKey) -> dict[str, Spec]:
        with self._lock:
            return dict(self._memories[key].vanished) if key in self._memories else {}

    def have(self, keys: Iterable[SectionKey]) -> dict[SectionKey, int]:
        """What to name in a fetch; 0 asks for everything: never had, of an older epoch, or found to have drifted."""
        found = {}
        for key in keys:
            held = self._sections.get(key)
            fresh = held is not None and held.epoch == self.identity.epoch and held.sound
            found[key] = held.serial if held is not None and fresh else 0
        return found

    def still(self) -> AbstractContextManager[bool]:
        """Within it nobody else writes."""
        return self._lock

    # --- writing -------------------------------------------------------------------------------

    def identify(self, identity: Identity) -> None:
        """Raises Stale when control's epoch is older than one that was accepted before."""
        with self._lock:
            if identity == self.identity:
                return
            if identity.epoch < self.identity.epoch:
                raise Stale("host", kind="epoch", id=str(identity.epoch), have=self.identity.epoch)
            self._write(identity)

    def accept(self, epoch: int, delta: SectionDelta) -> frozenset[str]:
        """Take a delta in; returns the ids of the entries that changed. Raises Stale when it is older than ours."""
        with self._lock:
            held = self.section(delta.key)
            if (epoch, delta.serial) < (held.epoch, held.serial) or epoch < self.identity.epoch:
                raise Stale("host", kind="section", id=delta.key, have=held.serial, got=delta.serial)
            if (epoch, delta.serial) == (held.epoch, held.serial) and held.sound:
                return frozenset()
            self._write(Accepted(epoch, delta))
            new = self.section(delta.key).entries
            touched = {*_touched(held, epoch, delta), *(e.id for e in delta.entries)}
            return frozenset(k for k in touched if not _same(held.entries.get(k), new.get(k)))

    def settle(self, key: SectionKey, entries: Iterable[str]) -> None:
        """Absent entries that are done: forget what they said, and that they were."""
        with self._lock:
            before, held = self._known(key).before, self.section(key)
            done = [e for e in entries if e in before or held.absent(e)]
            if done:
                self._write(Settled(key, done))

    def drop(self, key: SectionKey) -> None:
        """Nobody here needs this section any more."""
        with self._lock:
            if key in self._sections:
                self._write(Dropped(key))

    def shorten(self) -> None:
        """One record for each section instead of its history."""
        with self._lock:
            self._journal.replace([msgspec.json.encode(record) for record in self._shortened()])
            self._short = self._journal.size()

    # --- inside --------------------------------------------------------------------------------

    def _write(self, record: Record) -> None:
        """On disk first: a host that acts on what it may forget would act on it twice, or leave it behind."""
        self._journal.append(msgspec.json.encode(record))
        self._replay(record)
        if self._journal.size() > 2 * self._short + _SPARE_BYTES:
            self.shorten()

    def _replay(self, record: Record) -> None:
        match record:
            case Identity():
                if self.identity.host_id not in {"", record.host_id}:
                    self._sections.clear()
                    self._memories.clear()
                self.identity = record
            case Accepted(epoch=epoch, delta=delta):
                self._take(epoch, delta)
            case Dropped(key=key):
                self._sections.pop(key, None)
                self._memories.pop(key, None)
            case Settled(key=key, entries=entries):
                self._settle(key, set(entries))
            case Kept():
                self._restore(record)

    def _take(self, epoch: int, delta: SectionDelta) -> None:
        held = self.section(delta.key)
        new = self._sections[delta.key] = self._apply(held, epoch, delta)
        mine = delta.key == host_section(self.identity.host_id)
        for entry_id in _touched(held, epoch, delta):
            old, now = held.entries.get(entry_id), new.entries.get(entry_id)
            if old is None or (now is not None and now.body is not UNSET):
                continue
            if old.body is not UNSET:
                self._remember(delta.key, old, vanished=mine and now is None)
            elif now is None and entry_id in self._known(delta.key).before:
                # A tombstone that control has forgotten is still an order, until it is done.
                new.entries[entry_id] = old
        self._recall_returned(delta)

    def _recall_returned(self, delta: SectionDelta) -> None:
        """What the plan names again has not vanished, and what is present again is not going."""
        known = self._memories.get(delta.key, _NOTHING)
        for entry in delta.entries:
            if entry.body is not UNSET:
                known.before.pop(entry.id, None)
            elif entry.id in known.vanished:
                known.before[entry.id] = known.vanished[entry.id]
            known.vanished.pop(entry.id, None)

    def _known(self, key: SectionKey) -> Memories:
        return self._memories.setdefault(key, Memories())

    def _remember(self, key: SectionKey, entry: Entry, *, vanished: bool) -> None:
        spec = decode(entry)
        foreign = isinstance(spec, NicEntry) and spec.host_id != self.identity.host_id
        if isinstance(spec, InstanceEntry | VpcEntry | NicEntry) and not foreign:
            known = self._known(key)
            (known.vanished if vanished else known.before)[entry.id] = spec
            known.raw[entry.id] = entry

    def _settle(self, key: SectionKey, entries: set[str]) -> None:
        known = self._known(key)
        for entry_id in entries:
            known.before.pop(entry_id, None)
            known.raw.pop(entry_id, None)
        if any(self.section(key).absent(e) for e in entries):
            self._sections[key] = self._sections[key].without(entries)

    def _shortened(self) -> Iterable[Record]:
        yield self.identity
        for key, held in self._sections.items():
            known = self._memories.get(key, Memories())
            yield Kept(
                epoch=held.epoch,
                delta=SectionDelta(
                    key=key, serial=held.serial, digest=held.digest, entries=tuple(held.entries.values()), whole=True
                ),
                before=[known.raw[e] for e in known.before],
                vanished=[known.raw[e] for e in known.vanished],
            )

    def _restore(self, record: Kept) -> None:
        key = record.delta.key
        self._sections[key] = Section(key, 0, 0, {}).apply(record.epoch, record.delta)
        for entry in record.before:
            self._remember(key, entry, vanished=False)
        for entry in record.vanished:
            self._remember(key, entry, vanished=True)


def _touched(held: Section, epoch: int, delta: SectionDelta) -> Iterable[str]:
    """The ids of held entries that the delta may change."""
    if held.replaced_by(epoch, delta):
        return list(held.entries)
    return [entry.id for entry in delta.entries if entry.id in held.entries]


def _same(a: Entry | None, b: Entry | None) -> bool:
    """Whether two entries say the same; serials apart, since a section may be told anew."""
    if a is None or b is None:
        return a is b
    return a is b or a.body == b.body
