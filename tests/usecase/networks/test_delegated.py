"""IPv6 prefixes delegated from the cloud's default pool."""

import pytest
from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries

from kumoi.core.plan import SubnetEntry

POOL = {"name": "six", "prefixes": ["fd00:9::/62"], "default_prefixlen": 64, "is_default": True, "shared": True}
SLAAC = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
ASKED = {"ip_version": 6, "subnetpool_id": "prefix_delegation"}


def test_each_network_gets_a_prefix_of_its_own(neutron: Neutron, world: World) -> None:
    world.add_host(capabilities=("router", "ipv6_ra"))
    pool = neutron.make("subnetpools", "admin", **POOL)["id"]
    made = []
    for _ in range(4):
        network = neutron.make("networks")["id"]
        made.append(neutron.make("subnets", network_id=network, **ASKED, **SLAAC))
        told = entries(world, f"network/{network}", SubnetEntry)[0]
        assert (told.cidr, told.ra_mode) == (made[-1]["cidr"], "slaac")
    assert {one["cidr"] for one in made} == {"fd00:9::/64", "fd00:9:0:1::/64", "fd00:9:0:2::/64", "fd00:9:0:3::/64"}
    assert {one["subnetpool_id"] for one in made} == {pool}
    network = neutron.make("networks")["id"]
    full = {"subnet": {"network_id": network, **ASKED, **SLAAC}}
    assert neutron.refused("POST", "subnets", full) == (400, "SubnetAllocationError")
    neutron.drop(f"subnets/{made[0]['id']}")
    assert neutron.make("subnets", network_id=network, **ASKED, **SLAAC)["cidr"] == made[0]["cidr"]


@pytest.mark.parametrize(
    "wish",
    [
        {**ASKED},
        {**ASKED, "ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"},
        {**ASKED, **SLAAC, "cidr": "fd00:9::/64"},
        {**ASKED, "ip_version": 4},
    ],
)
def test_it_is_for_guests_that_make_their_own_addresses(
    neutron: Neutron, world: World, wish: dict[str, object]
) -> None:
    world.add_host(capabilities=("router", "ipv6_ra"))
    neutron.make("subnetpools", "admin", **POOL)
    network = neutron.make("networks")["id"]
    assert neutron.refused("POST", "subnets", {"subnet": {"network_id": network, **wish}})[0] == 400


def test_without_a_default_pool_there_is_none(neutron: Neutron, world: World) -> None:
    world.add_host(capabilities=("router", "ipv6_ra"))
    network = neutron.make("networks")["id"]
    assert neutron.refused("POST", "subnets", {"subnet": {"network_id": network, **ASKED, **SLAAC}})[0] == 400
    neutron.make("subnetpools", "admin", **POOL)
    neutron.make("subnets", network_id=network, **ASKED, **SLAAC)
