"""Aggregates, the zones made of them, and instances that go where these say."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.several_hosts import add_hosts, host_of

from kumoi.app import aggregates, flavors
from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import RunWish
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Taken
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId, ImageId


class Ground:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.settle()
        add_hosts(cloud, "two", "three")
        self.image: ImageId = cloud.image()

    def run(self, zone: str = "", flavor: str = "1") -> str:
        wish = RunWish(name="a", flavor_id=FlavorId(flavor), image_id=self.image, nics=(), zone=zone)
        return run.run(self.cloud.house, self.cloud.call(), wish)[0].id

    def zones(self) -> dict[str, list[str]]:
        found = aggregates.find_zones(self.cloud.house, self.cloud.call())
        return {z.name: [h.name for h in z.hosts] for z in found}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with closing(Cloud(tmp_path)) as cloud:
        yield Ground(cloud)


def test_zones_are_made_of_aggregates_and_instances_go_there(ground: Ground) -> None:
    house, admin = ground.cloud.house, ground.cloud.call(admin=True)
    assert ground.zones() == {"nova": ["one", "three", "two"]}
    east = aggregates.create(house, admin, "a1", "east").aggregate
    aggregates.add_host(house, admin, str(east.number), "two")
    assert ground.zones() == {"east": ["two"], "nova": ["one", "three"]}
    assert {host_of(ground.cloud, ground.run("east")) for _ in range(3)} == {"two"}
    one = ground.run("nova")
    assert host_of(ground.cloud, one) in {"one", "three"}
    with pytest.raises(Invalid) as refused:
        ground.run("west")
    assert refused.value.facts["field"] == "availability_zone"


def test_a_zone_stays_under_its_instances(ground: Ground) -> None:
    house, admin = ground.cloud.house, ground.cloud.call(admin=True)
    number = str(aggregates.create(house, admin, "a1", "east").aggregate.number)
    aggregates.add_host(house, admin, number, "two")
    placed = ground.run("east")
    with pytest.raises(InUse):
        aggregates.remove_host(house, admin, number, "two")
    with pytest.raises(InUse):
        aggregates.update(house, admin, number, zone="west")
    with pytest.raises(InUse):
        aggregates.put_metadata(house, admin, number, {"availability_zone": "west"})
    other = str(aggregates.create(house, admin, "a2", "west").aggregate.number)
    with pytest.raises(InUse):  # a second zone
        aggregates.add_host(house, admin, other, "two")
    with pytest.raises(InUse):
        aggregates.delete(house, admin, number)
    delete.delete(house, ground.cloud.call(), placed)  # type: ignore[arg-type]
    assert aggregates.update(house, admin, number, zone="west").aggregate.zone == "west"
    aggregates.remove_host(house, admin, number, "two")
    aggregates.delete(house, admin, number)
    assert ground.zones() == {"nova": ["one", "three", "two"]}


def test_names_are_unique_and_hosts_known(ground: Ground) -> None:
    house, admin = ground.cloud.house, ground.cloud.call(admin=True)
    one = aggregates.create(house, admin, "a1").aggregate
    with pytest.raises(Taken):
        aggregates.create(house, admin, "a1")
    with pytest.raises(NotFound):
        aggregates.add_host(house, admin, str(one.number), "four")
    with pytest.raises(NotFound):
        aggregates.remove_host(house, admin, one.id, "two")
    aggregates.add_host(house, admin, one.id, "two")
    with pytest.raises(Taken):
        aggregates.add_host(house, admin, one.id, "two")
    with pytest.raises(Forbidden):
        aggregates.find(house, ground.cloud.call())


def test_specs_of_flavors_choose_among_aggregates(ground: Ground) -> None:
    house, admin = ground.cloud.house, ground.cloud.call(admin=True)
    one = aggregates.create(house, admin, "fast").aggregate
    aggregates.add_host(house, admin, one.id, "three")
    aggregates.put_metadata(house, admin, one.id, {"disk": "ssd, nvme", "gone": "x"})
    view = aggregates.put_metadata(house, admin, one.id, {"gone": None})
    assert view.aggregate.metadata == {"disk": "ssd, nvme"}
    flavors.create(house, admin, Flavor(id=FlavorId("f"), name="f", vcpus=1, memory_mib=64, disk_gib=1))
    flavors.put_specs(house, admin, FlavorId("f"), {"aggregate_instance_extra_specs:disk": "<or> ssd <or> hdd"})
    assert {host_of(ground.cloud, ground.run(flavor="f")) for _ in range(3)} == {"three"}
    flavors.put_specs(house, admin, FlavorId("f"), {"aggregate_instance_extra_specs:disk": "hdd"})
    homeless = ground.run(flavor="f")
    refused = ground.cloud.store.read(lambda tx: tx.instances.get(homeless))
    assert refused is not None
    assert refused.refusal is not None
    assert refused.refusal.facts["dropped"] == ["extra_specs:3"]
    assert refused.extra_specs == {"aggregate_instance_extra_specs:disk": "hdd"}
