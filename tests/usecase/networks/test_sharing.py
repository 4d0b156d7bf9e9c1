"""What a project lets others use: by RBAC policies, and by the switches that older APIs have for the same."""

from typing import Any

from tests.usecase.networks.conftest import PROJECTS, Neutron

ONE, TWO = PROJECTS["one"], PROJECTS["two"]


def share(
    neutron: Neutron, of: str, target: str, who: str = "one", kind: str = "network", **more: Any
) -> dict[str, Any]:
    body = {"object_type": kind, "object_id": of, "action": "access_as_shared", "target_tenant": target, **more}
    answer = neutron.ask("POST", "rbac-policies", {"rbac_policy": body}, who)
    assert answer.status == 201, answer.body
    return dict(answer.json()["rbac_policy"])


def drop(neutron: Neutron, policy: dict[str, Any], who: str = "one") -> tuple[int, str]:
    answer = neutron.ask("DELETE", f"rbac-policies/{policy['id']}", who=who)
    return answer.status, "" if answer.status == 204 else answer.json()["NeutronError"]["type"]


def listed(neutron: Neutron, kind: str, who: str) -> set[str]:
    return {one["id"] for one in neutron.get(kind, who)[kind.partition("?")[0].replace("-", "_")]}


def test_a_network_is_seen_and_used_by_whom_it_is_shared_with(neutron: Neutron) -> None:
    network = neutron.make("networks", name="n")["id"]
    subnet = neutron.make("subnets", network_id=network, cidr="10.0.0.0/24", ip_version=4)["id"]
    assert neutron.refused("GET", f"networks/{network}", who="two") == (404, "NetworkNotFound")
    policy = share(neutron, network, TWO)
    assert network in listed(neutron, "networks", "two")
    assert subnet in listed(neutron, "subnets", "two")
    assert neutron.get(f"networks/{network}", "two")["network"]["shared"] is True
    assert neutron.get(f"networks/{network}", "one")["network"]["shared"] is False
    port = neutron.make("ports", "two", network_id=network)["id"]
    assert drop(neutron, policy) == (409, "RbacPolicyInUse")
    neutron.drop(f"ports/{port}", "two")
    assert drop(neutron, policy) == (204, "")
    assert neutron.refused("GET", f"subnets/{subnet}", who="two") == (404, "SubnetNotFound")


def test_only_the_owner_shares_and_only_it_hears_of_it(neutron: Neutron) -> None:
    network = neutron.make("networks", name="n")["id"]
    policy = share(neutron, network, TWO)
    assert listed(neutron, "rbac-policies", "two") == set()
    again = {"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": TWO}
    assert neutron.refused("POST", "rbac-policies", {"rbac_policy": again}) == (409, "DuplicateRbacPolicy")
    assert neutron.refused("POST", "rbac-policies", {"rbac_policy": again}, "two") == (400, "BadRequest")
    everyone = {**again, "target_tenant": "*"}
    assert neutron.refused("POST", "rbac-policies", {"rbac_policy": everyone})[0] == 403
    changed = {"rbac_policy": {"target_tenant": "*"}}
    assert neutron.refused("PUT", f"rbac-policies/{policy['id']}", changed)[0] == 403
    assert neutron.refused("GET", f"rbac-policies/{policy['id']}", who="two") == (404, "RbacPolicyNotFound")


def test_a_share_that_is_redirected_leaves_nobody_behind(neutron: Neutron) -> None:
    network = neutron.make("networks", name="n")["id"]
    neutron.make("subnets", network_id=network, cidr="10.0.0.0/24", ip_version=4)
    policy = share(neutron, network, TWO)
    neutron.make("ports", "two", network_id=network)
    moved = {"rbac_policy": {"target_tenant": PROJECTS["admin"]}}
    assert neutron.refused("PUT", f"rbac-policies/{policy['id']}", moved) == (409, "RbacPolicyInUse")
    before = neutron.get(f"networks/{network}")["network"]["revision_number"]
    share(neutron, network, "*", "admin")
    assert neutron.get(f"networks/{network}")["network"]["revision_number"] > before
    assert neutron.ask("PUT", f"rbac-policies/{policy['id']}", moved).status == 200


def test_the_switch_shared_is_a_share_with_every_one(neutron: Neutron) -> None:
    network = neutron.make("networks", "admin", shared=True)["id"]
    assert network in listed(neutron, "networks?shared=true", "two")
    found = neutron.get(f"rbac-policies?object_id={network}", "admin")["rbac_policies"]
    assert [(p["action"], p["target_tenant"]) for p in found] == [("access_as_shared", "*")]
    neutron.change(f"networks/{network}", "admin", shared=False)
    assert neutron.get(f"rbac-policies?object_id={network}", "admin")["rbac_policies"] == []
    assert network not in listed(neutron, "networks", "two")


def test_who_may_lead_out_by_a_network_makes_it_external(neutron: Neutron) -> None:
    network = neutron.make("networks", "admin", name="outer")["id"]
    neutron.make("subnets", "admin", network_id=network, cidr="203.0.113.0/24", ip_version=4, enable_dhcp=False)
    own = share(neutron, network, PROJECTS["admin"], "admin", action="access_as_external")
    assert neutron.get(f"networks/{network}", "admin")["network"]["router:external"] is True
    wanted = {"floatingip": {"floating_network_id": network}}
    assert neutron.refused("POST", "floatingips", wanted, "two") == (404, "NetworkNotFound")
    other = share(neutron, network, TWO, "admin", action="access_as_external")
    public = neutron.make("floatingips", "two", floating_network_id=network)["id"]
    assert neutron.refused("POST", "ports", {"port": {"network_id": network}}, "two")[0] == 403
    assert drop(neutron, other, "admin") == (409, "RbacPolicyInUse")
    neutron.drop(f"floatingips/{public}", "two")
    assert drop(neutron, other, "admin") == (204, "")
    assert drop(neutron, own, "admin") == (204, "")
    assert neutron.get(f"networks/{network}", "admin")["network"]["router:external"] is False


def test_the_default_way_out_stays_open_to_all_and_is_only_one(neutron: Neutron) -> None:
    outer = {"router:external": True, "is_default": True}
    network = neutron.make("networks", "admin", **outer)["id"]
    assert neutron.refused("POST", "networks", {"network": outer}, "admin") == (409, "DefaultExternalNetworkExists")
    assert neutron.refused("POST", "networks", {"network": {"is_default": True}}, "admin")[0] == 400
    policy = neutron.get(f"rbac-policies?object_id={network}", "admin")["rbac_policies"][0]
    assert drop(neutron, policy, "admin") == (409, "RbacPolicyInUse")


def test_shares_are_bounded_and_go_with_the_thing(neutron: Neutron) -> None:
    neutron.ask("PUT", f"quotas/{ONE}", {"quota": {"rbac_policy": 1}}, "admin")
    network = neutron.make("networks", name="n")["id"]
    share(neutron, network, TWO)
    more = {"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": "f" * 32}
    assert neutron.refused("POST", "rbac-policies", {"rbac_policy": more}) == (409, "OverQuota")
    neutron.drop(f"networks/{network}")
    assert listed(neutron, "rbac-policies", "one") == set()
    assert neutron.get(f"quotas/{ONE}/details", "admin")["quota"]["rbac_policy"]["used"] == 0


def test_no_blocks_of_one_address_scope_overlap(neutron: Neutron) -> None:
    scope = neutron.make("address-scopes", name="s", ip_version=4)["id"]
    pool = neutron.make("subnetpools", prefixes=["10.0.0.0/16"], min_prefixlen=24, address_scope_id=scope)
    assert pool["address_scope_id"] == scope
    clash = {"subnetpool": {"prefixes": ["10.0.8.0/24"], "min_prefixlen": 24, "address_scope_id": scope}}
    assert neutron.refused("POST", "subnetpools", clash) == (409, "AddressScopePrefixConflict")
    other = neutron.make("subnetpools", prefixes=["10.1.0.0/16"], min_prefixlen=24, address_scope_id=scope)["id"]
    grown = {"subnetpool": {"prefixes": ["10.0.0.0/15"]}}
    assert neutron.refused("PUT", f"subnetpools/{other}", grown) == (409, "AddressScopePrefixConflict")
    assert neutron.refused("PUT", f"subnetpools/{other}/add_prefixes", {"prefixes": ["10.0.1.0/24"]})[0] == 409
    assert neutron.refused("DELETE", f"address-scopes/{scope}") == (409, "AddressScopeInUse")
    six = neutron.make("address-scopes", name="s6", ip_version=6)["id"]
    assert neutron.refused("PUT", f"subnetpools/{other}", {"subnetpool": {"address_scope_id": six}})[0] == 400
    network = neutron.make("networks", name="n")["id"]
    neutron.make("subnets", network_id=network, subnetpool_id=pool["id"], ip_version=4)
    assert neutron.get(f"networks/{network}")["network"]["ipv4_address_scope"] == scope


def test_a_scope_of_others_is_used_where_it_is_shared(neutron: Neutron) -> None:
    scope = neutron.make("address-scopes", "admin", name="s", ip_version=4)["id"]
    wanted = {"prefixes": ["10.0.0.0/16"], "min_prefixlen": 24, "address_scope_id": scope}
    assert neutron.refused("POST", "subnetpools", {"subnetpool": wanted}) == (404, "AddressScopeNotFound")
    policy = share(neutron, scope, ONE, "admin", "address_scope")
    pool = neutron.make("subnetpools", **wanted)["id"]
    assert drop(neutron, policy, "admin") == (409, "RbacPolicyInUse")
    neutron.drop(f"subnetpools/{pool}")
    assert drop(neutron, policy, "admin") == (204, "")


def test_a_pool_of_others_is_used_where_it_is_shared(neutron: Neutron) -> None:
    pool = neutron.make("subnetpools", "admin", prefixes=["10.0.0.0/16"], min_prefixlen=24)["id"]
    network = neutron.make("networks", name="n")["id"]
    wanted = {"subnet": {"network_id": network, "subnetpool_id": pool, "ip_version": 4}}
    assert neutron.refused("POST", "subnets", wanted) == (404, "SubnetPoolNotFound")
    policy = share(neutron, pool, ONE, "admin", "subnetpool")
    assert neutron.ask("POST", "subnets", wanted).status == 201
    assert drop(neutron, policy, "admin") == (409, "RbacPolicyInUse")
