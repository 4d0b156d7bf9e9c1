"""Control in miniature: sections in dicts, sessions, and the reports that came. Loses and refuses what it is told."""

import hashlib
import threading
from collections.abc import Iterator
from copy import deepcopy

import msgspec
from msgspec import UNSET

from kumoi.adapters.stream_local import LocalStream
from kumoi.contracts.link import Stream
from kumoi.core.copies import CopyBytes, CopyOffer
from kumoi.core.errors import NotFound, Stale, Unavailable
from kumoi.core.ids import HostId, ImageId, SectionKey, SessionId
from kumoi.core.meters import CAPABILITY, Samples
from kumoi.core.plan import (
    Ask,
    Entry,
    FetchAsk,
    Fetched,
    Hello,
    Report,
    SectionDelta,
    Spec,
    Welcome,
    entry_digest,
    section_digest,
)

Backup = tuple[dict[SectionKey, dict[str, Entry]], dict[SectionKey, int], dict[SectionKey, int]]


class FakeLink:
    """See `contracts.link.Link`. `dead`: nothing answers. `lose_reports`: so many are taken and thrown away.
    `capabilities`: what it says it takes."""

    def __init__(self, host_id: HostId) -> None:
        self.host_id = host_id
        self.epoch = 1
        self.session = SessionId("")
        self.dead = False
        self.lose_reports = 0
        self.hellos: list[Hello] = []
        self.reports: list[Report] = []
        self.samples: list[Samples] = []
        self.capabilities: tuple[str, ...] = (CAPABILITY,)
        self.asks: dict[str, Ask] = {}
        self.answers: dict[str, bytes] = {}
        self.layers: dict[str, bytes] = {}
        self.awaited: set[ImageId] = set()  # the copies that are taken
        self.given: dict[ImageId, bytes] = {}
        self.streams: dict[str, LocalStream] = {}
        self._sections: dict[SectionKey, dict[str, Entry]] = {}
        self._serials: dict[SectionKey, int] = {}
        self._floors: dict[SectionKey, int] = {}
        self._lock = threading.Lock()

    # --- what control does ---------------------------------------------------------------------

    def put(self, section: SectionKey, entry: str, spec: Spec) -> int:
        """The entry is present and says this; returns its serial."""
        return self._stamp(section, entry, msgspec.Raw(msgspec.json.encode(spec)), "")

    def drop(self, section: SectionKey, entry: str, cause: str = "deleted") -> int:
        """The entry is absent, in so many words."""
        return self._stamp(section, entry, UNSET, cause)

    def forget(self, section: SectionKey, entry: str) -> None:
        """The entry vanishes without a word, as no correct control would let it."""
        with self._lock:
            self._sections[section].pop(entry, None)

    def purge(self, section: SectionKey, entry: str) -> None:
        """A tombstone whose absence was proved is forgotten; who has less than the floor is told the whole."""
        with self._lock:
            gone = self._sections[section].pop(entry, None)
            if gone is not None:
                self._floors[section] = max(self._floors.get(section, 0), gone.serial)

    def backup(self) -> Backup:
        with self._lock:
            return deepcopy((self._sections, self._serials, self._floors))

    def restore(self, backup: Backup) -> None:
        """The database comes back as it was: a new epoch."""
        with self._lock:
            self._sections, self._serials, self._floors = deepcopy(backup)
            self.epoch += 1
            self.session = SessionId("")

    def _stamp(self, section: SectionKey, entry: str, body: msgspec.Raw | msgspec.UnsetType, cause: str) -> int:
        with self._lock:
            serial = self._serials[section] = self._serials.get(section, 0) + 1
            held = self._sections.setdefault(section, {})
            held[entry] = Entry(id=entry, serial=serial, body=body, cause=cause)
            return serial

    # --- the link ------------------------------------------------------------------------------

    def hello(self, hello: Hello) -> Welcome:
        self._answer()
        self.hellos.append(hello)
        self.session = SessionId(f"session-{len(self.hellos)}")
        return Welcome(
            host_id=self.host_id, session=self.session, epoch=self.epoch, capabilities=self.capabilities
        )  # fmt: skip

    def fetch(self, ask: FetchAsk) -> Fetched:
        self._answer()
        self._check(ask.session, ask.epoch)
        with self._lock:
            sections = tuple(delta for key, have in ask.have.items() if (delta := self._delta(key, have)) is not None)
        return Fetched(epoch=self.epoch, sections=sections, asks=tuple(self.asks.values()))

    def report(self, report: Report) -> None:
        self._answer()
        self._check(report.session, report.epoch)
        if self.lose_reports:
            self.lose_reports -= 1
        else:
            self.reports.append(report)

    def sample(self, samples: Samples) -> None:
        self._answer()
        if samples.session != self.session:
            raise Stale("host", kind="session", id=self.host_id)
        self.samples.append(samples)

    def read(self, ask_id: str, answer: bytes) -> None:
        self._answer()
        if self.asks.pop(ask_id, None) is None:
            raise NotFound("host", kind="ask", id=ask_id)
        self.answers[ask_id] = answer

    def stream(self, ask_id: str) -> Stream:
        self._answer()
        if self.asks.pop(ask_id, None) is None:
            raise NotFound("host", kind="ask", id=ask_id)
        stream = self.streams[ask_id] = LocalStream()
        return stream

    def layer(self, sha256: str) -> Iterator[bytes]:
        self._answer()
        if sha256 not in self.layers:
            raise NotFound("storage", kind="layer", id=sha256)
        yield self.layers[sha256]

    def give(self, offer: CopyOffer, pieces: Iterator[bytes]) -> None:
        self._answer()
        if offer.session != self.session:
            raise Stale("host", kind="session", id=self.host_id)
        if offer.image_id not in self.awaited:
            raise NotFound("image", kind="image", id=offer.image_id)
        data = b"".join(pieces)
        self._answer()
        if CopyBytes(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) != offer.copied:
            raise Unavailable("image", what="copy", reason="hash_mismatch")
        self.given[offer.image_id] = data
        self.awaited.discard(offer.image_id)

    def _answer(self) -> None:
        if self.dead:
            raise Unavailable("host", what="control")

    def _check(self, session: SessionId, epoch: int) -> None:
        if session != self.session or epoch != self.epoch:
            raise Stale("host", kind="session", id=self.host_id)

    def _delta(self, key: SectionKey, have: int) -> SectionDelta | None:
        entries, serial = self._sections.get(key, {}), self._serials.get(key, 0)
        if serial == have:
            return None
        whole = have > serial or 0 < have < self._floors.get(key, 0)
        total = sum(entry_digest(key, e.id, bytes(e.body)) for e in entries.values() if e.body is not UNSET)
        newer = sorted((e for e in entries.values() if whole or e.serial > have), key=lambda e: (e.serial, e.id))
        return SectionDelta(key=key, serial=serial, digest=section_digest(total), entries=tuple(newer), whole=whole)
