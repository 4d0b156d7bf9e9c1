"""Volumes frozen: through their guests, together, for images, and whoever dies meanwhile."""

import pytest
from tests.usecase.agent_bench import OWN, Bench
from tests.usecase.volume_bench import (
    COPY,
    DATA,
    DB,
    IMAGE,
    KEPT,
    WEB,
    attach,
    attached,
    code,
    inside,
    snapshot,
    told,
    volume,
)

from kumoi.adapters.fake.world import Crash
from kumoi.core.conditions import Ready
from kumoi.core.copies import DiskCopy
from kumoi.core.disks import SeenVolume
from kumoi.core.ids import SnapshotId
from kumoi.core.plan import Stray
from kumoi.planning.host_diff.volumes import DEEPEST


def test_the_guest_goes_on_while_its_volumes_are_frozen_together() -> None:
    bench = attached()
    volume(bench, COPY)
    attach(bench, DATA, COPY)
    bench.settle()
    for number, one in enumerate((DATA, COPY)):
        snapshot(bench, SnapshotId(f"s{number}"), one, moment="noon")
    bench.settle()
    assert set(bench.world.snapshots) == {"s0", "s1"}
    assert {one.frozen for one in bench.world.volumes.values()} == {1}
    assert {disk.handle for disk in bench.world.machines[WEB].disks.values()} == {
        "fake-volume:data:1",
        "fake-volume:copy:1",
    }
    assert bench.runs("web") == [1]
    assert bench.world.broken == []


def test_what_a_suspended_guest_knows_of_its_disk_stays_true() -> None:
    bench = attached()
    attach(bench, DATA, rest="suspended")
    bench.settle()
    assert bench.world.machines[WEB].power == "suspended"
    snapshot(bench)
    volume(bench, size_gib=3)
    bench.settle()
    seen = told(bench)
    assert seen is not None
    assert (seen.size_gib, code(seen.condition)) == (1, "volume_asleep")
    assert bench.world.snapshots == {}
    attach(bench, DATA)
    bench.settle(12.0)
    assert bench.world.machines[WEB].power == "running"
    assert (set(bench.world.snapshots), bench.world.volumes[DATA].size_gib) == ({KEPT}, 3)
    assert bench.world.broken == []


def test_a_guest_that_ends_while_it_is_frozen_is_frozen_off() -> None:
    bench = attached()
    ends = [WEB]
    bench.world.meanwhile = lambda verb: bench.world.kill(ends.pop()) if verb == "freeze_disks" and ends else None
    snapshot(bench)
    bench.settle(8.0)
    assert set(bench.world.snapshots) == {KEPT}
    assert inside(bench) == {DATA}, "started again, on what is written now"
    assert bench.world.broken == []


def test_an_agent_that_dies_anywhere_is_followed_by_one_that_ends_it() -> None:
    for act in range(1, 12):
        for done in (False, True):
            bench = attached()
            bench.world.volumes[DATA].content = b"before"
            bench.world.faults.crash_in(act, done=done)
            snapshot(bench)
            volume(bench, COPY, source_id=DATA, size_gib=2)
            for _ in range(2):
                try:
                    bench.settle(12.0)
                except Crash:
                    bench.restart()
            bench.settle(12.0)
            assert set(bench.world.snapshots) == {KEPT}, (act, done)
            assert bench.world.volumes[COPY].content == b"before"
            assert inside(bench) == {DATA}
            assert bench.world.broken == []


def test_what_no_plan_names_is_told_and_left_alone() -> None:
    bench = Bench()
    volume(bench)
    snapshot(bench)
    bench.settle()
    bench.link.forget(OWN, f"volume/{DATA}")
    bench.link.forget(OWN, f"snapshot/{KEPT}")
    bench.link.session = type(bench.link.session)("lost")
    bench.link.epoch += 1
    bench.settle(12.0)
    assert set(bench.world.volumes) == {DATA}
    assert set(bench.report().strays) == {Stray(kind="volume", name=DATA), Stray(kind="snapshot", name=KEPT)}


def test_an_image_of_a_volume_in_a_guest_is_made_and_given() -> None:
    bench = attached()
    bench.world.volumes[DATA].content = b"before"
    bench.link.awaited.add(IMAGE)
    volume(bench, copies=(DiskCopy(image_id=IMAGE),))
    bench.settle(8.0)
    assert b"before" in bench.link.given[IMAGE]
    assert bench.world.snapshots == {}, "it was read in peace, and let go"
    assert bench.report().strays == ()
    volume(bench)
    bench.settle(8.0)
    assert bench.world.copies == {}
    assert inside(bench) == {DATA}


def test_an_image_of_a_volume_that_nobody_wants_any_more_leaves_nothing() -> None:
    bench = attached()
    bench.world.faults.failing["copy_volume"] = 1000
    volume(bench, copies=(DiskCopy(image_id=IMAGE),))
    bench.settle(8.0)
    assert {thing.entry for thing in bench.report().things} >= {f"image/{IMAGE}"}
    volume(bench)
    bench.settle(70.0)
    assert (bench.world.copies, bench.world.snapshots) == ({}, {})
    assert f"image/{IMAGE}" not in {thing.entry for thing in bench.report().things}


@pytest.mark.parametrize("verb", ["freeze", "freeze_disks", "copy_volume", "read_copy", "drop_copy"])
def test_what_fails_of_an_image_of_a_volume_is_tried_again(verb: str) -> None:
    bench = attached()
    bench.link.awaited.add(IMAGE)
    bench.world.faults.failing[verb] = 2
    volume(bench, copies=(DiskCopy(image_id=IMAGE),))
    bench.settle(20.0)
    assert IMAGE in bench.link.given
    volume(bench)
    bench.settle(20.0)
    assert (bench.world.copies, bench.world.snapshots) == ({}, {})


def test_a_volume_that_is_frozen_again_and_again_stands_on_no_more_than_so_much() -> None:
    bench = attached()
    for number in range(2 * DEEPEST):
        snapshot(bench, SnapshotId(f"s{number}"))
        bench.settle()
    assert bench.world.volumes[DATA].depth <= DEEPEST + 1
    assert len(bench.world.snapshots) == 2 * DEEPEST
    assert told(bench) == SeenVolume(id=DATA, condition=Ready(), size_gib=1)
    assert bench.world.broken == []


def with_two_guests() -> Bench:
    """Each has a volume."""
    bench = attached()
    volume(bench, COPY)
    bench.nic("db")
    attach(bench, COPY, instance="db")
    bench.settle()
    assert (inside(bench), inside(bench, DB)) == ({DATA}, {COPY})
    return bench


def frozen_together(bench: Bench) -> None:
    for number, one in enumerate((DATA, COPY)):
        snapshot(bench, SnapshotId(f"s{number}"), one, moment="noon")


def test_guests_stand_still_while_their_volumes_are_frozen_together() -> None:
    bench, powers = with_two_guests(), list[set[str]]()
    bench.world.meanwhile = lambda verb: (
        powers.append({one.power for one in bench.world.machines.values()}) if verb == "freeze_disks" else None
    )
    frozen_together(bench)
    bench.settle()
    assert powers == [{"paused"}, {"paused"}]
    assert set(bench.world.snapshots) == {"s0", "s1"}
    assert bench.running() == {"web", "db"}
    assert (bench.runs("web"), bench.runs("db")) == ([1], [1])


def test_one_that_its_user_paused_stays_so() -> None:
    bench = with_two_guests()
    attach(bench, DATA, rest="paused")
    bench.settle()
    frozen_together(bench)
    bench.settle()
    assert set(bench.world.snapshots) == {"s0", "s1"}
    assert (bench.world.machines[WEB].power, bench.world.machines[DB].power) == ("paused", "running")


@pytest.mark.parametrize("verb", ["pause", "freeze_disks", "resume"])
@pytest.mark.parametrize("done", [False, True])
def test_guests_go_on_when_the_agent_that_stilled_them_died(verb: str, done: bool) -> None:
    bench = with_two_guests()
    faults = bench.world.faults

    def dies(now: str) -> None:
        if now == verb:
            bench.world.meanwhile = None
            faults.crash_after = faults.acts if done else 0
            if not done:
                raise Crash(now)

    bench.world.meanwhile = dies
    frozen_together(bench)
    with pytest.raises(Crash):
        bench.settle()
    faults.heal()
    bench.restart()
    bench.settle(12.0)
    assert bench.running() == {"web", "db"}
    assert set(bench.world.snapshots) == {"s0", "s1"}
    assert (bench.condition("web"), bench.condition("db")) == (Ready(), Ready())
    assert bench.world.broken == []


def test_guests_go_on_when_they_cannot_be_frozen() -> None:
    bench = with_two_guests()
    bench.world.faults.failing["freeze_disks"] = 3
    frozen_together(bench)
    bench.settle(1.5)
    assert bench.running() == {"web", "db"}
    bench.settle(20.0)
    assert set(bench.world.snapshots) == {"s0", "s1"}
    assert bench.running() == {"web", "db"}
