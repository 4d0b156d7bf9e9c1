"""Routers with several ways out: which is the first, which addresses come in where, and what holds on to one."""

from typing import Any

import pytest
from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries
from tests.usecase.networks.test_neutron import external, tenant

from kumoi.core.ids import HostId
from kumoi.core.plan import VpcEntry


class Place:
    def __init__(self, neutron: Neutron, world: World) -> None:
        self.host: HostId = world.add_host()
        self._neutron, self._world = neutron, world
        self.near, self.far = external(neutron)["id"], external(neutron, "198.51.100.0/24")["id"]
        self.network, self.subnet = tenant(neutron)
        self.router = neutron.make("routers", external_gateway_info={"network_id": self.near})["id"]
        neutron.ask("PUT", f"routers/{self.router}/add_router_interface", {"subnet_id": self.subnet})

    def change(self, verb: str, *gateways: dict[str, Any], who: str = "admin") -> list[dict[str, Any]]:
        body = {"router": {"external_gateways": list(gateways)}}
        answer = self._neutron.ask("PUT", f"routers/{self.router}/{verb}_external_gateways", body, who)
        assert answer.status == 200, answer.body
        shown = answer.json()["router"]
        assert shown["external_gateway_info"] == (shown["external_gateways"] or [None])[0]
        return list(shown["external_gateways"])

    def refused(self, verb: str, *gateways: dict[str, Any], who: str = "admin") -> tuple[int, str]:
        body = {"router": {"external_gateways": list(gateways)}}
        return self._neutron.refused("PUT", f"routers/{self.router}/{verb}_external_gateways", body, who=who)

    def told(self) -> VpcEntry:
        return entries(self._world, f"host/{self.host}", VpcEntry)[0]


@pytest.fixture
def place(neutron: Neutron, world: World) -> Place:
    return Place(neutron, world)


def test_ways_out_come_and_go_and_the_next_becomes_the_first(place: Place) -> None:
    both = place.change("add", {"network_id": place.far}, who="one")
    assert [g["network_id"] for g in both] == [place.near, place.far]
    assert [way.leg.network_id for way in place.told().exits] == [place.near, place.far]
    assert [way.via for way in place.told().exits] == ["203.0.113.1", "198.51.100.1"]
    three = place.change("add", {"network_id": place.near})
    assert len({g["external_fixed_ips"][0]["ip_address"] for g in three}) == 3
    assert place.change("remove", three[2], who="one") == both
    assert place.change("remove", {"network_id": place.near}, who="one") == both[1:]
    assert [way.leg.network_id for way in place.told().exits] == [place.far]
    assert place.refused("remove", {"network_id": place.near}) == (404, "ExternalGatewayNotFound")
    back = place.change("update", {"network_id": place.far}, three[2])
    assert back == [both[1], three[2]]
    assert place.change("remove", *back, who="one") == []
    assert place.told().gateway is None


def test_an_address_comes_in_by_the_gateway_of_its_network(neutron: Neutron, place: Place) -> None:
    place.change("add", {"network_id": place.far})
    port = neutron.make("ports", network_id=place.network)
    public = neutron.make("floatingips", floating_network_id=place.far, port_id=port["id"])
    assert public["router_id"] == place.router
    first, second = place.told().exits
    assert (first.carries, second.carries) == ((), (public["floating_ip_address"],))
    assert place.refused("remove", {"network_id": place.far})[0] == 409
    place.change("add", {"network_id": place.far})
    place.change("remove", {"network_id": place.far})
    assert place.told().exits[1].carries == (public["floating_ip_address"],)
    cleared = {"router": {"external_gateway_info": None}}
    assert neutron.refused("PUT", f"routers/{place.router}", cleared)[0] == 409


def test_what_is_the_providers_to_choose_is_refused(neutron: Neutron, place: Place) -> None:
    chosen = {"network_id": place.far, "external_fixed_ips": [{"ip_address": "198.51.100.9"}]}
    assert place.refused("add", chosen, who="one")[0] == 403
    assert place.change("add", chosen)[1]["external_fixed_ips"][0]["ip_address"] == "198.51.100.9"
    assert place.refused("add", {"network_id": place.near, "enable_snat": False})[0] == 400
    assert place.refused("add", {"network_id": place.network})[0] == 400
    assert neutron.change(f"routers/{place.router}", enable_default_route_ecmp=True)["enable_default_route_ecmp"]
    assert place.told().ecmp
    neutron.change(f"routers/{place.router}", external_gateway_info={})
    assert place.told().exits == ()


def test_a_floating_ip_comes_in_by_the_router_that_guests_answer_by(world: World, neutron: Neutron) -> None:
    world.add_host()
    outer = neutron.make("networks", "admin", **{"router:external": True})["id"]
    neutron.make("subnets", "admin", network_id=outer, cidr="203.0.113.0/24", ip_version=4)
    inner = neutron.make("networks")["id"]
    subnet = neutron.make("subnets", network_id=inner, cidr="10.0.0.0/24", ip_version=4)["id"]
    beside, gateway = (neutron.make("routers", external_gateway_info={"network_id": outer})["id"] for _ in range(2))
    leg = neutron.make("ports", network_id=inner)["id"]
    for router, body in ((beside, {"port_id": leg}), (gateway, {"subnet_id": subnet})):
        assert neutron.ask("PUT", f"routers/{router}/add_router_interface", body).status == 200
    for _ in range(8):
        port = neutron.make("ports", network_id=inner)["id"]
        assert neutron.make("floatingips", floating_network_id=outer, port_id=port)["router_id"] == gateway
