"""One instance's life through every room: door, store, stamper, link, agent, fake world, and back to its status."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.images import doors as images
from kumoi.app.instances import delete, power, read, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import nic_doors
from kumoi.core.errors import Invalid, NoCapacity, NotFound, QuotaExceeded, WrongState
from kumoi.core.ids import FlavorId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.query import Query, eq
from kumoi.core.quotas import host_scope, project_scope


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def boot(cloud: Cloud, **more: object) -> Instance:
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), **more)  # type: ignore[arg-type]
    return run.run(cloud.house, cloud.call(), wish)[0]


def status(cloud: Cloud, instance_id: InstanceId) -> str:
    return read.get(cloud.house, cloud.call(), instance_id).instance.status


def test_a_wish_becomes_a_running_guest(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    assert status(cloud, one.id) == "building"
    cloud.settle()
    assert status(cloud, one.id) == "active"
    assert one.id in cloud.world.running()


def test_power_and_reboot_follow_their_counters(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    power.stop(cloud.house, cloud.call(), one.id)
    assert status(cloud, one.id) == "stopping"
    cloud.settle(90)
    assert status(cloud, one.id) == "stopped"
    assert one.id not in cloud.world.running()
    power.start(cloud.house, cloud.call(), one.id)
    cloud.settle()
    assert status(cloud, one.id) == "active"
    power.reboot(cloud.house, cloud.call(), one.id, hard=True)
    assert status(cloud, one.id) == "hard_rebooting"
    cloud.settle()
    assert status(cloud, one.id) == "active"


def test_a_guest_that_shuts_itself_down_stays_off(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    cloud.world.guest_powers_off(one.id)
    cloud.settle()
    assert status(cloud, one.id) == "stopped"
    assert read.get(cloud.house, cloud.call(), one.id).instance.power == "off"


def test_a_crashed_guest_runs_again(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    cloud.world.kill(one.id)
    cloud.settle()
    assert status(cloud, one.id) == "active"
    assert one.id in cloud.world.running()


def test_deleting_gives_everything_back(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    with pytest.raises(NotFound):
        read.get(cloud.house, cloud.call(), one.id)
    cloud.settle()
    assert one.id not in cloud.world.machines
    host = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    used = cloud.store.read(lambda tx: {c.resource: c.used for c in tx.counters.under(host_scope(host.id))})
    assert used == {"vcpus": 0, "memory_mib": 0, "disk_gib": 0}
    charged = cloud.store.read(lambda tx: {c.resource: c.used for c in tx.counters.under(project_scope(cloud.project))})
    assert charged["instances"] == charged["vcpus"] == charged["memory_mib"] == 0
    assert not cloud.store.read(lambda tx: tx.nics.find(Query(filters=(eq("use", "instance"),))))


def test_what_is_deleted_waits_for_the_host_before_its_room_is_free(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.control_only()
    held = cloud.store.read(lambda tx: tx.counters.allocations(one.id))
    assert {a.resource for a in held} == {"vcpus", "memory_mib", "disk_gib"}
    cloud.settle()
    assert not cloud.store.read(lambda tx: tx.counters.allocations(one.id))


def test_a_fixed_address_is_deleted_and_made_again_with_the_agent_stopped(cloud: Cloud) -> None:
    cloud.settle()
    private = cloud.store.read(lambda tx: tx.networks.find(Query(filters=(eq("name", "private"),))))[0]
    choice = NicChoice(network_id=private.id, fixed_ip="10.0.0.77")
    one = boot(cloud, nics=(choice,))
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.control_only()
    again = boot(cloud, nics=(choice,))
    cloud.settle()
    view = read.get(cloud.house, cloud.call(), again.id)
    assert view.instance.status == "active"
    assert view.nics[0].fixed_ips[0].address == "10.0.0.77"


def test_no_room_is_a_fault_that_stays_or_a_refusal(cloud: Cloud) -> None:
    cloud.settle()
    big = RunWish(name="b", flavor_id=FlavorId("6"), image_id=cloud.image())
    first = run.run(cloud.house, cloud.call(), big)[0]
    assert first.status == "building"
    second = run.run(cloud.house, cloud.call(), big)[0]
    assert second.status == "error"
    assert second.refusal is not None
    assert second.refusal.code == "no_capacity"
    refused = RunWish(name="c", flavor_id=FlavorId("6"), image_id=big.image_id, refuse_full=True)
    with pytest.raises(NoCapacity) as e:
        run.run(cloud.house, cloud.call(), refused)
    assert "memory_mib:1" in str(e.value.facts["dropped"])
    delete.delete(cloud.house, cloud.call(), first.id)
    cloud.settle()
    assert status(cloud, second.id) == "error"


def test_quota_refuses_and_leaves_nothing(cloud: Cloud) -> None:
    cloud.settle()
    image = cloud.image()
    wish = RunWish(name="q", flavor_id=FlavorId("1"), image_id=image, count_min=30, count_max=30)
    with pytest.raises(QuotaExceeded):
        run.run(cloud.house, cloud.call(), wish)
    assert not read.find(cloud.house, cloud.call(), Query())
    some = RunWish(name="q", flavor_id=FlavorId("1"), image_id=image, count_min=1, count_max=30)
    assert 1 <= len(run.run(cloud.house, cloud.call(), some)) <= 20


def test_a_deleted_image_boots_nothing(cloud: Cloud) -> None:
    image = cloud.image()
    found = images.get(cloud.house, cloud.call(admin=True), image)
    assert found.status == "active"
    images.delete(cloud.house, cloud.call(admin=True), image)
    with pytest.raises(Invalid):
        run.run(cloud.house, cloud.call(), RunWish(name="x", flavor_id=FlavorId("1"), image_id=image))


def test_the_agent_may_be_restarted_at_any_time(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    starts = list(cloud.world.starts)
    cloud.restart_agent()
    cloud.settle()
    assert cloud.world.starts == starts
    assert status(cloud, one.id) == "active"


def test_stopping_what_is_stopped_is_refused_in_words(cloud: Cloud) -> None:
    cloud.settle()
    one = boot(cloud)
    cloud.settle()
    power.stop(cloud.house, cloud.call(), one.id)
    cloud.settle(90)
    with pytest.raises(WrongState):
        power.stop(cloud.house, cloud.call(), one.id)


def test_a_nic_made_before_survives_its_instance(cloud: Cloud) -> None:
    cloud.settle()
    private = cloud.store.read(lambda tx: tx.networks.find(Query(filters=(eq("name", "private"),))))[0]
    nic = nic_doors.create_nics(cloud.house, cloud.call(), (nic_doors.NicWish(network_id=private.id),))[0]
    one = boot(cloud, nics=(NicChoice(nic_id=nic.nic.id),))
    cloud.settle()
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle()
    kept = cloud.store.read(lambda tx: tx.nics.get(nic.nic.id))
    assert kept is not None
    assert kept.instance_id is None
    assert kept.deleted_at is None


def test_as_many_as_can_be_made_are_made(cloud: Cloud) -> None:
    cloud.settle()
    cloud.store.write(lambda tx: tx.counters.set_most(project_scope(cloud.project), "instances", 9))
    wish = RunWish(name="n", flavor_id=FlavorId("1"), image_id=cloud.image(), count_min=1, count_max=10)
    assert len(run.run(cloud.house, cloud.call(), wish)) == 9
