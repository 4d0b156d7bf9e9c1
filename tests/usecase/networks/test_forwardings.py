"""Port forwardings: who may have which port, what they hold on to, and that the router is told."""

from typing import Any

import pytest
from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries
from tests.usecase.networks.test_neutron import external, tenant

from kumoi.app import why
from kumoi.core.ids import HostId
from kumoi.core.plan import VpcEntry
from kumoi.core.port_forwardings import Ports
from kumoi.core.vpcs import Forward


class Place:
    """A project's network behind a router with a way out, a public address, and two ports to forward to."""

    def __init__(self, neutron: Neutron, world: World) -> None:
        self._neutron, self._world = neutron, world
        self.host: HostId = world.add_host()
        self.outer = external(neutron)["id"]
        self.network, self.subnet = tenant(neutron)
        self.router = neutron.make("routers", external_gateway_info={"network_id": self.outer})["id"]
        neutron.ask("PUT", f"routers/{self.router}/add_router_interface", {"subnet_id": self.subnet})
        self.public = neutron.make("floatingips", floating_network_id=self.outer)
        self.first, self.second = (neutron.make("ports", network_id=self.network) for _ in range(2))
        self.path = f"floatingips/{self.public['id']}/port_forwardings"

    def body(self, port: dict[str, Any], **ports: Any) -> dict[str, Any]:
        address = port["fixed_ips"][0]["ip_address"]
        wanted = {"internal_port_id": port["id"], "internal_ip_address": address, "protocol": "tcp", **ports}
        return {"port_forwarding": wanted}

    def make(self, port: dict[str, Any], **ports: Any) -> dict[str, Any]:
        answer = self._neutron.ask("POST", self.path, self.body(port, **ports))
        assert answer.status == 201, answer.body
        return dict(answer.json()["port_forwarding"])

    def refused(self, port: dict[str, Any], **ports: Any) -> tuple[int, str]:
        return self._neutron.refused("POST", self.path, self.body(port, **ports))

    def shown(self) -> dict[str, Any]:
        return dict(self._neutron.get(f"floatingips/{self.public['id']}")["floatingip"])

    def told(self) -> tuple[Forward, ...]:
        return entries(self._world, f"host/{self.host}", VpcEntry)[0].forwards


@pytest.fixture
def place(neutron: Neutron, world: World) -> Place:
    return Place(neutron, world)


def test_many_share_an_address_and_the_router_is_told(neutron: Neutron, world: World, place: Place) -> None:
    one = place.make(place.first, internal_port=22, external_port=2222)
    assert (one["internal_port"], one["external_port"]) == (22, 2222)
    place.make(place.second, internal_port_range="8000:8010", external_port_range="80:90")
    assert place.shown()["router_id"] == place.router
    shown = place.shown()["port_forwardings"]
    assert [f.get("external_port_range", f.get("external_port")) for f in shown] == ["80:90", 2222]
    public, second = place.public["floating_ip_address"], place.second["fixed_ips"][0]["ip_address"]
    why_so = why.explain(world.house, world.call(), one["id"])
    assert [r.kind for r in why_so.related] == ["public_address", "nic"]
    wide = Forward(public=public, protocol="tcp", outer=Ports(80, 90), fixed=second, inner=Ports(8000, 8010))
    assert wide in place.told()
    changed = neutron.ask("PUT", f"{place.path}/{one['id']}", {"port_forwarding": {"internal_port": 2200}})
    assert changed.json()["port_forwarding"]["internal_port"] == 2200
    neutron.drop(f"{place.path}/{one['id']}")
    assert place.told() == (wide,)


def test_a_port_is_forwarded_once_and_reached_once(neutron: Neutron, place: Place) -> None:
    one = place.make(place.first, internal_port=22, external_port=2222)
    assert place.refused(place.second, internal_port=33, external_port=2222) == (400, "BadRequest")
    assert place.refused(place.first, internal_port=22, external_port=3333) == (400, "BadRequest")
    assert place.refused(place.second, internal_port_range="1:9", external_port_range="2220:2228")[0] == 400
    assert place.refused(place.second, internal_port_range="1:9", external_port_range="1:8")[0] == 400
    assert place.refused(place.second, internal_port=22, external_port=108343)[0] == 400
    assert place.refused(place.second, internal_port=22, external_port=9, protocol="gre")[0] == 400
    place.make(place.first, internal_port=22, external_port=2222, protocol="udp")
    too_high = {"port_forwarding": {"external_port": 70000}}
    assert neutron.refused("PUT", f"{place.path}/{one['id']}", too_high)[0] == 400


def test_an_address_leads_as_a_whole_or_by_ports(neutron: Neutron, place: Place) -> None:
    one = place.make(place.first, internal_port=22, external_port=2222)
    whole = {"floatingip": {"port_id": place.second["id"]}}
    path = f"floatingips/{place.public['id']}"
    assert neutron.refused("PUT", path, whole) == (409, "FipInUseByPortForwarding")
    assert neutron.refused("DELETE", path) == (409, "FipInUseByPortForwarding")
    leg = {"subnet_id": place.subnet}
    assert neutron.refused("PUT", f"routers/{place.router}/remove_router_interface", leg)[0] == 409
    neutron.drop(f"{place.path}/{one['id']}")
    assert place.shown()["router_id"] is None
    neutron.change(path, port_id=place.second["id"])
    assert place.refused(place.first, internal_port=22, external_port=2222)[0] == 409


def test_forwardings_go_with_the_port_and_with_its_address(neutron: Neutron, place: Place) -> None:
    place.make(place.first, internal_port=22, external_port=2222)
    place.make(place.second, internal_port=22, external_port=3333)
    neutron.drop(f"ports/{place.first['id']}")
    assert [f["external_port"] for f in place.shown()["port_forwardings"]] == [3333]
    neutron.change(f"ports/{place.second['id']}", fixed_ips=[{"ip_address": "10.0.0.200"}])
    assert place.shown()["port_forwardings"] == []
    assert place.told() == ()


def test_an_address_that_no_router_leads_to_is_not_forwarded_to(neutron: Neutron, place: Place) -> None:
    lonely, _ = tenant(neutron, "10.7.0.0/24")
    port = neutron.make("ports", network_id=lonely)
    assert place.refused(port, internal_port=22, external_port=22) == (404, "ExternalGatewayForFloatingIPNotFound")
    assert neutron.refused("GET", place.path, who="two")[0] == 404
