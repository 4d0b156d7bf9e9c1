"""Trunks: what may be carried, what holds on to it, and that it goes where the trunk's own port goes."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UnsetType
from tests.usecase.cloud import Cloud
from tests.usecase.networks.conftest import Neutron, World

from kumoi.app import why
from kumoi.app.instances import power, run
from kumoi.app.instances.wish import NicChoice, RunWish
from kumoi.app.networks.networks import NetworkWish, create_networks
from kumoi.app.networks.nic_doors import create_nics
from kumoi.app.networks.nics import NicWish
from kumoi.app.networks.trunks import TrunkWish, add_subports, create_trunk, delete_trunk, remove_subports
from kumoi.core.ids import FlavorId, host_section
from kumoi.core.plan import InstanceEntry
from kumoi.core.query import Query
from kumoi.core.trunks import CARRIES, Subport


@pytest.fixture
def ports(neutron: Neutron, world: World) -> list[str]:
    """Three, of one network; there is a host that can do it."""
    world.add_host(capabilities=("router", CARRIES))
    network = neutron.make("networks")["id"]
    return [neutron.make("ports", network_id=network)["id"] for _ in range(3)]


def sub(port: str, vlan: int) -> dict[str, Any]:
    return {"port_id": port, "segmentation_type": "vlan", "segmentation_id": vlan}


def test_a_trunk_is_edited(neutron: Neutron, ports: list[str]) -> None:
    trunk = neutron.make("trunks", port_id=ports[0], sub_ports=[sub(ports[1], 7)])
    assert trunk["sub_ports"] == [sub(ports[1], 7)]
    path = f"trunks/{trunk['id']}"
    shown = neutron.get(f"ports/{ports[1]}")["port"]
    assert (shown["device_owner"], shown["device_id"]) == ("trunk:subport", trunk["id"])
    parent = neutron.get(f"ports/{ports[0]}")["port"]
    assert parent["trunk_details"] == {"trunk_id": trunk["id"], "sub_ports": trunk["sub_ports"]}
    added = neutron.ask("PUT", f"{path}/add_subports", {"sub_ports": [sub(ports[2], 8)]})
    assert [s["segmentation_id"] for s in added.json()["sub_ports"]] == [7, 8]
    removed = neutron.ask("PUT", f"{path}/remove_subports", {"sub_ports": [{"port_id": ports[1]}]})
    assert removed.json()["sub_ports"] == neutron.get(f"{path}/get_subports")["sub_ports"] == [sub(ports[2], 8)]
    assert neutron.get(f"ports/{ports[1]}")["port"]["device_owner"] == ""
    neutron.drop(path)
    assert neutron.get(f"ports/{ports[2]}")["port"]["device_owner"] == ""
    assert "trunk_details" not in neutron.get(f"ports/{ports[0]}")["port"]


def test_what_cannot_be_carried_is_refused(neutron: Neutron, ports: list[str]) -> None:
    trunk = neutron.make("trunks", port_id=ports[0], sub_ports=[sub(ports[1], 7)])
    path = f"trunks/{trunk['id']}"

    def adding(*subs: dict[str, Any]) -> tuple[int, str]:
        return neutron.refused("PUT", f"{path}/add_subports", {"sub_ports": list(subs)})

    assert adding(sub(ports[2], 7)) == (409, "DuplicateSubPort")
    assert adding(sub(ports[0], 8)) == (409, "ParentPortInUse")
    assert adding(sub(ports[1], 8)) == (409, "PortInUseAsSubPort")
    assert adding(sub(ports[2], 8), sub(ports[2], 9))[0] == 400
    assert adding(sub(ports[2], 4095))[0] == 400
    assert adding({"port_id": ports[2], "segmentation_type": "inherit"})[0] == 400
    small = neutron.make("networks", mtu=1300)["id"]
    narrow = neutron.make("ports", network_id=small)["id"]
    lesser = neutron.make("trunks", port_id=narrow)["id"]
    body = {"sub_ports": [sub(ports[2], 8)]}
    assert neutron.refused("PUT", f"trunks/{lesser}/add_subports", body)[1] == "SubPortMtuGreaterThanTrunkPortMtu"
    assert neutron.refused("POST", "trunks", {"trunk": {"port_id": ports[0]}})[0] == 409
    assert neutron.refused("POST", "trunks", {"trunk": {"port_id": ports[1]}})[0] == 409
    for port, kind in ((ports[0], "PortInUseAsTrunkParent"), (ports[1], "PortInUseAsSubPort")):
        assert neutron.refused("DELETE", f"ports/{port}") == (409, kind)
    neutron.change(path, admin_state_up=False)
    assert adding(sub(ports[2], 8)) == (409, "TrunkDisabled")
    assert neutron.refused("DELETE", path) == (409, "TrunkDisabled")
    assert neutron.refused("PUT", f"{path}/remove_subports", {"sub_ports": [{"port_id": ports[2]}]})[0] == 409
    neutron.change(path, admin_state_up=True)
    gone = {"sub_ports": [{"port_id": ports[2]}]}
    assert neutron.refused("PUT", f"{path}/remove_subports", gone) == (404, "SubPortNotFound")
    assert neutron.refused("GET", path, who="two")[0] == 404


def test_a_sub_port_may_have_the_vlan_of_its_own_network(neutron: Neutron, world: World) -> None:
    world.add_host(capabilities=(CARRIES,))
    tagged = {"provider:network_type": "vlan", "provider:physical_network": "office"}
    wishes = ({"provider:segmentation_id": n, **tagged} for n in (41, 42))
    networks = [neutron.make("networks", "admin", **more)["id"] for more in (*wishes, {})]
    ports = [neutron.make("ports", "admin", network_id=n)["id"] for n in networks]
    trunk = neutron.make("trunks", "admin", port_id=ports[0])["id"]

    def adding(port: str) -> tuple[int, list[int]]:
        body = {"sub_ports": [{"port_id": port, "segmentation_type": "inherit"}]}
        answer = neutron.ask("PUT", f"trunks/{trunk}/add_subports", body, "admin")
        return answer.status, [one["segmentation_id"] for one in answer.json().get("sub_ports", ())]

    assert adding(ports[2]) == (400, [])
    status, vlans = adding(ports[1])
    assert (status, vlans) == (200, [42])


def test_it_is_not_offered_where_no_host_can_do_it(neutron: Neutron, world: World) -> None:
    port = neutron.make("ports", network_id=neutron.make("networks")["id"])["id"]
    world.add_host()
    assert neutron.refused("POST", "trunks", {"trunk": {"port_id": port}})[0] == 400
    assert neutron.refused("GET", "extensions/trunk")[0] == 404
    world.add_host("able", capabilities=(CARRIES,))
    assert neutron.get("extensions/trunk")["extension"]["alias"] == "trunk"


def test_what_is_carried_goes_with_the_instance(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, capabilities=("router", CARRIES))
    cloud.settle()
    house, call = cloud.house, cloud.call()
    outer, inner = (create_networks(house, call, (NetworkWish(),))[0].network.id for _ in range(2))
    parent, first = (create_nics(house, call, (NicWish(network_id=n),))[0].nic.id for n in (outer, inner))
    second = create_nics(house, call, (NicWish(network_id=inner),))[0].nic.id
    trunk = create_trunk(house, call, TrunkWish(nic_id=parent, subports=(Subport(first, 7),))).trunk
    wish = RunWish(name="a", flavor_id=FlavorId("1"), image_id=cloud.image(), nics=(NicChoice(nic_id=parent),))
    server = run.run(house, call, wish)[0]
    cloud.settle()

    def carried() -> dict[str, int]:
        host = house.store.read(lambda tx: tx.hosts.find(Query()))[0]
        told = house.store.read(lambda tx: tx.sections.entry(host_section(host.id), f"instance/{server.id}"))
        assert told is not None
        assert not isinstance(told.body, UnsetType)
        entry = msgspec.json.decode(told.body, type=InstanceEntry)
        return {one.nic_id: one.vlan for plug in entry.nics for one in plug.carries}

    assert carried() == {first: 7}
    assert {parent, first} <= cloud.world.nics.keys()
    assert [(c.nic_id, c.parent, c.vlan) for c in cloud.world.segments[inner].carried] == [(first, parent, 7)]
    told = why.explain(house, cloud.call(), trunk.id)
    assert (told.kind, told.status, [r.id for r in told.related]) == ("trunk", "active", [parent, first])
    add_subports(house, cloud.call(), trunk.id, (Subport(second, 8),))
    remove_subports(house, cloud.call(), trunk.id, (first,))
    cloud.settle()
    assert carried() == {second: 8}
    assert second in cloud.world.nics
    assert first not in cloud.world.nics
    assert house.store.read(lambda tx: tx.nics.get(first)).host_id is None  # type: ignore[union-attr]
    power.stop(house, cloud.call(), server.id)
    delete_trunk(house, cloud.call(), trunk.id)
    cloud.settle()
    assert carried() == {}
    assert all(segment.carried == () for segment in cloud.world.segments.values()), "no tap, no frames of it"
    cloud.close()
