"""Volumes on one host: made in any order, in and out of guests, never touched beneath them."""

from tests.usecase.agent_bench import BYTES, LAYER, OWN, POOL, Bench
from tests.usecase.volume_bench import (
    COPY,
    DATA,
    DB,
    KEPT,
    WEB,
    acted,
    attach,
    attached,
    code,
    inside,
    snapshot,
    told,
    volume,
)

from kumoi.core.conditions import Ready
from kumoi.core.disks import SeenVolume, VolumePlug
from kumoi.core.ids import AttachmentId, SnapshotId


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
