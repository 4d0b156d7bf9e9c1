"""What a port may be told beyond its addresses, and whose addresses a subnet is for."""

from typing import Any

from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries
from tests.usecase.networks.test_neutron import tenant

from kumoi.core.dhcp_options import DhcpOption
from kumoi.core.plan import NicEntry, SubnetEntry, VpcEntry


def options(port: dict[str, Any]) -> dict[str, str]:
    return {o["opt_name"]: o["opt_value"] for o in port["extra_dhcp_opts"]}


def test_dhcp_options_come_together_and_reach_the_host(neutron: Neutron, world: World) -> None:
    network, _ = tenant(neutron)
    given = [{"opt_name": "ntp-server", "opt_value": "192.0.2.1"}, {"opt_name": "mtu", "opt_value": "1400"}]
    port = neutron.make("ports", network_id=network, extra_dhcp_opts=given)
    assert options(port) == {"ntp-server": "192.0.2.1", "mtu": "1400"}
    change = [{"opt_name": "mtu", "opt_value": None}, {"opt_name": "bootfile-name", "opt_value": "a"}]
    changed = neutron.change(f"ports/{port['id']}", extra_dhcp_opts=change)
    assert options(changed) == {"ntp-server": "192.0.2.1", "bootfile-name": "a"}
    told = {e.id: e.dhcp_options for e in entries(world, f"network/{network}", NicEntry)}
    wanted = (DhcpOption(name="ntp-server", value="192.0.2.1"), DhcpOption(name="bootfile-name", value="a"))
    assert told[port["id"]] == wanted
    body = {"port": {"network_id": network, "extra_dhcp_opts": [{"opt_name": "netmask", "opt_value": "255.0.0.0"}]}}
    assert neutron.refused("POST", "ports", body)[0] == 400


def test_names_are_assigned_in_the_domain(neutron: Neutron, world: World) -> None:
    network = neutron.make("networks", dns_domain="cloud.example.")["id"]
    neutron.make("subnets", network_id=network, cidr="10.1.0.0/24", ip_version=4)
    port = neutron.make("ports", network_id=network, dns_name="web")
    address = port["fixed_ips"][0]["ip_address"]
    named = {"ip_address": address, "hostname": "web", "fqdn": "web.cloud.example."}
    assert port["dns_assignment"] == [named]
    changed = neutron.change(f"ports/{port['id']}", dns_name="", dns_domain="far.example")
    made = "host-" + address.replace(".", "-")
    assert changed["dns_assignment"] == [{"ip_address": address, "hostname": made, "fqdn": f"{made}.far.example."}]
    told = {e.id: e.dns_domain for e in entries(world, f"network/{network}", NicEntry)}
    assert told[port["id"]] == "far.example"


def test_where_an_unused_port_is_plugged_is_the_providers_word(neutron: Neutron) -> None:
    network, _ = tenant(neutron)
    port = neutron.make("ports", network_id=network)
    body = {"port": {"binding:host_id": "elsewhere"}}
    assert neutron.refused("PUT", f"ports/{port['id']}", body)[0] == 403
    answer = neutron.ask("PUT", f"ports/{port['id']}", body, who="admin").json()["port"]
    assert (answer["binding:host_id"], answer["binding:vif_type"]) == ("elsewhere", "unbound")
    assert answer["revision_number"] > port["revision_number"]


def test_subnets_for_certain_holders(neutron: Neutron) -> None:
    network = neutron.make("networks")["id"]
    for cidr, types in (("10.1.0.0/24", ["compute:nova"]), ("10.2.0.0/24", ["network:dhcp", "app:x"])):
        made = neutron.make("subnets", network_id=network, cidr=cidr, ip_version=4, service_types=types)
        assert made["service_types"] == types
    apart = neutron.make("ports", network_id=network, device_owner="app:x")
    assert apart["fixed_ips"][0]["ip_address"].startswith("10.2.0.")
    body = {"port": {"network_id": network}}
    assert neutron.refused("POST", "ports", body) == (409, "IpAddressGenerationFailure")
    neutron.make("subnets", network_id=network, cidr="10.3.0.0/24", ip_version=4)
    assert neutron.make("ports", network_id=network)["fixed_ips"][0]["ip_address"].startswith("10.3.0.")
    still = neutron.make("ports", network_id=network, device_owner="app:x")
    assert still["fixed_ips"][0]["ip_address"].startswith("10.2.0.")


def test_a_subnet_grows_with_its_router(neutron: Neutron, world: World) -> None:
    host = world.add_host()
    network = neutron.make("networks")["id"]
    subnet = neutron.make("subnets", network_id=network, cidr="10.1.0.0/24", ip_version=4)
    router = neutron.make("routers")["id"]
    neutron.ask("PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet["id"]})
    beside = neutron.make("subnets", network_id=network, cidr="10.1.2.0/24", ip_version=4)
    assert neutron.refused("PUT", f"subnets/{subnet['id']}", {"subnet": {"cidr": "10.1.0.0/22"}})[0] == 400
    neutron.drop(f"subnets/{beside['id']}")
    for wrong in ("10.1.0.0/25", "10.2.0.0/23", "fd00::/64"):
        assert neutron.refused("PUT", f"subnets/{subnet['id']}", {"subnet": {"cidr": wrong}})[0] == 400
    grown = neutron.change(f"subnets/{subnet['id']}", cidr="10.1.0.0/22")
    assert (grown["cidr"], grown["gateway_ip"]) == ("10.1.0.0/22", "10.1.0.1")
    assert grown["allocation_pools"] == [{"start": "10.1.0.2", "end": "10.1.3.254"}]
    assert entries(world, f"network/{network}", SubnetEntry)[0].cidr == "10.1.0.0/22"
    assert entries(world, f"host/{host}", VpcEntry)[0].legs[0].addresses == ("10.1.0.1/22",)
    far = neutron.make("ports", network_id=network, fixed_ips=[{"ip_address": "10.1.3.9"}])
    assert far["fixed_ips"][0]["subnet_id"] == subnet["id"]


def test_a_network_offers_what_is_below_carries(neutron: Neutron) -> None:
    assert neutron.make("networks")["mtu"] == 1450
    assert neutron.refused("POST", "networks", {"network": {"mtu": 1451}})[0] == 400
    outer = neutron.make("networks", "admin", **{"router:external": True, "mtu": 1500})
    assert outer["mtu"] == 1500


def test_a_service_that_is_down_answers_nowhere(neutron: Neutron, world: World) -> None:
    network, subnet = tenant(neutron)
    service = neutron.get(f"ports?network_id={network}&device_owner=network:dhcp")["ports"][0]
    assert (service["status"], service["fixed_ips"][0]["subnet_id"]) == ("ACTIVE", subnet)
    assert entries(world, f"network/{network}", SubnetEntry)[0].service_address is not None
    changed = neutron.change(f"ports/{service['id']}", admin_state_up=False)
    assert changed["status"] == "DOWN"
    assert entries(world, f"network/{network}", SubnetEntry)[0].service_address is None
