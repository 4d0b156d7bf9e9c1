"""Networks that are parts of one outside: who may make them, which VLAN they get, and what hosts are told."""

from pathlib import Path
from typing import Any

import pytest
from tests.usecase.cloud import Cloud
from tests.usecase.networks.conftest import PROJECTS, Neutron

from kumoi.app.instances import run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.subnets import SubnetWish, create_subnets
from kumoi.core.ids import FlavorId
from kumoi.core.networks import Pool

KIND, PHYSICAL, NUMBER = "provider:network_type", "provider:physical_network", "provider:segmentation_id"


def vlan(number: int | None = None, physical: str = "office", **more: Any) -> dict[str, Any]:
    return {KIND: "vlan", PHYSICAL: physical, **({NUMBER: number} if number is not None else {}), **more}


def shown(network: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(network[name] for name in (KIND, PHYSICAL, NUMBER))


def test_networks_of_all_types(neutron: Neutron) -> None:
    as_text = neutron.make("networks", "admin", **vlan(100) | {NUMBER: "100"})
    assert shown(as_text) == ("vlan", "office", 100)
    assert shown(neutron.make("networks", "admin", **{KIND: "flat", PHYSICAL: "office"})) == ("flat", "office", None)
    own = neutron.make("networks", "admin")
    assert shown(own)[:2] == ("vxlan", None)
    tagged = neutron.get(f"networks?{PHYSICAL}=office", "admin")["networks"]
    assert {n[NUMBER] for n in tagged} == {100, None}
    assert (tagged[0]["mtu"], own["mtu"]) == (1500, 1450), "no tunnel takes its part"
    assert KIND not in neutron.get(f"networks/{neutron.make('networks')['id']}")["network"]


def test_one_network_a_vlan_and_its_vlan_is_free_again(neutron: Neutron) -> None:
    network = neutron.make("networks", "admin", **vlan(100))
    flat = {KIND: "flat", PHYSICAL: "office"}
    neutron.make("networks", "admin", **flat)
    neutron.make("networks", "admin", **vlan(100, "lab"))
    assert neutron.refused("POST", "networks", {"network": vlan(100)}, who="admin") == (409, "VlanIdInUse")
    assert neutron.refused("POST", "networks", {"network": flat}, who="admin") == (409, "FlatNetworkInUse")
    neutron.drop(f"networks/{network['id']}", who="admin")
    assert shown(neutron.make("networks", "admin", **vlan(100)))[2] == 100


@pytest.mark.parametrize(
    "given",
    [
        {KIND: "vlan", NUMBER: 5},
        {KIND: "vlan", PHYSICAL: "office", NUMBER: 0},
        {KIND: "vlan", PHYSICAL: "office", NUMBER: 4095},
        {KIND: "vlan", PHYSICAL: "a name that is no device's"},
        {KIND: "flat", PHYSICAL: "office", NUMBER: 5},
        {KIND: "flat"},
        {KIND: "gre", NUMBER: 5},
        {PHYSICAL: "office"},
        vlan() | {NUMBER: "one"},
    ],
)
def test_what_does_not_go_together_is_refused(neutron: Neutron, given: dict[str, Any]) -> None:
    assert neutron.refused("POST", "networks", {"network": given}, who="admin")[0] == 400


def test_they_are_the_providers(neutron: Neutron) -> None:
    assert neutron.refused("POST", "networks", {"network": vlan(100)}) == (403, "PolicyNotAuthorized")
    shared = neutron.make("networks", "admin", **vlan(100, shared=True))
    assert neutron.make("ports", network_id=shared["id"])["network_id"] == shared["id"]


def test_a_projects_vlans_come_first_and_are_nobody_elses(neutron: Neutron) -> None:
    span = {"network_type": "vlan", PHYSICAL.partition(":")[2]: "office"}
    one = PROJECTS["one"]
    neutron.make("network-segment-ranges", "admin", minimum=300, maximum=301, shared=False, project_id=one, **span)
    own = [shown(neutron.make("networks", "admin", project_id=one, **vlan()))[2] for _ in range(3)]
    assert own == [300, 301, 1]
    others = neutron.make("networks", "admin", project_id=PROJECTS["two"], **vlan())
    assert shown(others)[2] == 2
    used = neutron.get("network-segment-ranges", "admin")["network_segment_ranges"][0]
    assert (used["network_type"], used["physical_network"]) == ("vlan", "office")
    assert used["used"] == {"300": one, "301": one}
    wanted = {"minimum": 301, "maximum": 400, **span}
    for physical, status in (("office", 409), ("lab", 201)):
        body = {"network_segment_range": wanted | {"physical_network": physical}}
        assert neutron.ask("POST", "network-segment-ranges", body, "admin").status == status


def test_a_customers_vlan_is_adopted_with_its_reserved_addresses(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.world.physical = set()
    cloud.settle()
    house, call = cloud.house, cloud.call(admin=True)
    network = create_networks(house, call, (NetworkWish(physical="office", vlan=100),))[0].network
    pools = (Pool("192.0.2.200", "192.0.2.201"),)
    create_subnets(
        house,
        call,
        (SubnetWish(network_id=network.id, cidr="192.0.2.0/24", gateway="192.0.2.1", dhcp=False, pools=pools),),
    )
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), nics=(NicChoice(network_id=network.id),))
    server = run.run(house, call, wish)[0]
    cloud.settle()
    assert cloud.world.machines == {}, "no guest starts on a network that is not there"
    cloud.world.physical = {"office"}
    cloud.settle()
    told = cloud.world.segments[network.id]
    assert (told.network.physical, told.network.vlan) == ("office", 100)
    assert [ip.address for nic in told.nics for ip in nic.fixed_ips] == ["192.0.2.200"], "no address for services"
    assert server.id in cloud.world.machines
    cloud.close()
