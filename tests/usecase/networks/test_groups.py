"""Security groups beyond their own rules: address groups, groups of others, and what new groups allow."""

from tests.usecase.networks.conftest import PROJECTS, Neutron, World
from tests.usecase.networks.planned import entries
from tests.usecase.networks.test_sharing import drop, share

from kumoi.core.plan import GroupEntry

ONE, TWO = PROJECTS["one"], PROJECTS["two"]


def test_an_address_group_is_edited_and_reaches_the_groups_that_name_it(neutron: Neutron, world: World) -> None:
    wanted = ["10.10.10.3/32", "192.168.0.10/24", "2001:db8::f00/64"]
    made = neutron.make("address-groups", name="a", addresses=wanted)
    assert made["addresses"] == ["10.10.10.3/32", "192.168.0.0/24", "2001:db8::/64"]
    group = neutron.make("security-groups", name="g")["id"]
    rule = neutron.make(
        "security-group-rules", security_group_id=group, direction="ingress", remote_address_group_id=made["id"]
    )
    assert rule["remote_address_group_id"] == made["id"]

    def told() -> tuple[str, ...]:
        return entries(world, f"group/{group}", GroupEntry)[0].blocks[made["id"]]

    assert told() == ("10.10.10.3/32", "192.168.0.0/24", "2001:db8::/64")
    path = f"address-groups/{made['id']}"
    added = neutron.ask("PUT", f"{path}/add_addresses", {"addresses": ["10.0.0.1/32"]})
    assert added.json()["address_group"]["addresses"][-1] == "10.0.0.1/32"
    assert "10.0.0.1/32" in told()
    missing = {"addresses": ["10.9.9.9"]}
    assert neutron.refused("PUT", f"{path}/remove_addresses", missing) == (404, "AddressesNotFound")
    assert neutron.refused("PUT", f"{path}/remove_addresses", {"addresses": ["nonsense"]})[0] == 400
    assert neutron.ask("PUT", f"{path}/remove_addresses", {"addresses": ["10.0.0.1"]}).status == 200
    assert "10.0.0.1/32" not in told()
    assert neutron.refused("DELETE", path) == (409, "AddressGroupInUse")
    assert neutron.refused("POST", "address-groups", {"address_group": {"addresses": ["10.0.0.1"]}})[0] == 400
    both = {"security_group_id": group, "direction": "ingress", "remote_address_group_id": made["id"]}
    both["remote_ip_prefix"] = "10.0.0.0/8"
    assert neutron.refused("POST", "security-group-rules", {"security_group_rule": both})[0] == 400


def test_an_address_group_of_others_is_named_where_it_is_shared(neutron: Neutron) -> None:
    made = neutron.make("address-groups", "admin", addresses=["10.0.0.0/8"])["id"]
    group = neutron.make("security-groups", name="g")["id"]
    wanted = {"security_group_id": group, "direction": "ingress", "remote_address_group_id": made}
    refused = neutron.refused("POST", "security-group-rules", {"security_group_rule": wanted})
    assert refused == (404, "AddressGroupNotFound")
    policy = share(neutron, made, ONE, "admin", "address_group")
    neutron.make("security-group-rules", **wanted)
    assert drop(neutron, policy, "admin") == (409, "RbacPolicyInUse")
    changed = {"address_group": {"name": "mine"}}
    assert neutron.refused("PUT", f"address-groups/{made}", changed) == (404, "AddressGroupNotFound")


def test_a_port_takes_a_group_of_others_where_it_is_shared(neutron: Neutron) -> None:
    group = neutron.make("security-groups", "admin", name="g")["id"]
    network = neutron.make("networks")["id"]
    wanted = {"port": {"network_id": network, "security_groups": [group]}}
    assert neutron.refused("POST", "ports", wanted) == (404, "SecurityGroupNotFound")
    policy = share(neutron, group, ONE, "admin", "security_group")
    shown = neutron.get(f"security-groups/{group}")["security_group"]
    assert shown["shared"] is True
    assert neutron.ask("POST", "ports", wanted).status == 201
    assert drop(neutron, policy, "admin") == (409, "RbacPolicyInUse")
    rules = neutron.get(f"security-group-rules?security_group_id={group}")["security_group_rules"]
    assert len(rules) == 2


def test_a_block_is_shown_as_it_was_spelled_and_as_it_is_meant(neutron: Neutron) -> None:
    group = neutron.make("security-groups", name="g")["id"]
    rule = neutron.make(
        "security-group-rules", security_group_id=group, direction="ingress", remote_ip_prefix="10.0.0.34/24"
    )
    assert (rule["remote_ip_prefix"], rule["normalized_cidr"]) == ("10.0.0.34/24", "10.0.0.0/24")
    again = {"security_group_id": group, "direction": "ingress", "remote_ip_prefix": "10.0.0.0/24"}
    refused = neutron.refused("POST", "security-group-rules", {"security_group_rule": again})
    assert refused == (409, "SecurityGroupRuleExists")


def test_what_new_groups_allow_is_the_providers_to_say(neutron: Neutron) -> None:
    usual = neutron.get("default-security-group-rules")["default_security_group_rules"]
    assert sorted((r["direction"], r["remote_group_id"], r["used_in_non_default_sg"]) for r in usual) == [
        ("egress", None, True), ("egress", None, True), ("ingress", "PARENT", False), ("ingress", "PARENT", False),
    ]  # fmt: skip
    ssh = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    wanted = {"default_security_group_rule": {**ssh, "used_in_default_sg": True}}
    assert neutron.refused("POST", "default-security-group-rules", wanted)[0] == 403
    made = neutron.ask("POST", "default-security-group-rules", wanted, "admin").json()["default_security_group_rule"]
    half = {"default_security_group_rule": {**ssh, "used_in_non_default_sg": False, "used_in_default_sg": True}}
    refused = neutron.refused("POST", "default-security-group-rules", half, "admin")
    assert refused == (409, "DefaultSecurityGroupRuleExists")
    group = neutron.make("security-groups", name="g")
    assert [r["port_range_min"] for r in group["security_group_rules"] if r["direction"] == "ingress"] == [22]
    default = neutron.get("security-groups?name=default")["security_groups"][0]
    remotes = {r["remote_group_id"] for r in default["security_group_rules"] if r["direction"] == "ingress"}
    assert remotes == {default["id"], None}
    of_default = neutron.get(f"security-group-rules?security_group_id={default['id']}")["security_group_rules"]
    assert {r["belongs_to_default_sg"] for r in of_default} == {True}
    neutron.drop(f"default-security-group-rules/{made['id']}", "admin")
    later = neutron.make("security-groups", name="h")
    assert {r["direction"] for r in later["security_group_rules"]} == {"egress"}
