"""NDP proxies: when a router may answer outside for an address behind it; and what its conntrack reads along."""

from typing import Any

import pytest
from tests.usecase.networks.conftest import Neutron, World


class Place:
    """An external network and a network behind a router, both of one address scope of IPv6."""

    def __init__(self, neutron: Neutron) -> None:
        self.neutron = neutron
        self.scope = neutron.make("address-scopes", "admin", ip_version=6, shared=True)["id"]
        self.pool = neutron.make(
            "subnetpools", "admin", prefixes=["2001:db8::/48"], default_prefixlen=64, shared=True,
            address_scope_id=self.scope,
        )["id"]  # fmt: skip
        self.outer = neutron.make("networks", "admin", **{"router:external": True})["id"]
        self.subnet(self.outer, "admin", subnetpool_id=self.pool)
        self.inner = neutron.make("networks")["id"]
        self.inside = self.subnet(self.inner, subnetpool_id=self.pool)
        self.router = neutron.make("routers", external_gateway_info={"network_id": self.outer}, enable_ndp_proxy=True)
        self.lay(self.inside)

    def subnet(self, network: str, who: str = "one", **more: Any) -> str:
        return str(self.neutron.make("subnets", who, network_id=network, ip_version=6, **more)["id"])

    def lay(self, subnet: str, verb: str = "add") -> int:
        path = f"routers/{self.router['id']}/{verb}_router_interface"
        return self.neutron.ask("PUT", path, {"subnet_id": subnet}).status

    def publish(self, port: str, **more: Any) -> tuple[int, str]:
        body = {"ndp_proxy": {"router_id": self.router["id"], "port_id": port, **more}}
        answer = self.neutron.ask("POST", "ndp_proxies", body)
        return answer.status, answer.json().get("NeutronError", {}).get("type", "")


@pytest.fixture
def place(world: World, neutron: Neutron) -> Place:
    world.add_host()
    return Place(neutron)


def test_an_address_is_published_once_and_goes_with_its_port(place: Place, neutron: Neutron) -> None:
    assert place.router["enable_ndp_proxy"] is True
    port = neutron.make("ports", network_id=place.inner)
    address = port["fixed_ips"][0]["ip_address"]
    assert place.publish(port["id"], name="mail") == (201, "")
    assert place.publish(port["id"])[0] == 409
    (proxy,) = neutron.get(f"ndp_proxies?ip_address={address}")["ndp_proxies"]
    assert (proxy["name"], proxy["router_id"]) == ("mail", place.router["id"])
    assert neutron.get("ndp_proxies", "two")["ndp_proxies"] == []
    assert place.lay(place.inside, "remove") == 409
    off = {"router": {"enable_ndp_proxy": False}}
    assert neutron.refused("PUT", f"routers/{place.router['id']}", off)[0] == 409
    neutron.drop(f"ports/{port['id']}")
    assert neutron.get("ndp_proxies")["ndp_proxies"] == []
    neutron.change(f"routers/{place.router['id']}", enable_ndp_proxy=False)


def test_only_what_the_router_reaches_in_the_scope_outside(place: Place, neutron: Neutron) -> None:
    other = neutron.make("networks")["id"]
    far = place.subnet(other, cidr="fd00:7::/64")
    port = neutron.make("ports", network_id=other)["id"]
    assert place.publish(port) == (409, "PortUnreachableRouter")
    place.lay(far)
    assert place.publish(port) == (409, "AddressScopeConflict")
    four = neutron.make("networks")["id"]
    neutron.make("subnets", network_id=four, ip_version=4, cidr="10.0.0.0/24")
    assert place.publish(neutron.make("ports", network_id=four)["id"]) == (409, "PortUnreachableRouter")
    neutron.change(f"routers/{place.router['id']}", enable_ndp_proxy=False)
    assert place.publish(neutron.make("ports", network_id=place.inner)["id"]) == (409, "RouterNDPProxyNotEnable")


def test_a_router_answers_only_where_its_way_out_has_a_scope(place: Place, neutron: Neutron) -> None:
    path = f"routers/{place.router['id']}"
    both = {"router": {"external_gateway_info": {}, "enable_ndp_proxy": True}}
    assert neutron.refused("PUT", path, both)[0] == 409
    assert neutron.change(path, external_gateway_info={})["enable_ndp_proxy"] is False
    assert neutron.refused("PUT", path, {"router": {"enable_ndp_proxy": True}})[0] == 409
    bare = neutron.make("networks", "admin", **{"router:external": True})["id"]
    place.subnet(bare, "admin", cidr="2001:db8:ff::/64")
    wish = {"external_gateway_info": {"network_id": bare}, "enable_ndp_proxy": True}
    assert neutron.refused("POST", "routers", {"router": wish})[0] == 409
    assert neutron.refused("PUT", path, {"router": wish})[0] == 409


def test_conntrack_helpers_of_a_router(neutron: Neutron) -> None:
    router = neutron.make("routers")["id"]
    path = f"routers/{router}/conntrack_helpers"

    def asked(method: str, where: str, **wish: Any) -> tuple[int, Any]:
        answer = neutron.ask(method, where, {"conntrack_helper": wish} if wish else None)
        return answer.status, answer.json().get("conntrack_helper") if answer.status < 300 and answer.body else None

    status, made = asked("POST", path, helper="tftp", protocol="udp", port=69)
    assert status == 201
    assert asked("POST", path, helper="tftp", protocol="udp", port=69)[0] == 400
    assert asked("POST", path, helper="tftp", protocol="tcp", port=70)[0] == 400
    assert asked("POST", path, helper="nonesuch", protocol="tcp", port=70)[0] == 400
    assert asked("PUT", f"{path}/{made['id']}", port=6969)[1]["port"] == 6969
    shown = neutron.get(f"routers/{router}")["router"]["conntrack_helpers"]
    assert shown == [{"helper": "tftp", "protocol": "udp", "port": 6969}]
    assert neutron.refused("GET", path, who="two") == (404, "RouterNotFound")
    assert asked("DELETE", f"{path}/{made['id']}")[0] == 204
    assert asked("GET", f"{path}/{made['id']}")[0] == 404
    assert neutron.get(path)["conntrack_helpers"] == []
