"""What form a router has: said by an administrator, or chosen by everybody as a flavor."""

from typing import Any

from tests.usecase.networks.conftest import Neutron, World

DRIVERS = "neutron.services.l3_router.service_providers"


def a_flavor(neutron: Neutron, driver: str, **more: Any) -> dict[str, Any]:
    profile = neutron.make("service_profiles", "admin", driver=f"{DRIVERS}.{driver}")
    flavor = neutron.make("flavors", "admin", name=driver, service_type="L3_ROUTER_NAT", **more)
    body = {"service_profile": {"id": profile["id"]}}
    assert neutron.ask("POST", f"flavors/{flavor['id']}/service_profiles", body, "admin").status == 201
    return dict(flavor)


def seen(neutron: Neutron, router: str) -> tuple[bool, bool]:
    shown = neutron.get(f"routers/{router}", "admin")["router"]
    return shown["distributed"], shown["ha"]


def test_a_flavor_says_what_its_routers_are(world: World, neutron: Neutron) -> None:
    world.add_host()
    for driver, form in (
        ("single_node.SingleNodeDriver", (False, False)),
        ("ha.HaDriver", (False, True)),
        ("dvr.DvrDriver", (True, False)),
        ("dvrha.DvrHaDriver", (True, True)),
    ):
        flavor = a_flavor(neutron, driver)
        assert [f["name"] for f in neutron.get(f"flavors?id={flavor['id']}")["flavors"]] == [driver]
        router = neutron.make("routers", name="r", flavor_id=flavor["id"])
        assert router["flavor_id"] == flavor["id"]
        assert seen(neutron, router["id"]) == form
        assert neutron.refused("DELETE", f"flavors/{flavor['id']}", who="admin") == (409, "FlavorInUse")
        neutron.drop(f"routers/{router['id']}")
        neutron.drop(f"flavors/{flavor['id']}", "admin")


def test_flavors_and_profiles_are_the_providers(neutron: Neutron) -> None:
    wish = {"flavor": {"name": "f", "service_type": "L3_ROUTER_NAT"}}
    assert neutron.refused("POST", "flavors", wish) == (403, "PolicyNotAuthorized")
    assert neutron.refused("GET", "service_profiles") == (403, "PolicyNotAuthorized")
    odd = {"service_profile": {"driver": "some.other.Driver"}}
    assert neutron.refused("POST", "service_profiles", odd, "admin") == (404, "ServiceProfileDriverNotFound")
    assert neutron.refused("POST", "service_profiles", {"service_profile": {}}, "admin")[0] == 400
    assert neutron.refused("POST", "flavors", {"flavor": {"service_type": "NONE"}}, "admin")[0] == 400


def test_a_profile_goes_only_when_no_flavor_has_it(neutron: Neutron) -> None:
    flavor = a_flavor(neutron, "ha.HaDriver")
    (profile,) = neutron.get(f"flavors/{flavor['id']}")["flavor"]["service_profiles"]
    assert neutron.refused("DELETE", f"service_profiles/{profile}", who="admin") == (409, "ServiceProfileInUse")
    other = {"service_profile": {"driver": f"{DRIVERS}.dvr.DvrDriver"}}
    assert neutron.refused("PUT", f"service_profiles/{profile}", other, "admin")[0] == 409
    neutron.drop(f"flavors/{flavor['id']}/service_profiles/{profile}", "admin")
    gone = neutron.refused("DELETE", f"flavors/{flavor['id']}/service_profiles/{profile}", who="admin")
    assert gone == (404, "FlavorServiceProfileBindingNotFound")
    neutron.drop(f"service_profiles/{profile}", "admin")


def test_a_router_is_not_made_of_a_flavor_that_says_nothing(neutron: Neutron) -> None:
    def made_of(flavor: str, **more: Any) -> tuple[int, str]:
        return neutron.refused("POST", "routers", {"router": {"flavor_id": flavor, **more}}, "admin")

    empty = neutron.make("flavors", "admin", name="f", service_type="L3_ROUTER_NAT")["id"]
    assert made_of(empty)[0] == 400
    off = a_flavor(neutron, "ha.HaDriver", enabled=False)["id"]
    assert made_of(off) == (409, "FlavorDisabled")
    good = a_flavor(neutron, "ha.HaDriver")["id"]
    assert made_of(good, distributed=True)[0] == 400
    assert made_of("0" * 8 + "-0000-4000-8000-" + "0" * 12) == (404, "FlavorNotFound")


def test_only_a_router_that_is_down_changes_whether_it_is_distributed(world: World, neutron: Neutron) -> None:
    world.add_host()
    network = neutron.make("networks", name="n")["id"]
    subnet = neutron.make("subnets", network_id=network, cidr="10.0.0.0/24", ip_version=4)["id"]
    router = neutron.make("routers", name="r")["id"]
    answer = neutron.ask("PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet})
    leg = answer.json()["port_id"]

    def port() -> tuple[str, str]:
        shown = neutron.get(f"ports/{leg}")["port"]
        return shown["device_owner"], shown["status"]

    wish = {"router": {"distributed": True}}
    assert neutron.refused("PUT", f"routers/{router}", wish) == (403, "PolicyNotAuthorized")
    assert neutron.refused("PUT", f"routers/{router}", wish, "admin")[0] == 400
    assert port() == ("network:router_interface", "ACTIVE")
    neutron.change(f"routers/{router}", admin_state_up=False)
    assert port()[1] == "DOWN"
    neutron.change(f"routers/{router}", "admin", distributed=True)
    neutron.change(f"routers/{router}", admin_state_up=True)
    assert port() == ("network:router_interface_distributed", "ACTIVE")
    assert "distributed" not in neutron.get(f"routers/{router}")["router"]
