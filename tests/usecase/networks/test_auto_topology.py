"""A network for who asks for one and no more."""

from tests.usecase.networks.conftest import PROJECTS, Neutron, World

PATH = "auto-allocated-topology"


def provide(neutron: Neutron) -> None:
    outer = neutron.make("networks", "admin", is_default=True, **{"router:external": True})["id"]
    neutron.make("subnets", "admin", network_id=outer, cidr="203.0.113.0/24", ip_version=4)
    for prefix, length in (("10.64.0.0/12", 26), ("2001:db8::/48", 64)):
        wish = {"prefixes": [prefix], "default_prefixlen": length, "is_default": True, "shared": True}
        neutron.make("subnetpools", "admin", **wish)


def test_it_says_what_is_missing(neutron: Neutron) -> None:
    assert neutron.refused("GET", f"{PATH}/None?fields=dry-run") == (409, "AutoAllocationFailure")
    assert neutron.refused("GET", f"{PATH}/None") == (409, "AutoAllocationFailure")
    provide(neutron)
    told = neutron.get(f"{PATH}/None?fields=dry-run")["auto_allocated_topology"]
    assert (told["id"], told["project_id"]) == ("dry-run=pass", PROJECTS["one"])
    assert [n for n in neutron.get("networks")["networks"] if not n["router:external"]] == []


def test_it_is_made_once_and_goes_as_a_whole(world: World, neutron: Neutron) -> None:
    world.add_host()
    provide(neutron)
    network = neutron.get(f"{PATH}/None")["auto_allocated_topology"]["id"]
    assert neutron.get(f"{PATH}/{PROJECTS['one']}")["auto_allocated_topology"]["id"] == network
    neutron.change(f"networks/{network}", name="mine")
    assert neutron.get(f"{PATH}/None")["auto_allocated_topology"]["id"] == network
    assert neutron.get(f"{PATH}/None", "two")["auto_allocated_topology"]["id"] != network
    assert len(neutron.get(f"networks/{network}")["network"]["subnets"]) == 2
    (router,) = neutron.get("routers")["routers"]
    assert router["external_gateway_info"] is not None
    assert len(neutron.get(f"ports?device_id={router['id']}&network_id={network}")["ports"]) == 2
    port = neutron.make("ports", network_id=network)["id"]
    assert neutron.refused("DELETE", f"{PATH}/None") == (409, "NetworkInUse")
    neutron.drop(f"ports/{port}")
    neutron.drop(f"{PATH}/None")
    assert neutron.refused("GET", f"networks/{network}")[0] == 404
    assert neutron.get("routers")["routers"] == []
    assert neutron.refused("DELETE", f"{PATH}/None") == (404, "AutoAllocatedTopologyNotFound")


def test_it_is_ones_own_or_an_administrators(neutron: Neutron) -> None:
    provide(neutron)
    assert neutron.refused("GET", f"{PATH}/{PROJECTS['two']}") == (403, "PolicyNotAuthorized")
    told = neutron.get(f"{PATH}/{PROJECTS['two']}", "admin")["auto_allocated_topology"]
    assert told["project_id"] == PROJECTS["two"]
    assert neutron.get(f"networks/{told['id']}", "two")["network"]["project_id"] == PROJECTS["two"]
