"""`kumoi uplink` on a real kernel: a namespace plays the machine, and another one its LAN."""

import time
from typing import Any

import pytest
from tests.contract.network.machine import AT_DESK, DESK, OWN, ROOM, ROUTER
from tests.contract.network.plans import ANYONE, filters, net, vpc
from tests.contract.network.rig import Rig
from tests.contract.network.test_network import GATEWAY_MAC, ROUTER_MAC

from kumoi.core.errors import NotFound, Taken
from kumoi.core.vpcs import Floating


class Machine:
    def __init__(self, rig: Any) -> None:
        self.rig = rig
        rig.make_machine()

    def __getattr__(self, what: str) -> Any:
        return lambda *words, **named: self.rig.on_machine(what, *words, **named)

    def is_well(self) -> bool:
        """It reaches its LAN and, by its router, what is beyond."""
        return bool(self.rig.ping(ROOM, AT_DESK) and self.rig.ping(ROOM, "10.9.0.1"))


@pytest.fixture
def mine(linux: Rig) -> Machine:
    return Machine(linux)


def cloud_of(rig: Rig) -> tuple[str, str]:
    """A guest behind a router on the LAN; its nic and its floating IP."""
    inner, lan = net("10.0.1"), net("203.0.113", physical="physnet1", mtu=1500, external=True)
    a = inner.nic(11, ANYONE)
    rig.network.ensure_filters(filters((ANYONE,), a), (a,))
    rig.network.ensure_segment(inner.segment(a))
    rig.network.ensure_segment(lan.segment())
    public = lan.host(200)
    led = (Floating(public=public, fixed=inner.host(11)),)
    gateway = lan.leg(100, GATEWAY_MAC)
    rig.network.ensure_vpc(vpc(inner.leg(1, ROUTER_MAC), gateway=gateway, default_via=ROUTER, floating=led))
    rig.plug(a, inner.entry, gateway=inner.host(1))
    for one in (a.id, DESK):
        rig.serve(one, 80)
    return a.id, public


@pytest.mark.parametrize("device", ["nic0", "br0"])
def test_a_lan_reaches_a_floating_ip_and_a_guest_the_lan(linux: Rig, mine: Machine, device: str) -> None:
    if device == "br0":
        mine.bridge_it()
    before = mine.look()
    planned = mine.plan(device, "physnet1")
    assert mine.look() == before, "a plan changes nothing"
    assert mine.add(device, "physnet1") == planned
    guest, public = cloud_of(linux)
    assert linux.call(DESK, public, 80) == AT_DESK
    assert linux.call(guest, AT_DESK, 80) == public
    assert linux.call(ROOM, public, 80) == OWN, "the machine itself too"
    assert linux.ping(ROOM, AT_DESK)
    (one,) = mine.standing()
    assert (one.bridge, one.nic) == (("br0", "") if device == "br0" else ("kb-physnet1", "nic0"))
    assert one.confirmed
    with pytest.raises(Taken):
        mine.plan(device, "physnet1")
    mine.remove("physnet1")
    assert mine.look() == before
    assert linux.call(DESK, public, 80) is None


def test_nothing_is_left_wherever_it_is_broken_off(mine: Machine) -> None:
    assert mine.is_well()
    before = mine.look()
    change = mine.plan("nic0", "physnet1")
    for steps in range(len(change.do) + 1):
        mine.begin(change, steps)
        mine.undo(change)
        assert mine.look() == before, f"after {steps} steps: {change.do[:steps]}"
    assert mine.is_well()


def test_the_timer_undoes_what_nobody_confirmed_and_nothing_else(mine: Machine) -> None:
    before = mine.look()
    change = mine.add("nic0", "physnet1", confirmed=False)
    assert mine.is_well(), "its addresses and routes moved along"
    mine.run_timer("physnet1", change)
    assert mine.look() == before
    assert mine.is_well()
    change = mine.add("nic0", "physnet1")
    after = mine.look()
    mine.run_timer("physnet1", change)
    assert mine.look() == after
    mine.remove("physnet1")
    mine.run_timer("physnet1", change)
    assert mine.look() == before
    mine.start_timer("physnet1", mine.add("nic0", "physnet1", confirmed=False))
    deadline = time.monotonic() + 30
    while mine.look() != before:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_cloud_that_is_gone_leaves_the_bridge_which_a_next_one_takes(mine: Machine) -> None:
    before = mine.look()
    mine.add("nic0", "physnet1")
    mine.rig.unplug_physical("physnet1")
    assert [(one.bridge, one.confirmed) for one in mine.standing()] == [("kb-physnet1", False)]
    assert mine.is_well()
    mine.add("nic0", "physnet1")
    assert [one.confirmed for one in mine.standing()] == [True]
    mine.remove("physnet1")
    assert mine.look() == before
    with pytest.raises(NotFound):
        mine.remove("physnet1")
