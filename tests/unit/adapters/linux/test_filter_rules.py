"""Security groups and nics as the text of rules."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.network.plans import filters, group, net, new

from kumoi.adapters.linux import filter_rules
from kumoi.adapters.linux.ruleset import swap
from kumoi.core.errors import Invalid
from kumoi.core.groups import SecurityRule
from kumoi.core.ids import GroupId, ProjectId, RuleId
from kumoi.core.nics import AddressPair, FixedIp

GROUP = GroupId("0f8fad5b-d9cb-469f-a165-70867728950e")


def rule(**facts: Any) -> SecurityRule:
    given = {"direction": "ingress", **facts}
    return SecurityRule(id=RuleId(new()), group_id=GROUP, project_id=ProjectId(new()), **given)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "meta nfproto ipv4 accept"),
        ({"ether_type": "IPv6"}, "meta nfproto ipv6 accept"),
        ({"protocol": "tcp", "port_min": 22, "port_max": 22}, "meta nfproto ipv4 tcp dport 22 accept"),
        ({"protocol": "udp", "port_min": 1, "port_max": 9}, "meta nfproto ipv4 udp dport 1-9 accept"),
        ({"protocol": "tcp"}, "meta nfproto ipv4 meta l4proto 6 accept"),
        ({"protocol": "icmp"}, "meta nfproto ipv4 meta l4proto 1 accept"),
        ({"protocol": "icmp", "port_min": 8}, "meta nfproto ipv4 icmp type 8 accept"),
        ({"protocol": "icmp", "port_min": 3, "port_max": 4}, "meta nfproto ipv4 icmp type 3 icmp code 4 accept"),
        ({"protocol": "icmp", "ether_type": "IPv6"}, "meta nfproto ipv6 meta l4proto 58 accept"),
        ({"protocol": "vrrp"}, "meta nfproto ipv4 meta l4proto 112 accept"),
        ({"protocol": "47"}, "meta nfproto ipv4 meta l4proto 47 accept"),
        ({"remote_cidr": "10.1.2.3/8"}, "meta nfproto ipv4 ip saddr 10.0.0.0/8 accept"),
        ({"remote_cidr": "0.0.0.0/0"}, "meta nfproto ipv4 accept"),
        ({"direction": "egress", "remote_cidr": "10.0.0.0/8"}, "meta nfproto ipv4 ip daddr 10.0.0.0/8 accept"),
        (
            {"ether_type": "IPv6", "remote_cidr": "fd00::/8", "protocol": "tcp", "port_min": 1, "port_max": 1},
            "meta nfproto ipv6 ip6 saddr fd00::/8 tcp dport 1 accept",
        ),
    ],
)
def test_a_rule_is_a_line(facts: dict[str, Any], text: str) -> None:
    assert filter_rules.rule_texts(rule(**facts), frozenset()) == [text]


def test_a_block_of_the_other_family_never_matches() -> None:
    assert filter_rules.rule_texts(rule(remote_cidr="fd00::/8"), frozenset()) == []


def test_members_are_addresses_and_blocks() -> None:
    named = rule(remote_group_id=GROUP)
    hosts, blocks = f"m4-{GROUP}", f"nm4-{GROUP}"
    assert filter_rules.rule_texts(named, frozenset({hosts, blocks})) == [
        f"meta nfproto ipv4 ip saddr @{hosts} accept",
        f"meta nfproto ipv4 ip saddr @{blocks} accept",
    ]


@pytest.mark.parametrize(
    "facts",
    [{"protocol": "tcp; flush ruleset"}, {"remote_cidr": "10.0.0.0/8 accept"}, {"remote_group_id": "x } ; drop"}],
)
def test_no_word_of_a_plan_becomes_a_word_of_nft(facts: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        filter_rules.rule_texts(rule(**facts), frozenset())


@given(st.text(max_size=60))
def test_a_nic_with_a_broken_mac_or_id_is_refused(text: str) -> None:
    place = net()
    for changed in ({"mac": text}, {"id": text}, {"pairs": (AddressPair(text, ""),)}):
        with pytest.raises(Invalid):
            filter_rules.tables(filters(()), (place.nic(11, **changed),))


def test_a_nic_is_elements_and_a_combination_is_shared() -> None:
    place, one, two = net(), group(), group()
    few = (place.nic(11, one, two), place.nic(12, two, one))
    many = (*few, *(place.nic(number, one, two) for number in range(13, 33)))
    assert chains(few, one, two) == chains(many, one, two)
    bridge, inet = filter_rules.tables(filters((one, two), *few), few)
    assert len(bridge.elements["nics"]) == len(inet.elements["ingress"]) == 2
    assert len(set(inet.elements["ingress"].values())) == 1


def chains(nics: tuple[Any, ...], *groups: Any) -> dict[str, Any]:
    return filter_rules.tables(filters(groups, *nics), nics)[1].chains


def test_a_nic_may_send_from_its_own_addresses_and_its_pairs() -> None:
    place = net()
    pairs = (AddressPair("10.0.0.77", "02:00:00:00:00:99"), AddressPair("10.0.1.0/24", ""))
    nic = place.nic(11, pairs=pairs, fixed_ips=(FixedIp(place.subnet.id, "10.0.0.11"),))
    bridge, _ = filter_rules.tables(filters(()), (nic,))
    own, other = f'"tap{nic.id[:11]}" . {nic.mac}', f'"tap{nic.id[:11]}" . 02:00:00:00:00:99'
    assert set(bridge.elements["macs"]) == {own, other}
    assert set(bridge.elements["hosts4"]) == {f"{own} . 10.0.0.11", f"{other} . 10.0.0.77"}
    assert set(bridge.elements["nets4"]) == {f"{own} . 10.0.1.0/24"}


def test_every_group_in_the_text_says_whose_it_is() -> None:
    one = group()
    tables = filter_rules.tables(filters((one,)), ())
    text = "\n".join(command for transaction in swap(tables, {}) for command in transaction)
    assert f"add chain inet kumoi g-{one.id}-in" in text
