"""Rest, rebuild, rescue, resize and shelf: from the door to the fake world and back to the status."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.adapters.fake.world import Crash
from kumoi.app import flavors
from kumoi.app.instances import change, delete, power, read, resize, rest, run, shelve
from kumoi.app.instances.rebuild import RebuildWish, rebuild, rescue, unrescue
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Invalid, NoCapacity, QuotaExceeded, WrongState
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.quotas import host_scope, project_scope


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    made.settle()
    yield made
    made.close()


def boot(cloud: Cloud, flavor: str = "1") -> Instance:
    wish = RunWish(name="a", flavor_id=FlavorId(flavor), image_id=cloud.image())
    one = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    return one


def now(cloud: Cloud, one: Instance) -> Instance:
    return read.get(cloud.house, cloud.call(), one.id).instance


def status(cloud: Cloud, one: Instance) -> str:
    return now(cloud, one).status


def power_of(cloud: Cloud, one: Instance) -> str:
    return cloud.world.machines[one.id].power


def used(cloud: Cloud, one: Instance) -> tuple[int, int, int]:
    """CPUs of its host, memory of its host, CPUs of its project."""
    view = read.get(cloud.house, cloud.call(), one.id)
    assert view.host is not None
    scope, project = host_scope(view.host.id), project_scope(one.project_id)
    found = cloud.store.read(
        lambda tx: [tx.counters.get(s, r) for s, r in ((scope, "vcpus"), (scope, "memory_mib"), (project, "vcpus"))]
    )
    amounts = [counter.used for counter in found if counter is not None]
    assert len(amounts) == 3
    return amounts[0], amounts[1], amounts[2]


def test_pausing_stands_still_in_memory_and_goes_on(cloud: Cloud) -> None:
    one = boot(cloud)
    rest.pause(cloud.house, cloud.call(), one.id)
    assert status(cloud, one) == "pausing"
    cloud.settle()
    assert (status(cloud, one), power_of(cloud, one)) == ("paused", "paused")
    with pytest.raises(WrongState):
        rest.pause(cloud.house, cloud.call(), one.id)
    with pytest.raises(WrongState):
        rest.resume(cloud.house, cloud.call(), one.id)
    rest.unpause(cloud.house, cloud.call(), one.id)
    assert status(cloud, one) == "unpausing"
    cloud.settle()
    assert (status(cloud, one), power_of(cloud, one)) == ("active", "running")
    assert len(cloud.world.starts) == 1


def test_what_somebody_else_paused_is_not_woken(cloud: Cloud) -> None:
    one = boot(cloud)
    cloud.world.machines[one.id].power = "paused"
    cloud.agent.noticed(one.id)
    cloud.settle(30)
    assert power_of(cloud, one) == "paused"


def test_a_suspended_guest_outlives_its_host_and_goes_on_in_its_run(cloud: Cloud) -> None:
    one = boot(cloud)
    rest.suspend(cloud.house, cloud.call(), one.id)
    cloud.settle()
    assert (status(cloud, one), power_of(cloud, one)) == ("suspended", "suspended")
    cloud.world.reboot("boot-2")
    cloud.restart_agent()
    cloud.settle(30)
    assert status(cloud, one) == "suspended"
    rest.resume(cloud.house, cloud.call(), one.id)
    assert status(cloud, one) == "resuming"
    cloud.settle(30)
    assert (status(cloud, one), power_of(cloud, one)) == ("active", "running")
    assert cloud.world.starts == [(one.id, 1)]


@pytest.mark.parametrize("name", ["pause", "suspend"])
def test_a_hard_reboot_and_a_deletion_end_any_rest(cloud: Cloud, name: str) -> None:
    one = boot(cloud)
    getattr(rest, name)(cloud.house, cloud.call(), one.id)
    cloud.settle()
    power.reboot(cloud.house, cloud.call(), one.id, hard=True)
    cloud.settle(90)
    assert (status(cloud, one), power_of(cloud, one)) == ("active", "running")
    getattr(rest, name)(cloud.house, cloud.call(), one.id)
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    assert one.id not in cloud.world.machines


def test_a_rebuild_has_a_fresh_disk_and_keeps_the_rest(cloud: Cloud) -> None:
    one = boot(cloud)
    other = cloud.image(b"\1" * 4096)
    nics = read.get(cloud.house, cloud.call(), one.id).nics
    rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=other, name="b", metadata={"k": "v"}))
    assert status(cloud, one) == "rebuilding"
    cloud.settle(90)
    view = read.get(cloud.house, cloud.call(), one.id)
    assert (view.instance.status, view.instance.name, view.instance.image_id) == ("active", "b", other)
    assert (view.labels["metadata"], view.nics) == ({"k": "v"}, nics)
    disk = cloud.world.roots[one.id]
    assert (disk.number, [layer.id for layer in disk.layers]) == (1, [view.instance.root_layer_id])
    assert cloud.world.broken == []


def test_a_rebuild_of_one_that_is_off_leaves_it_off(cloud: Cloud) -> None:
    one = boot(cloud)
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=one.image_id))
    cloud.settle(90)
    assert status(cloud, one) == "stopped"
    power.start(cloud.house, cloud.call(), one.id)
    cloud.settle()
    assert (status(cloud, one), cloud.world.roots[one.id].number) == ("active", 1)


def test_rescue_boots_another_disk_beside_its_own(cloud: Cloud) -> None:
    one = boot(cloud)
    rescue(cloud.house, cloud.call(), one.id, None)
    assert status(cloud, one) == "rescuing"
    cloud.settle(90)
    assert status(cloud, one) == "rescued"
    assert cloud.world.machines[one.id].machine.rescue
    with pytest.raises(WrongState):
        rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=one.image_id))
    unrescue(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    assert (status(cloud, one), cloud.world.rescues) == ("active", {})
    assert not cloud.world.machines[one.id].machine.rescue
    assert cloud.world.roots[one.id].number == 0


@pytest.mark.parametrize("acts", range(1, 7))
@pytest.mark.parametrize("done", [False, True])
def test_an_agent_that_dies_while_it_rescues_is_followed_by_one_that_does(cloud: Cloud, acts: int, done: bool) -> None:
    one = boot(cloud)
    rescue(cloud.house, cloud.call(), one.id, None)
    cloud.world.faults.crash_in(acts, done=done)
    try:
        cloud.settle(90)
    except Crash:
        cloud.world.faults.heal()
        cloud.restart_agent()
    cloud.settle(90)
    assert status(cloud, one) == "rescued"
    assert cloud.world.broken == []


def test_a_resize_is_confirmed_and_gives_back_what_it_had(cloud: Cloud) -> None:
    one = boot(cloud)
    resize.resize(cloud.house, cloud.call(), one.id, FlavorId("5"))
    assert status(cloud, one) == "resizing"
    cloud.settle(90)
    assert status(cloud, one) == "resized"
    machine = cloud.world.machines[one.id].machine
    assert (machine.vcpus, machine.memory_mib, cloud.world.roots[one.id].size_gib) == (2, 4096, 40)
    assert used(cloud, one) == (2, 4096, 2)
    resize.confirm(cloud.house, cloud.call(), one.id)
    assert (status(cloud, one), used(cloud, one)) == ("active", (2, 4096, 2))


def test_a_smaller_size_is_held_until_it_is_confirmed(cloud: Cloud) -> None:
    small = Flavor(id=FlavorId("s"), name="s", vcpus=1, memory_mib=256, disk_gib=40)
    flavors.create(cloud.house, cloud.call(admin=True), small)
    one = boot(cloud, "5")
    resize.resize(cloud.house, cloud.call(), one.id, small.id)
    cloud.settle(90)
    assert used(cloud, one) == (2, 4096, 2)
    resize.confirm(cloud.house, cloud.call(), one.id)
    assert used(cloud, one) == (1, 256, 1)
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    left = cloud.store.read(lambda tx: [c for c in tx.counters.under("host/") if c.resource == "vcpus"])
    assert [counter.used for counter in left] == [0]


def test_a_resize_is_reverted_onto_the_disk_as_it_grew(cloud: Cloud) -> None:
    one = boot(cloud)
    resize.resize(cloud.house, cloud.call(), one.id, FlavorId("5"))
    cloud.settle(90)
    resize.revert(cloud.house, cloud.call(), one.id)
    assert status(cloud, one) == "reverting"
    cloud.settle(90)
    back = now(cloud, one)
    assert (back.status, back.flavor_id, back.vcpus, back.disk_gib) == ("active", "1", 1, 40)
    assert used(cloud, one) == (1, 128, 1)


def test_sizes_that_cannot_be_are_refused_and_nothing_is_kept_for_them(cloud: Cloud) -> None:
    one = boot(cloud)
    huge = Flavor(id=FlavorId("h"), name="h", vcpus=1, memory_mib=9000, disk_gib=1)
    beyond = Flavor(id=FlavorId("q"), name="q", vcpus=41, memory_mib=128, disk_gib=1)
    flat = Flavor(id=FlavorId("f"), name="f", vcpus=1, memory_mib=128, disk_gib=0)
    for flavor in (huge, beyond, flat):
        flavors.create(cloud.house, cloud.call(admin=True), flavor)
    refused: tuple[tuple[str, type[Exception]], ...] = (
        ("1", Invalid), ("nowhere", Invalid), ("f", Invalid), ("h", NoCapacity), ("q", QuotaExceeded),
    )  # fmt: skip
    for flavor_id, error in refused:
        with pytest.raises(error):
            resize.resize(cloud.house, cloud.call(), one.id, FlavorId(flavor_id))
    assert (status(cloud, one), used(cloud, one)) == ("active", (1, 128, 1))


def test_a_shelved_one_gives_its_room_to_others_and_needs_it_back(cloud: Cloud) -> None:
    one = boot(cloud, "5")
    shelve.shelve(cloud.house, cloud.call(), one.id)
    assert (status(cloud, one), used(cloud, one)) == ("shelving", (2, 4096, 2))
    cloud.settle(90)
    assert (status(cloud, one), one.id in cloud.world.running()) == ("offloaded", False)
    shelve.offload(cloud.house, cloud.call(admin=True), one.id)
    assert used(cloud, one)[:2] == (0, 0)
    large = Flavor(id=FlavorId("l"), name="l", vcpus=1, memory_mib=6000, disk_gib=1)
    flavors.create(cloud.house, cloud.call(admin=True), large)
    other = boot(cloud, "l")
    with pytest.raises(NoCapacity):
        shelve.unshelve(cloud.house, cloud.call(), one.id)
    delete.delete(cloud.house, cloud.call(), other.id)
    cloud.settle(90)
    shelve.unshelve(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    assert (status(cloud, one), used(cloud, one)) == ("active", (2, 4096, 2))
    assert one.id in cloud.world.running()


def test_one_that_is_off_is_shelved_at_once(cloud: Cloud) -> None:
    one = boot(cloud)
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    shelve.shelve(cloud.house, cloud.call(), one.id)
    assert (status(cloud, one), used(cloud, one)) == ("offloaded", (0, 0, 1))
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    left = cloud.store.read(lambda tx: [c for c in tx.counters.under("host/") if c.resource == "memory_mib"])
    assert [counter.used for counter in left] == [0]


def test_a_locked_one_is_left_as_it_is(cloud: Cloud) -> None:
    one = boot(cloud)
    change.lock(cloud.house, cloud.call(), one.id, locked=True, reason="mine")
    doors = (rest.pause, rest.suspend, shelve.shelve, resize.confirm)
    for door in doors:
        with pytest.raises(WrongState) as refused:
            door(cloud.house, cloud.call(), InstanceId(one.id))
        assert refused.value.facts["status"] == "locked"


def test_a_disk_that_is_gone_is_not_quietly_made_anew(cloud: Cloud) -> None:
    """Its host came back without it, as one does whose disks were changed."""
    one = boot(cloud)
    kept = cloud.world.roots.pop(one.id)
    cloud.world.machines.pop(one.id)
    cloud.agent = cloud.new_agent()
    cloud.settle()
    condition = read.condition(cloud.call(), read.get(cloud.house, cloud.call(), one.id))
    assert (status(cloud, one), getattr(condition, "code", ""), one.id in cloud.world.roots) == (
        "error", "root_gone", False,
    )  # fmt: skip

    cloud.world.roots[one.id] = kept
    cloud.clock.advance(60)
    cloud.settle()
    assert (status(cloud, one), power_of(cloud, one)) == ("active", "running")


def test_one_whose_disk_is_gone_begins_anew_when_it_is_rebuilt(cloud: Cloud) -> None:
    one = boot(cloud)
    cloud.world.roots.pop(one.id)
    cloud.world.machines.pop(one.id)
    cloud.agent = cloud.new_agent()
    cloud.settle()
    assert status(cloud, one) == "error"
    rebuild(cloud.house, cloud.call(), one.id, RebuildWish(image_id=cloud.image()))
    cloud.settle()
    assert (status(cloud, one), power_of(cloud, one)) == ("active", "running")
