"""Volumes and snapshots on one host: made in any order, in and out of guests, never touched beneath them."""

import pytest
from tests.usecase.agent_bench import BYTES, LAYER, OWN, POOL, Bench

from kumoi.adapters.fake.world import Crash
from kumoi.core.conditions import Condition, Ready
from kumoi.core.copies import DiskCopy
from kumoi.core.disks import SeenVolume, SnapshotEntry, VolumeEntry, VolumePlug
from kumoi.core.ids import AttachmentId, ImageId, InstanceId, SnapshotId, VolumeId
from kumoi.core.plan import Stray
from kumoi.planning.host_diff.volumes import DEEPEST

WEB, DB = InstanceId("web"), InstanceId("db")
DATA, COPY = VolumeId("data"), VolumeId("copy")
KEPT = SnapshotId("kept")
IMAGE = ImageId("image")


def volume(bench: Bench, volume_id: VolumeId = DATA, **changes: object) -> VolumeEntry:
    fields: dict[str, object] = {"id": volume_id, "pool": POOL, "size_gib": 1}
    entry = VolumeEntry(**{**fields, **changes})  # type: ignore[arg-type]
    bench.link.put(OWN, f"volume/{volume_id}", entry)
    return entry


def snapshot(bench: Bench, snapshot_id: SnapshotId = KEPT, of: VolumeId = DATA, moment: str = "") -> None:
    entry = SnapshotEntry(id=snapshot_id, volume_id=of, pool=POOL, moment=moment)
    bench.link.put(OWN, f"snapshot/{snapshot_id}", entry)


def attach(bench: Bench, *volumes: VolumeId, instance: str = "web", **changes: object) -> None:
    plugs = [
        VolumePlug(volume_id=one, attachment_id=AttachmentId(f"a-{one}"), pool=POOL, slot=slot)
        for slot, one in enumerate(volumes)
    ]
    bench.instance(instance, volumes=tuple(plugs), **changes)


def attached() -> Bench:
    """A guest that runs and has the volume."""
    bench = Bench()
    volume(bench)
    bench.boot("web")
    attach(bench, DATA)
    bench.settle()
    assert inside(bench) == {DATA}
    return bench


def inside(bench: Bench, instance: InstanceId = WEB) -> set[VolumeId]:
    return set(bench.world.machines[instance].disks)


def told(bench: Bench, volume_id: VolumeId = DATA) -> SeenVolume | None:
    return next((one for one in bench.report().volumes if one.id == volume_id), None)


def code(condition: Condition) -> str:
    return "" if isinstance(condition, Ready) else condition.code


def acted(bench: Bench) -> bool:
    """Whether the host says that it did all that it was told."""
    return bench.report().acted[OWN] == bench.agent.ledger.own().serial


def test_a_volume_is_made_and_told() -> None:
    bench = Bench()
    volume(bench, size_gib=2)
    bench.settle()
    assert bench.world.volumes[DATA].size_gib == 2
    assert told(bench) == SeenVolume(id=DATA, condition=Ready(), size_gib=2)
    assert acted(bench)


def test_a_volume_is_removed_and_its_absence_is_told_under_the_plan_that_says_so() -> None:
    bench = Bench()
    volume(bench)
    bench.settle()
    bench.link.drop(OWN, f"volume/{DATA}")
    bench.settle()
    assert bench.world.volumes == {}
    assert told(bench) is None
    assert acted(bench)


def test_a_volume_of_an_image_has_its_bytes() -> None:
    bench = Bench()
    volume(bench, layers=(LAYER,))
    bench.settle()
    assert bench.world.volumes[DATA].content == BYTES


def test_what_fails_is_tried_again_and_told() -> None:
    bench = Bench()
    bench.world.faults.failing["ensure_volume"] = 2
    volume(bench)
    bench.settle(0.5)
    seen = told(bench)
    assert seen is not None
    assert (seen.there, code(seen.condition)) == (False, "unavailable")
    bench.settle(5.0)
    assert told(bench) == SeenVolume(id=DATA, condition=Ready(), size_gib=1)


def test_a_volume_of_no_pool_says_so() -> None:
    bench = Bench()
    volume(bench, pool="gone")
    bench.settle()
    seen = told(bench)
    assert seen is not None
    assert code(seen.condition) == "no_pool"


def test_a_clone_is_the_volume_at_one_moment() -> None:
    bench = Bench()
    volume(bench)
    bench.settle()
    bench.world.volumes[DATA].content = b"before"
    volume(bench, COPY, source_id=DATA)
    bench.settle()
    assert bench.world.volumes[COPY].content == b"before"
    assert bench.world.snapshots == {}, "what it was made of is let go"
    assert bench.report().strays == ()


def test_all_at_once_in_any_order() -> None:
    """A snapshot of a volume that is made of a snapshot of another one, told before either stands."""
    bench = Bench()
    snapshot(bench, SnapshotId("second"), COPY)
    volume(bench, COPY, snapshot_id=KEPT)
    snapshot(bench)
    volume(bench)
    bench.settle(8.0)
    assert set(bench.world.volumes) == {DATA, COPY}
    assert set(bench.world.snapshots) == {KEPT, "second"}


def test_what_something_is_made_of_goes_after_it_was_made() -> None:
    bench = Bench()
    volume(bench)
    bench.settle()
    bench.world.volumes[DATA].content = b"before"
    bench.world.faults.failing["freeze"] = 3
    volume(bench, COPY, source_id=DATA)
    bench.link.drop(OWN, f"volume/{DATA}")
    bench.settle(2.0)
    seen = told(bench)
    assert seen is not None
    assert code(seen.condition) == "volume_needed"
    bench.settle(20.0)
    assert {name: one.content for name, one in bench.world.volumes.items()} == {COPY: b"before"}
    assert told(bench) is None


def test_a_guest_starts_once_its_volume_stands() -> None:
    bench = Bench()
    bench.network()
    bench.nic("web")
    attach(bench, DATA)
    bench.settle()
    assert bench.running() == set()
    assert code(bench.condition("web")) == "waiting_for_volume"
    volume(bench)
    bench.settle()
    assert bench.running() == {"web"}
    assert inside(bench) == {DATA}
    found = bench.told("web")
    assert found is not None
    assert found.volumes == (DATA,)


def test_a_guest_boots_from_a_volume() -> None:
    bench = Bench()
    bench.network()
    bench.nic("web")
    volume(bench, layers=(LAYER,))
    plug = VolumePlug(volume_id=DATA, attachment_id=AttachmentId("a"), pool=POOL, slot=0, boot=True)
    bench.instance("web", root=None, volumes=(plug,))
    bench.settle()
    assert bench.running() == {"web"}
    assert bench.world.roots == {}
    bench.delete("web")
    bench.settle()
    assert set(bench.world.volumes) == {DATA}, "it outlives its machine"
    assert bench.told("web") is None


def test_a_volume_goes_into_a_running_guest_and_out() -> None:
    bench = attached()
    assert bench.condition("web") == Ready()
    assert bench.runs("web") == [1]
    attach(bench)
    bench.settle()
    assert inside(bench) == set()
    found = bench.told("web")
    assert found is not None
    assert found.volumes == ()
    assert bench.runs("web") == [1]


def test_a_volume_in_a_guest_stays_until_the_guest_lets_go() -> None:
    bench = attached()
    bench.world.clinging.add(WEB)
    attach(bench)
    bench.link.drop(OWN, f"volume/{DATA}")
    bench.settle(70.0)
    assert set(bench.world.volumes) == {DATA}
    seen = told(bench)
    assert seen is not None
    assert code(seen.condition) == "volume_in_guest"
    assert code(bench.condition("web")) == "guest_keeps_volume"
    bench.restart()
    bench.world.clinging.clear()
    bench.settle(12.0)
    assert bench.world.volumes == {}
    assert bench.condition("web") == Ready()
    assert bench.world.broken == []


def test_a_volume_is_not_in_two_guests() -> None:
    bench = attached()
    bench.nic("db")
    bench.world.clinging.add(WEB)
    attach(bench)
    attach(bench, DATA, instance="db")
    bench.settle()
    assert bench.running() == {"web"}
    assert code(bench.condition("db")) == "volume_held"
    bench.world.clinging.clear()
    bench.settle(12.0)
    assert (inside(bench), inside(bench, DB)) == (set(), {DATA})
    assert bench.world.broken == []


def test_a_slot_is_taken_until_it_is_left() -> None:
    bench = attached()
    volume(bench, COPY)
    bench.world.clinging.add(WEB)
    attach(bench, COPY)
    bench.settle()
    assert inside(bench) == {DATA}
    assert code(bench.condition("web")) == "volume_slot_taken"
    bench.world.clinging.clear()
    bench.settle(12.0)
    assert inside(bench) == {COPY}


def test_a_volume_grows_in_its_guest() -> None:
    bench = attached()
    volume(bench, size_gib=5)
    bench.settle()
    assert told(bench) == SeenVolume(id=DATA, condition=Ready(), size_gib=5)
    assert bench.world.broken == []


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
