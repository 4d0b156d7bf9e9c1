"""QoS: who sets it, what it may say, and that it reaches the plan of whom it is for."""

from typing import Any

import pytest
from tests.usecase.networks.conftest import PROJECTS, Neutron, World
from tests.usecase.networks.planned import entries

from kumoi.core.plan import NicEntry, VpcEntry
from kumoi.core.qos import Shaping
from kumoi.core.query import Query

ONE = PROJECTS["one"]


@pytest.fixture(autouse=True)
def host(world: World) -> None:
    world.add_host(capabilities=("router", "qos", "qos_minimum"))


def policy(neutron: Neutron, **attributes: Any) -> dict[str, Any]:
    answer = neutron.ask("POST", "qos/policies", {"policy": attributes}, "admin")
    assert answer.status == 201, answer.body
    return dict(answer.json()["policy"])


def rule(neutron: Neutron, of: str, kind: str, who: str = "admin", **values: Any) -> dict[str, Any]:
    answer = neutron.ask("POST", f"qos/policies/{of}/{kind}_rules", {f"{kind}_rule": values}, who)
    assert answer.status == 201, answer.body
    return dict(answer.json()[f"{kind}_rule"])


def refused(neutron: Neutron, of: str, kind: str, who: str = "admin", **values: Any) -> tuple[int, str]:
    return neutron.refused("POST", f"qos/policies/{of}/{kind}_rules", {f"{kind}_rule": values}, who)


def test_only_the_provider_writes_and_who_may_use_it_sees_it(neutron: Neutron) -> None:
    assert neutron.refused("POST", "qos/policies", {"policy": {"name": "p"}})[0] == 403
    own = policy(neutron, name="p", project_id=ONE)["id"]
    assert neutron.refused("PUT", f"qos/policies/{own}", {"policy": {"name": "q"}})[0] == 403
    assert neutron.refused("PUT", f"qos/policies/{own}", {"policy": {"name": "q"}}, "two")[0] == 404
    assert refused(neutron, own, "bandwidth_limit", "two", max_kbps=1)[0] == 403
    shared = policy(neutron, name="s", shared=True)["id"]
    assert [p["shared"] for p in neutron.get("qos/policies?name=s", "two")["policies"]] == [True]
    assert neutron.get(f"qos/policies/{shared}", "two")["policy"]["rules"] == []


def test_a_policy_has_one_rule_of_a_kind_and_direction(neutron: Neutron) -> None:
    one = policy(neutron, name="p")["id"]
    first = rule(neutron, one, "bandwidth_limit", max_kbps=200, max_burst_kbps=1337, direction="ingress")
    assert first["max_kbps"] == 200
    assert refused(neutron, one, "bandwidth_limit", max_kbps=9, direction="ingress") == (409, "QoSRulesConflict")
    rule(neutron, one, "bandwidth_limit", max_kbps=300)
    assert refused(neutron, one, "minimum_bandwidth", min_kbps=301) == (409, "QoSRuleParameterConflict")
    rule(neutron, one, "minimum_packet_rate", min_kpps=3, direction="any")
    assert refused(neutron, one, "minimum_packet_rate", min_kpps=3)[0] == 409
    assert refused(neutron, one, "dscp_marking", dscp_mark=58)[0] == 400
    mark = rule(neutron, one, "dscp_marking", dscp_mark=26)["id"]
    shown = neutron.get(f"qos/policies/{one}", "admin")["policy"]["rules"]
    assert sorted(r["type"] for r in shown) == [
        "bandwidth_limit", "bandwidth_limit", "dscp_marking", "minimum_packet_rate",
    ]  # fmt: skip
    path = f"qos/policies/{one}/dscp_marking_rules/{mark}"
    changed = neutron.ask("PUT", path, {"dscp_marking_rule": {"dscp_mark": 8}}, "admin").json()
    assert changed["dscp_marking_rule"]["dscp_mark"] == 8
    alias = neutron.get(f"qos/alias-dscp-marking-rules/{mark}", "admin")
    assert alias["alias_dscp_marking_rule"] == {"id": mark, "dscp_mark": 8}
    assert neutron.refused("GET", f"qos/policies/{one}/bandwidth_limit_rules/{mark}", who="admin")[0] == 404


def test_what_no_host_carries_out_is_not_offered(neutron: Neutron, world: World) -> None:
    found = {t["type"] for t in neutron.get("qos/rule-types")["rule_types"]}
    assert found == {
        "bandwidth_limit", "packet_rate_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate",
    }  # fmt: skip
    assert neutron.refused("GET", "qos/rule-types/dscp_marking")[0] == 403
    marks = neutron.get("qos/rule-types/dscp_marking", "admin")["rule_type"]["drivers"][0]["supported_parameters"]
    assert 56 in marks[0]["parameter_values"]
    world.house.store.write(lambda tx: [tx.hosts.remove(h.id) for h in tx.hosts.find(Query())])
    world.house.rooms.forget()
    assert neutron.get("qos/rule-types")["rule_types"] == []
    one = policy(neutron, name="p")["id"]
    assert refused(neutron, one, "bandwidth_limit", max_kbps=1)[0] == 400


def test_a_network_without_a_policy_has_its_projects_default(neutron: Neutron) -> None:
    default = policy(neutron, name="d", project_id=ONE, is_default=True)["id"]
    again = {"policy": {"project_id": ONE, "is_default": True}}
    assert neutron.refused("POST", "qos/policies", again, "admin") == (409, "QoSPolicyDefaultAlreadyExists")
    assert neutron.make("networks")["qos_policy_id"] == default
    assert neutron.make("networks", qos_policy_id=None)["qos_policy_id"] is None
    assert neutron.refused("DELETE", f"qos/policies/{default}", who="admin") == (409, "QosPolicyInUse")


def test_a_policy_that_one_may_not_use_is_not_ones_to_take_away(neutron: Neutron) -> None:
    network = neutron.make("networks")["id"]
    hidden = policy(neutron, name="h")["id"]
    wanted = {"network": {"qos_policy_id": hidden}}
    assert neutron.refused("PUT", f"networks/{network}", wanted) == (404, "QosPolicyNotFound")
    neutron.change(f"networks/{network}", "admin", qos_policy_id=hidden)
    none = {"network": {"qos_policy_id": None}}
    assert neutron.refused("PUT", f"networks/{network}", none)[0] == 403
    neutron.ask("PUT", f"qos/policies/{hidden}", {"policy": {"shared": True}}, "admin")
    assert neutron.change(f"networks/{network}", qos_policy_id=None)["qos_policy_id"] is None


def test_limits_reach_the_nics_that_obey_them(neutron: Neutron, world: World) -> None:
    of_network, own = policy(neutron, name="n", shared=True)["id"], policy(neutron, name="o", shared=True)["id"]
    network = neutron.make("networks", qos_policy_id=of_network)["id"]
    neutron.make("subnets", network_id=network, cidr="10.0.0.0/24", ip_version=4)
    plain = neutron.make("ports", network_id=network)
    assert (plain["qos_policy_id"], plain["qos_network_policy_id"]) == (None, of_network)
    special = neutron.make("ports", network_id=network, qos_policy_id=own)["id"]

    def shaped() -> dict[str, Shaping | None]:
        found = entries(world, f"network/{network}", NicEntry)
        return {e.id: e.shaping for e in found}

    assert set(shaped().values()) == {None}
    first = rule(neutron, of_network, "bandwidth_limit", max_kbps=1000)["id"]
    rule(neutron, own, "dscp_marking", dscp_mark=10)
    rule(neutron, own, "packet_rate_limit", max_kpps=5, max_burst_kpps=1, direction="ingress")
    assert shaped()[plain["id"]] == Shaping(egress_kbps=1000, egress_burst_kbit=800)
    assert shaped()[special] == Shaping(dscp=10, ingress_kpps=5, ingress_burst_kp=1)
    assert sum(s is None for s in shaped().values()) == 1  # the service's
    neutron.ask("DELETE", f"qos/policies/{of_network}/bandwidth_limit_rules/{first}", who="admin")
    assert shaped()[plain["id"]] is None


def test_limits_reach_routers_and_public_addresses(neutron: Neutron, world: World) -> None:
    own, outer_policy = policy(neutron, name="o", shared=True)["id"], policy(neutron, name="n", shared=True)["id"]
    rule(neutron, own, "bandwidth_limit", max_kbps=10, max_burst_kbps=5)
    rule(neutron, outer_policy, "bandwidth_limit", max_kbps=20, max_burst_kbps=5)
    outer = neutron.make("networks", "admin", qos_policy_id=outer_policy, **{"router:external": True})["id"]
    neutron.make("subnets", "admin", network_id=outer, cidr="203.0.113.0/24", ip_version=4, enable_dhcp=False)
    network = neutron.make("networks")["id"]
    subnet = neutron.make("subnets", network_id=network, cidr="10.0.0.0/24", ip_version=4)["id"]
    gateway = {"network_id": outer, "qos_policy_id": own}
    router = neutron.make("routers", external_gateway_info=gateway)
    assert router["external_gateway_info"]["qos_policy_id"] == own
    neutron.ask("PUT", f"routers/{router['id']}/add_router_interface", {"subnet_id": subnet})
    port = neutron.make("ports", network_id=network)["id"]
    public = neutron.make("floatingips", floating_network_id=outer, port_id=port)
    assert (public["qos_policy_id"], public["qos_network_policy_id"]) == (None, outer_policy)

    def planned() -> VpcEntry:
        host = world.house.store.read(lambda tx: tx.hosts.find(Query()))[0]
        return entries(world, f"host/{host.id}", VpcEntry)[0]

    ten, twenty = (Shaping(egress_kbps=n, egress_burst_kbit=5) for n in (10, 20))
    assert (planned().shaping, planned().floating[0].shaping) == (ten, twenty)
    neutron.change(f"floatingips/{public['id']}", qos_policy_id=own)
    neutron.change(f"routers/{router['id']}", external_gateway_info={"network_id": outer, "qos_policy_id": None})
    assert (planned().shaping, planned().floating[0].shaping) == (twenty, ten)
    assert neutron.get(f"floatingips/{public['id']}")["floatingip"]["port_id"] == port
