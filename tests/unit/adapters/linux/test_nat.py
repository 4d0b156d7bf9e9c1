"""A router's translation: its text, and which flows are stale."""

import pytest
from tests.contract.network.plans import external, net, vpc

from kumoi.adapters.linux import nat
from kumoi.adapters.linux.netfilter import Flow
from kumoi.core.errors import Invalid
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Floating

MACS = ("02:aa:00:00:00:01", "02:aa:00:00:00:02")


def router(*pairs: tuple[str, str], snat: bool = True) -> VpcEntry:
    floating = tuple(Floating(public=public, fixed=fixed) for public, fixed in pairs)
    return vpc(net().leg(1, MACS[0]), gateway=external().leg(100, MACS[1]), snat=snat, floating=floating)


def flow(source: str, destination: str, answers_from: str, answers_to: str) -> Flow:
    return Flow(
        zone=0, protocol=6, source=source, destination=destination, source_port=1, destination_port=2,
        answers_from=answers_from, answers_to=answers_to, raw=b"",
    )  # fmt: skip


LED_IN = flow("203.0.113.50", "203.0.113.200", "10.0.0.11", "203.0.113.50")
LED_OUT = flow("10.0.0.11", "203.0.113.50", "203.0.113.50", "203.0.113.200")
HIDDEN = flow("10.0.0.12", "203.0.113.50", "203.0.113.50", "203.0.113.100")
PLAIN = flow("10.0.0.12", "10.0.1.5", "10.0.1.5", "10.0.0.12")


def test_floating_addresses_are_maps() -> None:
    text = nat.text(router(("203.0.113.200", "10.0.0.11"), ("203.0.113.201", "10.0.0.11")))
    assert "203.0.113.200 : 10.0.0.11, 203.0.113.201 : 10.0.0.11" in text
    assert "elements = { 10.0.0.11 : 203.0.113.200 }" in text  # two ways in, one way out


def test_without_a_gateway_nothing_is_hidden() -> None:
    assert "snat to 203" not in nat.text(vpc(net().leg(1, MACS[0])))


def test_without_snat_only_floating_addresses_are_translated() -> None:
    assert "fully-random" in nat.text(router())
    assert "fully-random" not in nat.text(router(snat=False))


def test_no_word_of_a_plan_becomes_a_word_of_nft() -> None:
    with pytest.raises(Invalid):
        nat.text(router(("203.0.113.200 }; flush ruleset", "10.0.0.11")))


def test_flows_of_an_address_that_leads_elsewhere_are_stale() -> None:
    every = [LED_IN, LED_OUT, HIDDEN, PLAIN]
    assert nat.stale(every, router(("203.0.113.200", "10.0.0.11"))) == []
    assert nat.stale(every, router(("203.0.113.200", "10.0.0.12"))) == [LED_IN, LED_OUT]
    assert nat.stale(every, router()) == [LED_IN, LED_OUT]
    assert nat.stale(every, router(("203.0.113.200", "10.0.0.11"), snat=False)) == [HIDDEN]
