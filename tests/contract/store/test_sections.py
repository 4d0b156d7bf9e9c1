"""Plan sections against the simplest model of them, and marks that come while the stamper works."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.store.together import together, wait_for
from tests.contract.store.values import CHANCE, label

from kumoi.adapters.sql.store import SqlStore
from kumoi.adapters.sql.transaction import SqlTransaction
from kumoi.contracts.store.sections import Backlog, Stamp
from kumoi.core.ids import SectionKey
from kumoi.core.plan import SectionDelta, entry_digest, section_digest

HOST = SectionKey("host/h")
NETWORK = SectionKey("network/n")


# --- against a model ----------------------------------------------------------------------------------


class Model:
    """A section as plainly as it can be said: for each entry its body and the serial of its last change."""

    def __init__(self) -> None:
        self.serial = 0
        self.floor = 0
        self.entries: dict[str, tuple[bytes | None, int]] = {}

    def stamp(self, stamps: dict[str, bytes | None]) -> bool:
        changed = {e: b for e, b in stamps.items() if e not in self.entries or b != self.entries[e][0]}
        if changed:
            self.serial += 1
            self.entries |= {e: (b, self.serial) for e, b in changed.items()}
        return bool(changed)

    def forget(self, entry: str) -> None:
        body, serial = self.entries.get(entry, (b"", 0))
        if body is None:
            del self.entries[entry]
            self.floor = max(self.floor, serial)

    def present(self) -> dict[str, bytes]:
        return {e: b for e, (b, _) in self.entries.items() if b is not None}

    def digest(self, section: SectionKey) -> str:
        return section_digest(sum(entry_digest(section, e, b) for e, b in self.present().items()))


class Subscriber:
    """What a host has of a section when it does as it is told."""

    def __init__(self) -> None:
        self.serial = 0
        self.entries: dict[str, bytes] = {}

    def take(self, delta: SectionDelta | None) -> None:
        if delta is None:
            return
        if delta.whole:
            self.entries = {}
        for entry in delta.entries:
            if entry.body is msgspec.UNSET:
                self.entries.pop(entry.id, None)
            else:
                self.entries[entry.id] = bytes(entry.body)
        self.serial = delta.serial


SECTION_NAMES = st.sampled_from([HOST, NETWORK])
ENTRY_NAMES = st.sampled_from(["instance/1", "instance/2", "nic/1", "nic/雲"])
BODIES = st.one_of(st.none(), st.sampled_from([b'{"v":1}', b'{"v":2}', '{"v":"雲"}'.encode()]))
STEPS = st.one_of(
    st.tuples(st.just("stamp"), SECTION_NAMES, st.dictionaries(ENTRY_NAMES, BODIES, min_size=1)),
    st.tuples(st.just("forget"), SECTION_NAMES, ENTRY_NAMES),
    st.tuples(st.just("fetch"), SECTION_NAMES, st.integers(0, 2)),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_sections_say_what_the_model_says(store: SqlStore, steps: list[tuple[str, str, Any]]) -> None:
    """Each example has sections of its own; subscribers who fetch at odd times end up with the same as the model."""
    example = CHANCE.uuid()
    models: dict[SectionKey, Model] = {}
    subscribers: dict[SectionKey, list[Subscriber]] = {}
    for verb, name, what in steps:
        section = SectionKey(f"{name}-{example}")
        model = models.setdefault(section, Model())
        readers = subscribers.setdefault(section, [Subscriber() for _ in range(3)])
        if verb == "stamp":
            stamps = [Stamp(section, e, b, "deleted") for e, b in what.items()]
            new = store.write(lambda tx, stamps=stamps: tx.sections.stamp(stamps))
            assert new == ({section: model.serial} if model.stamp(what) else {})
        elif verb == "forget":
            store.write(lambda tx, section=section, what=what: tx.sections.forget(section, what))
            model.forget(what)
        else:
            fetch(store, section, readers[what])
    for section, model in models.items():
        agree(store, section, model)
        for reader in subscribers[section]:
            fetch(store, section, reader)
            assert reader.entries == model.present()


def fetch(store: SqlStore, section: SectionKey, reader: Subscriber) -> None:
    reader.take(store.read(lambda tx: tx.sections.delta(section, reader.serial)))


def agree(store: SqlStore, section: SectionKey, model: Model) -> None:
    assert store.read(lambda tx: tx.sections.serial(section)) == model.serial
    whole = store.read(lambda tx: tx.sections.delta(section, 0))
    if whole is None:
        assert model.serial == 0
        return
    told = {e.id: (None if e.body is msgspec.UNSET else bytes(e.body), e.serial) for e in whole.entries}
    assert told == model.entries
    assert whole.digest == model.digest(section)
    for entry, (body, serial) in model.entries.items():
        one = store.read(lambda tx, entry=entry: tx.sections.entry(section, entry))
        assert one is not None
        assert (one.serial, None if one.body is msgspec.UNSET else bytes(one.body)) == (serial, body)
    dead = {e for e, (b, _) in model.entries.items() if b is None}
    assert set(store.read(lambda tx: tx.sections.tombstones(section, model.serial))) == dead


# --- deltas -------------------------------------------------------------------------------------------


def test_a_delta_holds_what_is_newer_and_the_digest_of_all(store: SqlStore) -> None:
    stamp(store, {"instance/1": b"1", "instance/2": b"2"})
    stamp(store, {"instance/2": b"22"})
    delta = store.read(lambda tx: tx.sections.delta(HOST, 1))
    assert delta is not None
    assert [(e.id, e.serial, e.body) for e in delta.entries] == [("instance/2", 2, msgspec.Raw(b"22"))]
    assert (delta.serial, delta.whole) == (2, False)
    assert delta.digest == section_digest(
        entry_digest(HOST, "instance/1", b"1") + entry_digest(HOST, "instance/2", b"22")
    )
    assert store.read(lambda tx: tx.sections.delta(HOST, 2)) is None
    assert store.read(lambda tx: tx.sections.delta(NETWORK, 0)) is None


def test_an_absent_entry_tells_its_cause(store: SqlStore) -> None:
    stamp(store, {"instance/1": b"1"})
    stamp(store, {"instance/1": None})
    delta = store.read(lambda tx: tx.sections.delta(HOST, 0))
    assert delta is not None
    assert [(e.id, e.body, e.cause) for e in delta.entries] == [("instance/1", msgspec.UNSET, "deleted")]


def test_who_is_behind_a_forgotten_tombstone_gets_the_whole(store: SqlStore) -> None:
    stamp(store, {"instance/1": b"1", "instance/2": b"2"})
    stamp(store, {"instance/1": None})
    store.write(lambda tx: tx.sections.forget(HOST, "instance/1"))
    store.write(lambda tx: tx.sections.forget(HOST, "instance/2"))  # is present: stays
    behind = store.read(lambda tx: tx.sections.delta(HOST, 1))
    assert behind is not None
    assert (behind.whole, [e.id for e in behind.entries]) == (True, ["instance/2"])
    stamp(store, {"instance/2": b"22"})
    level = store.read(lambda tx: tx.sections.delta(HOST, 2))
    assert level is not None
    assert (level.whole, [e.id for e in level.entries]) == (False, ["instance/2"])


def test_who_has_more_than_there_is_gets_the_whole(store: SqlStore) -> None:
    stamp(store, {"instance/1": b"1"})
    delta = store.read(lambda tx: tx.sections.delta(HOST, 7))
    assert delta is not None
    assert (delta.whole, delta.serial, [e.id for e in delta.entries]) == (True, 1, ["instance/1"])


def test_shared_sections_are_rid_of_their_tombstones(store: SqlStore) -> None:
    """Those with more dead than living, and those with nothing else."""
    crowd, full, empty = (SectionKey(f"network/{name}") for name in ("crowd", "full", "empty"))
    for section, living, dead in ((crowd, 1, 4), (full, 3, 4), (empty, 0, 1)):
        for number in range(living + dead):
            body = b"1" if number < living else None
            store.write(lambda tx, s=section, n=number, b=body: tx.sections.stamp([Stamp(s, f"nic/{n}", b)]))
    assert store.read(lambda tx: tx.sections.crowded("network/", 2)) == [crowd, empty]
    store.write(lambda tx: tx.sections.thin(crowd))
    assert store.read(lambda tx: tx.sections.tombstones(crowd, 99)) == []
    behind = store.read(lambda tx: tx.sections.delta(crowd, 2))
    assert behind is not None
    assert (behind.whole, behind.serial, [e.id for e in behind.entries]) == (True, 5, ["nic/0"])


def test_a_section_of_something_gone_is_dropped(store: SqlStore) -> None:
    stamp(store, {"instance/1": b"1", "instance/2": None})
    store.write(lambda tx: tx.sections.drop(HOST))
    assert store.read(lambda tx: tx.sections.serial(HOST)) == 0
    assert store.read(lambda tx: tx.sections.delta(HOST, 0)) is None


def stamp(store: SqlStore, bodies: dict[str, bytes | None]) -> None:
    stamps = [Stamp(HOST, entry, body, "deleted") for entry, body in bodies.items()]
    store.write(lambda tx: tx.sections.stamp(stamps))


# --- marks --------------------------------------------------------------------------------------------


def test_marks_are_coalesced_and_come_in_order(store: SqlStore) -> None:
    for entry in ("nic/2", "nic/1", "nic/2"):
        store.write(lambda tx, entry=entry: (tx.sections.mark(NETWORK, entry), tx.sections.mark(NETWORK, entry)))
    marks = store.read(lambda tx: tx.sections.marks(10))
    assert [(m.section, m.entry) for m in marks] == [(NETWORK, "nic/2"), (NETWORK, "nic/1")]
    store.write(lambda tx: tx.sections.unmark(marks))
    assert store.read(lambda tx: tx.sections.marks(10)) == []


def test_what_waits_is_counted_and_has_an_age(store: SqlStore) -> None:
    assert store.read(lambda tx: tx.sections.backlog()) == Backlog(marks=0, oldest_s=0.0, sections=0)
    store.write(lambda tx: (tx.sections.mark(NETWORK, "nic/1"), tx.sections.mark(NETWORK, "nic/2")))
    wait_for(lambda: store.read(lambda tx: tx.sections.backlog()).oldest_s > 0.01)
    assert store.read(lambda tx: tx.sections.backlog()).marks == 2
    store.write(lambda tx: tx.sections.unmark(tx.sections.marks(10)))
    store.write(lambda tx: tx.sections.stamp([Stamp(NETWORK, "nic/1", b"{}")]))
    assert store.read(lambda tx: tx.sections.backlog()) == Backlog(marks=0, oldest_s=0.0, sections=1)


def test_a_mark_left_after_the_look_outlives_the_unmark(another: Callable[[], SqlStore]) -> None:
    stamper, door = another(), another()
    door.write(lambda tx: tx.sections.mark(NETWORK, "nic/1"))
    seen = stamper.read(lambda tx: tx.sections.marks(10))
    door.write(lambda tx: tx.sections.mark(NETWORK, "nic/1"))
    stamper.write(lambda tx: tx.sections.unmark(seen))
    assert [m.entry for m in stamper.read(lambda tx: tx.sections.marks(10))] == ["nic/1"]


def test_the_stamper_ends_with_what_the_doors_wrote_last(another: Callable[[], SqlStore]) -> None:
    """Doors write a label and mark it; a stamper in another process makes the entry of what it finds."""
    doors = 4
    door_store, stamper_store = another(), another()

    def door(who: int) -> None:
        for turn in range(15):
            door_store.write(lambda tx, turn=turn: wish(tx, who, turn))

    def stamp_marks(tx: SqlTransaction) -> bool:
        marks = tx.sections.marks(5)
        tx.sections.stamp([Stamp(m.section, m.entry, tx.labels.of("n", (m.entry,))[0].value.encode()) for m in marks])
        tx.sections.unmark(marks)
        return bool(marks)

    def stamp_until_all() -> None:
        wished = False
        while stamper_store.write(stamp_marks) or not wished:
            wished = all_wished()  # before the last look: a mark that comes after the wish is seen by it

    def all_wished() -> bool:
        return len(door_store.read(lambda tx: tx.labels.of("n", tuple(str(w) for w in range(doors)), "14"))) == doors

    together([*(lambda who=who: door(who) for who in range(doors)), stamp_until_all])
    whole = door_store.read(lambda tx: tx.sections.delta(NETWORK, 0))
    assert whole is not None
    assert {e.id: e.body for e in whole.entries} == {str(w): msgspec.Raw(b"14") for w in range(doors)}


def wish(tx: SqlTransaction, who: int, turn: int) -> None:
    tx.labels.drop("n", str(who))
    tx.labels.put(label(str(who), "turn", str(turn), kind="n", namespace=str(turn)))
    tx.sections.mark(NETWORK, str(who))
