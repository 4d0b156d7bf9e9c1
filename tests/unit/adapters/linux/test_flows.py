"""Which flows a change ends: exactly those that would not be let in now."""

from typing import Any

import pytest
from tests.contract.network.plans import Net, filters, group, net, tcp

from kumoi.adapters.linux.flows import doomed
from kumoi.adapters.linux.netfilter import Flow
from kumoi.core.plan import GroupEntry, NicEntry

ZONE = 7


def flow(source: str, destination: str, **changed: Any) -> Flow:
    facts = {
        "zone": ZONE, "protocol": 6, "source": source, "destination": destination, "source_port": 40000,
        "destination_port": 80, "answers_from": destination, "answers_to": source, "raw": b"",
    }  # fmt: skip
    return Flow(**(facts | changed))


def kept(place: Net, groups: tuple[GroupEntry, ...], nics: tuple[NicEntry, ...], one: Flow) -> bool:
    return doomed([one], filters(groups, *nics), nics, {place.entry.id: ZONE}) == []


@pytest.mark.parametrize(
    ("rule", "one", "stays"),
    [
        (tcp(80), flow("192.0.2.1", "10.0.0.11"), True),
        (tcp(81), flow("192.0.2.1", "10.0.0.11"), False),
        (tcp(80, remote_cidr="192.0.2.0/24"), flow("192.0.2.1", "10.0.0.11"), True),
        (tcp(80, remote_cidr="192.0.3.0/24"), flow("192.0.2.1", "10.0.0.11"), False),
        (tcp(80, remote_group_id="self"), flow("192.0.2.1", "10.0.0.11"), False),
        ({"protocol": "tcp"}, flow("192.0.2.1", "10.0.0.11"), True),
        ({}, flow("192.0.2.1", "10.0.0.11", protocol=17), True),
        ({"protocol": "icmp", "port_min": 8}, flow("192.0.2.1", "10.0.0.11", protocol=1, source_port=8), True),
        ({"protocol": "icmp", "port_min": 13}, flow("192.0.2.1", "10.0.0.11", protocol=1, source_port=8), False),
        ({"ether_type": "IPv6"}, flow("192.0.2.1", "10.0.0.11"), False),
    ],
)
def test_an_inbound_flow_needs_a_rule(rule: dict[str, Any], one: Flow, stays: bool) -> None:
    place, allowed = net(), group(rule)
    assert kept(place, (allowed,), (place.nic(11, allowed),), one) is stays


def test_both_local_ends_must_agree() -> None:
    place, opened, closed = net(), group(tcp(80)), group()
    a, b, c = place.nic(11, closed), place.nic(12, opened), place.nic(13, closed)
    assert kept(place, (opened, closed), (a, b, c), flow("10.0.0.11", "10.0.0.12"))
    assert not kept(place, (opened, closed), (a, b, c), flow("10.0.0.11", "10.0.0.13"))


def test_a_flow_of_a_nic_that_left_goes() -> None:
    place, opened = net(), group(tcp(80))
    assert not kept(place, (opened,), (), flow("192.0.2.1", "10.0.0.11"))


def test_another_zones_flows_are_nobodys_business() -> None:
    place = net()
    assert kept(place, (), (), flow("192.0.2.1", "10.0.0.11", zone=8))


def test_without_port_security_everything_stays() -> None:
    place = net()
    assert kept(place, (), (place.nic(11, port_security=False),), flow("192.0.2.1", "10.0.0.11"))


def test_the_metadata_service_is_always_reached() -> None:
    place = net()
    assert kept(place, (), (place.nic(11),), flow("10.0.0.11", "169.254.169.254"))
    assert not kept(place, (), (place.nic(11),), flow("10.0.0.11", "169.254.169.254", destination_port=81))
