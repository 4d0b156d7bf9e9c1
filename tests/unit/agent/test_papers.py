"""Journals, sections, the ledger and the progress of acting."""

import os
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kumoi.adapters.fake.journal import FakeJournal
from kumoi.agent.journal import FileJournal
from kumoi.agent.ledger import Identity, Ledger
from kumoi.agent.notebook import Notebook
from kumoi.agent.progress import Progress
from kumoi.agent.section import Section
from kumoi.agent.turns import Turns
from kumoi.core.ids import HostId, InstanceId, SectionKey
from kumoi.core.plan import Entry, SectionDelta, entry_digest, section_digest
from kumoi.planning.host_diff.instances import Memory

NET = SectionKey("network/n")


def delta(serial: int, present: dict[str, bytes], newer: set[str] | None = None) -> SectionDelta:
    """What control tells of a section that holds `present`: the entries of `newer`, which may be gone."""
    total = sum(entry_digest(NET, entry, body) for entry, body in present.items())
    told = sorted(present if newer is None else newer)
    entries = tuple(
        Entry(id=e, serial=serial, body=msgspec.Raw(present[e]) if e in present else msgspec.UNSET) for e in told
    )
    return SectionDelta(key=NET, serial=serial, digest=section_digest(total), entries=entries)


def test_a_journal_is_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "papers" / "ledger"
    journal = FileJournal(path)
    journal.append(b"one")
    journal.append(b"two")
    assert path.stat().st_mode & 0o777 == 0o600
    assert FileJournal(path).read() == [b"one", b"two"]


def test_a_torn_line_is_dropped_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    FileJournal(path).append(b"one")
    with path.open("ab") as file:
        file.write(b'{"half')
    journal = FileJournal(path)
    journal.append(b"two")
    assert FileJournal(path).read() == [b"one", b"two"]


def test_a_replacement_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    journal = FileJournal(path)
    for _ in range(100):
        journal.append(b"old")
    journal.replace([b"new"])
    journal.append(b"newer")
    assert FileJournal(path).read() == [b"new", b"newer"]
    assert os.listdir(tmp_path) == ["ledger"]


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([b"1", b"2", b"3"])), max_size=8), st.data())
def test_deltas_make_the_section_that_control_has(states: list[dict[str, bytes]], data: st.DataObject) -> None:
    """Any deltas, some of them lost, some told whole."""
    section, told, before = Section(NET, 1, 0, {}), 0, {}
    for serial, present in enumerate(states, 1):
        if data.draw(st.booleans()):
            newer = {e for e in {*before, *present} if before.get(e) != present.get(e)}
            section = section.apply(1, delta(serial, present, newer))
            before, told = present, serial
    assert section.sound
    assert section.serial == told
    assert {e: bytes(entry.body) for e, entry in section.entries.items() if entry.body is not msgspec.UNSET} == before


def test_a_drifted_section_is_asked_for_whole_and_serves_until_then() -> None:
    ledger = Ledger(FakeJournal())
    ledger.identify(Identity(host_id=HostId("h"), epoch=1))
    ledger.accept(1, delta(1, {"a": b"1"}))
    ledger.accept(1, delta(3, {"a": b"1", "b": b"2", "c": b"3"}, {"c"}))
    assert ledger.have([NET]) == {NET: 0}
    assert set(ledger.section(NET).entries) == {"a", "c"}
    ledger.accept(1, delta(3, {"a": b"1", "b": b"2", "c": b"3"}))
    assert ledger.have([NET]) == {NET: 3}
    assert set(ledger.section(NET).entries) == {"a", "b", "c"}


def test_a_newer_epoch_is_asked_for_whole(tmp_path: Path) -> None:
    ledger = Ledger(FileJournal(tmp_path / "ledger"))
    ledger.identify(Identity(host_id=HostId("h"), epoch=1))
    ledger.accept(1, delta(9, {"a": b"1"}))
    ledger.identify(Identity(host_id=HostId("h"), epoch=2))
    assert ledger.have([NET]) == {NET: 0}
    ledger.accept(2, delta(2, {"b": b"1"}))
    again = Ledger(FileJournal(tmp_path / "ledger"))
    assert (set(again.section(NET).entries), again.have([NET])) == ({"b"}, {NET: 2})


def test_a_memory_outlives_the_notebook(tmp_path: Path) -> None:
    notebook = Notebook(FileJournal(tmp_path / "notebook"))
    kept = Memory(run=3, ended_by="guest", reboots_done=2)
    notebook.keep(InstanceId("a"), kept)
    notebook.keep(InstanceId("b"), kept)
    notebook.keep(InstanceId("b"), None)
    again = Notebook(FileJournal(tmp_path / "notebook"))
    assert (again.get(InstanceId("a")), again.get(InstanceId("b"))) == (kept, None)


def test_a_serial_counts_once_all_its_keys_have_looked() -> None:
    progress = Progress()
    progress.accepted(NET, 1, ["x", "y"])
    before = progress.began()
    progress.accepted(NET, 2, ["x"])
    progress.ended("x", before)
    assert progress.acted() == {}
    progress.ended("y", before)
    assert progress.acted() == {NET: 1}
    progress.ended("x", progress.began())
    assert progress.acted() == {NET: 2}


def test_a_later_serial_does_not_overtake() -> None:
    progress = Progress()
    progress.accepted(NET, 1, ["x"])
    progress.accepted(NET, 2, ["y"])
    progress.ended("y", progress.began())
    assert progress.acted() == {}


def test_nothing_to_look_at_counts_at_once() -> None:
    progress = Progress()
    progress.accepted(NET, 1, [])
    assert progress.acted() == {NET: 1}


def test_turns_are_called_in_order() -> None:
    called: list[str] = []
    turns = Turns(1, called.append)
    assert turns.take("a")
    assert turns.take("a")
    assert not turns.take("b")
    assert not turns.take("c")
    turns.give_back("a")
    assert called == ["b"]
    assert turns.take("b")
