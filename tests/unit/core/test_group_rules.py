"""Which security rules are right, and which are the same."""

import pytest

from kumoi.core.errors import Invalid
from kumoi.core.group_rules import checked, same
from kumoi.core.groups import RuleWish
from kumoi.core.ids import GroupId


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (RuleWish(direction="ingress", protocol="tcpip"), "no_such_protocol"),
        (RuleWish(direction="ingress", protocol="256"), "no_such_protocol"),
        (RuleWish(direction="ingress", port_min=80, port_max=80), "ports_need_protocol"),
        (RuleWish(direction="ingress", protocol="tcp", port_min=80), "port_range"),
        (RuleWish(direction="ingress", protocol="tcp", port_min=81, port_max=80), "port_range"),
        (RuleWish(direction="ingress", protocol="tcp", port_min=0, port_max=80), "port_value"),
        (RuleWish(direction="ingress", protocol="udp", port_min=1, port_max=65536), "port_value"),
        (RuleWish(direction="ingress", protocol="esp", port_min=1, port_max=2), "protocol_has_no_ports"),
        (RuleWish(direction="ingress", protocol="icmp", port_max=0), "icmp_code_without_type"),
        (RuleWish(direction="ingress", protocol="icmp", port_min=256), "icmp_value"),
        (RuleWish(direction="ingress", protocol="ipv6-icmp"), "protocol_of_other_ip_version"),
        (RuleWish(direction="ingress", remote_cidr="2001:db8::/64"), "cidr_of_other_ip_version"),
        (RuleWish(direction="ingress", remote_cidr="10.0.0.0/99"), "not_cidr"),
        (RuleWish(direction="ingress", remote_cidr="10.0.0.0/8", remote_group_id=GroupId("g")), "two_remotes"),
    ],
)
def test_what_means_nothing_is_refused(wish: RuleWish, why: str) -> None:
    with pytest.raises(Invalid) as error:
        checked(wish)
    assert error.value.facts["reason"] == why


def test_a_rule_is_written_one_way() -> None:
    rule = checked(RuleWish(direction="ingress", protocol="TCP", port_min=1, port_max=2, remote_cidr="10.0.0.7/8"))
    assert (rule.protocol, rule.remote_cidr) == ("tcp", "10.0.0.0/8")
    assert checked(RuleWish(direction="egress", protocol="any")).protocol is None
    assert checked(RuleWish(direction="egress", ether_type="IPv6", protocol="icmp")).protocol == "ipv6-icmp"
    assert checked(RuleWish(direction="egress", remote_cidr="10.0.0.7")).remote_cidr == "10.0.0.7/32"


def test_spelling_does_not_make_a_rule_another() -> None:
    by_name = RuleWish(direction="ingress", protocol="tcp", port_min=1, port_max=2, description="web")
    by_number = RuleWish(direction="ingress", protocol="6", port_min=1, port_max=2)
    assert same(by_name, by_number)
    assert not same(by_name, RuleWish(direction="egress", protocol="tcp", port_min=1, port_max=2))
