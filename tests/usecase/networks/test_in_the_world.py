"""Wishes about networks reach the world, and what the world has let go can be given again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.usecase.cloud import Cloud

from kumoi.app.instances import delete, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks import nic_doors, public_addresses, vpc_legs, vpcs
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.public_addresses import PublicChange, PublicWish
from kumoi.app.networks.subnets import SubnetWish, create_subnets, delete_subnet
from kumoi.app.networks.vpc_legs import LegWish
from kumoi.app.networks.vpcs import VpcChange, VpcWish
from kumoi.core.ids import FlavorId, NetworkId, SubnetId, VpcId
from kumoi.core.networks import Network
from kumoi.core.nics import Nic
from kumoi.core.query import Filter, Query, eq


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path)
    made.settle()
    yield made
    made.close()


def place(cloud: Cloud, cidr: str) -> tuple[NetworkId, SubnetId]:
    network = create_networks(cloud.house, cloud.call(), (NetworkWish(name=cidr),))[0].network.id
    subnet = create_subnets(cloud.house, cloud.call(), (SubnetWish(network_id=network, cidr=cidr),))[0].subnet.id
    return network, subnet


def outer(cloud: Cloud) -> Network:
    return cloud.store.read(lambda tx: tx.networks.find(Query(filters=(eq("external", value=True),))))[0]


def router(cloud: Cloud, *subnets: SubnetId) -> VpcId:
    made = vpcs.create_vpc(cloud.house, cloud.call(), VpcWish(gateway=GatewayWish(network_id=outer(cloud).id))).vpc.id
    for subnet in subnets:
        vpc_legs.add_leg(cloud.house, cloud.call(), made, LegWish(subnet_id=subnet))
    return made


def deleted_nics(cloud: Cloud) -> list[Nic]:
    gone = Query(filters=(Filter("deleted_at", "null", False),))
    return cloud.store.read(lambda tx: tx.nics.find(gone))


def address_claims(cloud: Cloud, subnet: SubnetId) -> list[str]:
    found = cloud.store.read(lambda tx: tx.claims.with_prefix("address", f"{subnet}/"))
    return [c.key.rpartition("/")[2] for c in found]


def test_a_router_made_before_any_host_is_bound_when_one_appears(cloud: Cloud) -> None:
    """The founding's own router was."""
    (entry,) = cloud.world.vpcs.values()
    assert [leg.addresses for leg in entry.legs] == [("10.0.0.1/24",)]
    assert entry.gateway is not None
    assert entry.default_via == "172.24.4.1"


def test_a_router_stands_with_its_legs_and_routes_and_goes(cloud: Cloud) -> None:
    _, subnet = place(cloud, "10.1.0.0/24")
    one = router(cloud, subnet)
    cloud.settle()
    assert [leg.addresses for leg in cloud.world.vpcs[one].legs] == [("10.1.0.1/24",)]
    assert address_claims(cloud, subnet) == ["10.1.0.1", "10.1.0.2"]
    vpc_legs.remove_leg(cloud.house, cloud.call(), one, LegWish(subnet_id=subnet))
    assert address_claims(cloud, subnet) == ["10.1.0.1", "10.1.0.2"]
    cloud.settle()
    assert cloud.world.vpcs[one].legs == ()
    assert address_claims(cloud, subnet) == ["10.1.0.2"]
    vpcs.update_vpc(cloud.house, cloud.call(), one, VpcChange(gateway=None))
    cloud.settle()
    assert cloud.world.vpcs[one].gateway is None
    assert deleted_nics(cloud) == []
    vpcs.delete_vpc(cloud.house, cloud.call(), one)
    cloud.settle()
    assert one not in cloud.world.vpcs
    assert cloud.store.read(lambda tx: tx.vpcs.get(one)) is None


def test_a_router_that_is_wished_down_stands_no_more_until_it_is_wished_up(cloud: Cloud) -> None:
    _, subnet = place(cloud, "10.1.0.0/24")
    one = router(cloud, subnet)
    vpcs.update_vpc(cloud.house, cloud.call(), one, VpcChange(admin_up=False))
    cloud.settle()
    assert one not in cloud.world.vpcs
    vpcs.update_vpc(cloud.house, cloud.call(), one, VpcChange(admin_up=True))
    cloud.settle()
    assert [leg.addresses for leg in cloud.world.vpcs[one].legs] == [("10.1.0.1/24",)]


def test_a_public_address_is_carried_and_given_back_when_it_is_down(cloud: Cloud) -> None:
    network, subnet = place(cloud, "10.1.0.0/24")
    one = router(cloud, subnet)
    nic = nic_doors.create_nics(cloud.house, cloud.call(), (nic_doors.NicWish(network_id=network),))[0].nic
    public = public_addresses.create_public_address(
        cloud.house, cloud.call(), PublicWish(network_id=outer(cloud).id, nic_id=nic.id)
    ).public
    cloud.settle()
    (floating,) = cloud.world.vpcs[one].floating
    assert (floating.public, floating.fixed) == (public.address, nic.fixed_ips[0].address)
    public_addresses.delete_public_address(cloud.house, cloud.call(), public.id)
    assert public.address in address_claims(cloud, public.subnet_id)
    cloud.settle()
    assert cloud.world.vpcs[one].floating == ()
    assert public.address not in address_claims(cloud, public.subnet_id)


def test_leading_an_address_elsewhere_moves_it(cloud: Cloud) -> None:
    network, subnet = place(cloud, "10.1.0.0/24")
    one = router(cloud, subnet)
    wish = nic_doors.NicWish(network_id=network)
    first, second = (v.nic for v in nic_doors.create_nics(cloud.house, cloud.call(), (wish, wish)))
    public = public_addresses.create_public_address(
        cloud.house, cloud.call(), PublicWish(network_id=outer(cloud).id, nic_id=first.id)
    ).public
    cloud.settle()
    public_addresses.update_public_address(cloud.house, cloud.call(), public.id, PublicChange(nic_id=second.id))
    cloud.settle()
    assert [f.fixed for f in cloud.world.vpcs[one].floating] == [second.fixed_ips[0].address]
    public_addresses.update_public_address(cloud.house, cloud.call(), public.id, PublicChange(nic_id=None))
    cloud.settle()
    assert cloud.world.vpcs[one].floating == ()


def test_a_silent_host_keeps_what_it_may_still_have(cloud: Cloud) -> None:
    _, subnet = place(cloud, "10.1.0.0/24")
    one = router(cloud, subnet)
    cloud.settle()
    vpc_legs.remove_leg(cloud.house, cloud.call(), one, LegWish(subnet_id=subnet))
    cloud.control_only()
    assert [n.vpc_id for n in deleted_nics(cloud)] == [one]
    assert "10.1.0.1" in address_claims(cloud, subnet)
    delete_subnet(cloud.house, cloud.call(), subnet)
    cloud.settle()
    assert deleted_nics(cloud) == []


def test_a_port_that_outlives_its_instance_is_let_go_when_it_is_deleted_too(cloud: Cloud) -> None:
    network, subnet = place(cloud, "10.1.0.0/24")
    nic = nic_doors.create_nics(cloud.house, cloud.call(), (nic_doors.NicWish(network_id=network),))[0].nic
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), nics=(NicChoice(nic_id=nic.id),))
    one = run.run(cloud.house, cloud.call(), wish)[0]
    cloud.settle()
    assert nic.id in cloud.world.nics
    delete.delete(cloud.house, cloud.call(), one.id)
    nic_doors.delete_nic(cloud.house, cloud.call(), nic.id)
    cloud.control_only()
    assert [n.id for n in deleted_nics(cloud)] == [nic.id]
    cloud.settle()
    assert nic.id not in cloud.world.nics
    assert deleted_nics(cloud) == []
    assert address_claims(cloud, subnet) == ["10.1.0.2"]
    assert cloud.world.broken == []
