"""A group's rules as text: told, set, and what of the group stays the same."""

from typing import Any

import pytest
from tests.usecase.networks.conftest import Neutron, World
from tests.usecase.networks.planned import entries

from kumoi.app.networks import rule_texts
from kumoi.core.errors import Forbidden, Invalid, KumoiError, NotFound
from kumoi.core.plan import GroupEntry

TEXT = """\
tcp:22,22,ip4:0.0.0.0/0  # ssh
icmp:-1,-1,ip6:2001:db8::/32
tcp:3306,3306,sg-app
udp:53,53,ip4:ag-resolvers
"""


def rules(neutron: Neutron, group: str) -> dict[str, dict[str, Any]]:
    found = neutron.get(f"security-group-rules?security_group_id={group}")["security_group_rules"]
    return {r["id"]: r for r in found}


def refused(world: World, called: str, text: str, who: str = "one") -> KumoiError:
    with pytest.raises(KumoiError) as e:
        rule_texts.set_rules(world.house, world.call(who), called, text)
    return e.value


def test_a_text_becomes_rules_and_is_told_again(neutron: Neutron, world: World) -> None:
    app, web = (neutron.make("security-groups", name=name)["id"] for name in ("app", "web"))
    neutron.make("address-groups", name="resolvers", addresses=["192.0.2.53/32"])
    before = {i for i, r in rules(neutron, web).items() if r["direction"] == "egress"}
    _, told = rule_texts.set_rules(world.house, world.call(), "web", TEXT)
    assert told == TEXT
    made = rules(neutron, web)
    inward = [r for r in made.values() if r["direction"] == "ingress"]
    assert {i for i, r in made.items() if r["direction"] == "egress"} == before
    assert sorted((r["ethertype"], r["protocol"]) for r in inward if r["remote_group_id"] == app) == [
        ("IPv4", "tcp"),
        ("IPv6", "tcp"),
    ]
    assert len(inward) == 5
    assert len(entries(world, f"group/{web}", GroupEntry)[0].rules) == len(made)
    assert rule_texts.told(world.house, world.call(), web)[1] == TEXT


def test_rules_that_stay_are_the_same_ones(neutron: Neutron, world: World) -> None:
    web = neutron.make("security-groups", name="web")["id"]
    kept = neutron.make("security-group-rules", security_group_id=web, direction="ingress", protocol="icmp")["id"]
    rule_texts.set_rules(world.house, world.call(), web, "icmp:-1,-1,ip4:0.0.0.0  # pings\ntcp:1,2,ip4:10.0.0.0/8")
    found = rules(neutron, web)
    assert found[kept]["description"] == "pings"
    rule_texts.set_rules(world.house, world.call(), web, "icmp:-1,-1,ip4:0.0.0.0\n")
    found = rules(neutron, web)
    assert [i for i, r in found.items() if r["direction"] == "ingress"] == [kept]
    rule_texts.set_rules(world.house, world.call(), web, "# nothing\n")
    assert rule_texts.told(world.house, world.call(), web)[1] == ""


def test_groups_are_found_by_any_of_their_names(neutron: Neutron, world: World) -> None:
    web = neutron.make("security-groups", name="web")["id"]
    odd = neutron.make("security-groups", name="an odd name")["id"]
    twins = [neutron.make("security-groups", name="twin")["id"] for _ in range(2)]
    ec2 = "sg-" + odd.replace("-", "")[:17]
    for name in (ec2, f"sg-{odd}", "sg-an odd name"):
        assert rule_texts.set_rules(world.house, world.call(), web, f"tcp:1,1,{name}")[1] == f"tcp:1,1,{ec2}\n"
    assert refused(world, web, "tcp:1,1,sg-twin").facts["reason"] == "text_several"
    error = refused(world, web, f"tcp:1,1,sg-{twins[0]}\n  tcp:2,2,sg-nobody")
    assert (error.facts["reason"], error.facts["line"], error.facts["column"]) == ("text_nothing", 2, 11)
    assert isinstance(refused(world, "twin", ""), Invalid)
    assert isinstance(refused(world, "nobody", ""), NotFound)


def test_another_projects_group_is_not_there(neutron: Neutron, world: World) -> None:
    web = neutron.make("security-groups", name="web")["id"]
    assert isinstance(refused(world, web, "", "two"), NotFound | Forbidden)
    theirs = neutron.make("security-groups", "two", name="theirs")["id"]
    assert refused(world, web, f"tcp:1,1,sg-{theirs}").facts["reason"] == "text_nothing"
    assert rule_texts.set_rules(world.house, world.call("admin"), web, "tcp:1,1,ip6:::")[1] == "tcp:1,1,ip6:::/0\n"


def test_nothing_is_changed_by_a_text_with_a_fault(neutron: Neutron, world: World) -> None:
    web = neutron.make("security-groups", name="web")["id"]
    rule_texts.set_rules(world.house, world.call(), web, "tcp:1,1,ip4:0.0.0.0")
    refused(world, web, "tcp:2,2,ip4:0.0.0.0\ntcp:2,2,sg-nobody")
    twice = refused(world, web, "tcp:2,2,ip4:0.0.0.0\ntcp:2,2,ip4:0.0.0.0/0")
    assert (twice.facts["reason"], twice.facts["line"], twice.facts["other"]) == ("text_twice", 2, 1)
    assert rule_texts.told(world.house, world.call(), web)[1] == "tcp:1,1,ip4:0.0.0.0/0\n"
