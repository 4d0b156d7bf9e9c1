"""How a record of runs follows what is seen."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from kumoi.adapters.libvirt.runs import OffReason, Run, Runs, going_on, settled, started
from kumoi.core.ids import InstanceId
from kumoi.core.instances import EndedBy

ID = InstanceId("11111111-2222-4333-8444-555555555555")
GROUND = "ground-1"
GOING = Run(number=7, boot_id=GROUND, resets=2)


@pytest.mark.parametrize(
    ("run", "off", "ground", "ended_by"),
    [
        (GOING, "guest", GROUND, "guest"),
        (GOING, "died", GROUND, "crash"),
        (GOING, "destroyed", GROUND, "crash"),  # not by us: there is no plan for it
        (replace(GOING, stop_asked=True), "guest", GROUND, "plan"),
        (replace(GOING, stop_asked=True), "destroyed", GROUND, "plan"),
        (replace(GOING, stop_asked=True), "died", GROUND, "plan"),
        (GOING, "died", "ground-2", "host"),
        (replace(GOING, stop_asked=True), "died", "ground-2", "host"),
    ],
)
def test_how_a_run_ended(run: Run, off: OffReason, ground: str, ended_by: EndedBy) -> None:
    after = settled(run, off, ground)
    assert (after.number, after.ended_by, after.stop_asked, after.resets) == (7, ended_by, False, 2)
    assert settled(after, "died", "ground-3") == after  # an end is told once


def test_a_run_that_goes_on_changes_nothing() -> None:
    assert settled(GOING, None, GROUND) == GOING
    assert going_on(GOING)


def test_a_start_that_is_found_on_has_begun() -> None:
    starting = replace(settled(GOING, "guest", GROUND), starting=8)
    assert settled(starting, None, GROUND) == started(GOING, 8, GROUND)


def test_a_start_that_is_found_off_never_began() -> None:
    ended = settled(GOING, "guest", GROUND)
    assert settled(replace(ended, starting=8), "guest", GROUND) == ended


def test_what_was_never_run_has_no_end() -> None:
    assert settled(Run(), "died", GROUND) == Run()
    assert not going_on(Run())


def test_a_domain_that_somebody_started_goes_on_with_its_number() -> None:
    assert settled(settled(GOING, "guest", GROUND), None, GROUND) == GOING


def test_records_outlive_their_reader(tmp_path: Path) -> None:
    Runs(tmp_path / "records").change(ID, lambda _: GOING)
    runs = Runs(tmp_path / "records")
    assert runs.get(ID) == GOING
    runs.forget(ID)
    runs.forget(ID)
    assert runs.get(ID) == Run()
    assert list((tmp_path / "records").iterdir()) == []


def test_a_broken_record_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / f"{ID}.json").write_bytes(b"{")
    assert Runs(tmp_path).get(ID) == Run()
