"""What is deleted is held until its host has let go of it, and not a moment longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.test_instances import boot

from kumoi.app.instances import delete
from kumoi.app.networks import vpcs
from kumoi.app.networks.networks import NetworkWish, create_networks, delete_network
from kumoi.core.ids import network_section
from kumoi.core.query import Query
from kumoi.core.quotas import host_scope

HOUR = 3600.0


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    yield made
    made.close()


def test_what_no_host_was_ever_told_of_gives_its_room_back(cloud: Cloud) -> None:
    """Made and deleted before control had looked once."""
    cloud.settle()
    one = boot(cloud)
    delete.delete(cloud.house, cloud.call(), one.id)
    cloud.settle()
    host = cloud.store.read(lambda tx: tx.hosts.find(Query()))[0]
    used = cloud.store.read(lambda tx: {c.resource: c.used for c in tx.counters.under(host_scope(host.id))})
    assert used == {"vcpus": 0, "memory_mib": 0, "disk_gib": 0}
    assert not cloud.store.read(lambda tx: tx.placements.find(Query()))


def test_the_gateway_of_a_router_that_was_there_before_its_host_waits_for_it(cloud: Cloud) -> None:
    """The first router is older than the first host."""
    cloud.settle()
    router = cloud.store.read(lambda tx: tx.vpcs.find(Query()))[0]
    gateway = cloud.store.read(lambda tx: tx.nics.get(router.gateway_nic_id or ""))
    assert gateway is not None
    key = f"{gateway.fixed_ips[0].subnet_id}/{gateway.fixed_ips[0].address}"
    vpcs.update_vpc(cloud.house, cloud.call(), router.id, vpcs.VpcChange(gateway=None))
    assert cloud.store.read(lambda tx: tx.claims.get("address", key)) is not None
    cloud.settle()
    assert cloud.world.vpcs[router.id].gateway is None
    assert cloud.store.read(lambda tx: tx.claims.get("address", key)) is None


def test_the_plan_of_a_network_goes_with_it(cloud: Cloud) -> None:
    cloud.settle()
    network = create_networks(cloud.house, cloud.call(), (NetworkWish(name="n"),))[0].network
    cloud.settle()
    assert cloud.store.read(lambda tx: tx.sections.serial(network_section(network.id))) > 0
    delete_network(cloud.house, cloud.call(), network.id)
    cloud.settle()
    cloud.clock.advance(2 * HOUR)
    cloud.settle(120)
    assert cloud.store.read(lambda tx: tx.sections.serial(network_section(network.id))) == 0
