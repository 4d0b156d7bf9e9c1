"""Networks outside and trunks of guests: real 802.1Q frames, whether the kernel tags them or our programs do."""

import struct

import pytest
from tests.contract.network import frames
from tests.contract.network.plans import ANYONE, Net, filters, group, net, tcp, vpc
from tests.contract.network.rig import Rig
from tests.contract.network.test_network import GATEWAY_MAC, ROUTER_MAC, draw

from kumoi.contracts.network import Carried, Segment
from kumoi.core.plan import NicEntry
from kumoi.core.vpcs import Floating

TAGGING = pytest.mark.root  # a kernel without 802.1Q tags by programs, which only root may load


def outside(physical: str, vlan: int, prefix: str = "10.0.0") -> Net:
    return net(prefix, physical=physical, vlan=vlan, mtu=1500)


@TAGGING
def test_vlans_with_the_same_addresses_stay_apart_and_are_tagged(rig: Rig) -> None:
    rig.physical("office")
    one, two = outside("office", 100), outside("office", 200)
    a, b = one.nic(11, ANYONE), two.nic(11, ANYONE)
    rig.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    for place, nic in ((one, a), (two, b)):
        rig.network.ensure_segment(place.segment(nic))
        rig.plug(nic, place.entry)
        rig.on_lan(f"printer-{place.entry.vlan}", "office", place.entry.vlan, "10.0.0.50/24")
    assert rig.vlans_heard("office", "ping", a.id, "10.0.0.50") == (True, {100})
    assert rig.vlans_heard("office", "ping", b.id, "10.0.0.50") == (True, {200})
    for printer in ("printer-100", "printer-200"):
        rig.serve(printer, 80)
    assert rig.call(a.id, "10.0.0.50", 80) == "10.0.0.11"
    assert rig.call(b.id, "10.0.0.50", 80) == "10.0.0.11"
    rig.serve(a.id, 80)
    rig.serve(a.id, 81)
    assert rig.call("printer-100", "10.0.0.11", 80) == "10.0.0.50"
    assert rig.call("printer-100", "10.0.0.11", 81) is None, "groups hold against the outside too"
    rig.network.remove_segment(two.entry.id)
    assert rig.call(b.id, "10.0.0.50", 80) is None
    assert rig.call(a.id, "10.0.0.50", 80) == "10.0.0.11"


@TAGGING
def test_untagged_and_tagged_frames_of_one_network(rig: Rig) -> None:
    rig.physical("office")
    flat, tagged = outside("office", 0), outside("office", 7, "10.0.7")
    a, b = flat.nic(11, ANYONE), tagged.nic(11, ANYONE)
    rig.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    for place, nic in ((flat, a), (tagged, b)):
        rig.network.ensure_segment(place.segment(nic))
        rig.plug(nic, place.entry)
    rig.on_lan("seven", "office", 7, "10.0.7.50/24")
    rig.on_lan("plain", "office", 0, "10.0.0.50/24")
    assert rig.vlans_heard("office", "ping", a.id, "10.0.0.50") == (True, {0})
    assert rig.vlans_heard("office", "ping", b.id, "10.0.7.50") == (True, {7})


def test_a_tagged_frame_from_outside_reaches_no_guest_of_an_untagged_network(linux: Rig) -> None:
    linux.physical("office")
    place = outside("office", 0)
    a = place.nic(11, ANYONE)
    draw(linux, place, (ANYONE,), a)
    linux.on_lan("plain", "office", 0, "10.0.0.50/24")
    assert linux.ping(a.id, "10.0.0.50")
    inner = frames.arp("02:00:00:00:00:01", "02:00:00:00:00:01", "10.0.0.99", "10.0.0.11", b"tagged")
    tagged = inner[:12] + struct.pack("!HH", 0x8100, 7) + inner[12:]
    last = frames.arp("02:00:00:00:00:01", "02:00:00:00:00:01", "10.0.0.98", "10.0.0.11", b"the last one")
    ear = linux.listen_frames(a.id)  # type: ignore[attr-defined]
    linux.send_frames("plain", [tagged, last])  # type: ignore[attr-defined]
    assert not [f for f in linux.heard(ear, b"the last one") if b"tagged" in f]  # type: ignore[attr-defined]


def test_a_router_leads_a_lan_to_a_guest_and_back(rig: Rig) -> None:
    rig.physical("office")
    inner, lan = net("10.0.1"), net("203.0.113", physical="office", mtu=1500, external=True)
    a = inner.nic(11, ANYONE)
    rig.network.ensure_filters(filters((ANYONE,), a), (a,))
    rig.network.ensure_segment(inner.segment(a))
    rig.network.ensure_segment(lan.segment())
    public = lan.host(200)
    led = (Floating(public=public, fixed=inner.host(11)),)
    gateway = lan.leg(100, GATEWAY_MAC)
    rig.network.ensure_vpc(vpc(inner.leg(1, ROUTER_MAC), gateway=gateway, default_via=lan.host(1), floating=led))
    rig.plug(a, inner.entry, gateway=inner.host(1))
    rig.on_lan("desk", "office", 0, f"{lan.host(50)}/24")
    rig.on_lan("router", "office", 0, f"{lan.host(1)}/24")
    for machine in (a.id, "desk"):
        rig.serve(machine, 80)
    assert rig.call("desk", public, 80) == lan.host(50)
    assert rig.call(a.id, lan.host(50), 80) == public
    assert rig.ping(a.id, lan.host(1)), "the gateway is the network's own machine, not the host"


@TAGGING
def test_what_it_was_joined_by_may_go_and_come(rig: Rig) -> None:
    rig.physical("office")
    place = outside("office", 100)
    a = place.nic(11, ANYONE)
    draw(rig, place, (ANYONE,), a)
    rig.on_lan("printer", "office", 100, "10.0.0.50/24")
    assert rig.ping(a.id, "10.0.0.50")
    rig.restart_driver()
    rig.network.ensure_segment(place.segment(a))
    assert rig.ping(a.id, "10.0.0.50")
    rig.unplug_physical("office")
    rig.physical("office")
    rig.on_lan("other", "office", 100, "10.0.0.51/24")
    rig.network.ensure_segment(place.segment(a))
    assert rig.ping(a.id, "10.0.0.51")
    assert rig.network.observe().strays == ()


class Trunked:
    """A guest whose nic carries another one as VLAN 7, and that one's neighbour."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.outer, self.inner = net("10.0.1"), net("10.0.7")
        web = group(tcp(80), {"protocol": "icmp"})
        self.groups = (ANYONE, web)
        self.parent, self.sub = self.outer.nic(11, ANYONE), self.inner.nic(11, web)
        self.neighbour = self.inner.nic(12, ANYONE)
        self.filter()
        rig.network.ensure_segment(self.outer.segment(self.parent))
        rig.network.ensure_segment(self.inner.segment(self.sub, self.neighbour))
        rig.plug(self.neighbour, self.inner.entry)
        rig.serve(self.neighbour.id, 80)
        self.start()

    def filter(self) -> None:
        nics: tuple[NicEntry, ...] = (self.parent, self.sub, self.neighbour)
        self.rig.network.ensure_filters(filters(self.groups, *nics), nics)

    def start(self) -> None:
        self.rig.plug(self.parent, self.outer.entry)
        self.rig.tag_in_guest(self.parent.id, 7, self.sub.mac, f"{self.inner.host(11)}/24")

    def carry(self, *vlans: int) -> None:
        carried = tuple(Carried(nic_id=self.sub.id, parent=self.parent.id, vlan=vlan) for vlan in vlans)
        plain = self.inner.segment(self.sub, self.neighbour)
        self.rig.network.ensure_segment(
            Segment(network=plain.network, subnets=plain.subnets, nics=plain.nics, local=plain.local, carried=carried)
        )

    def reaches(self) -> bool:
        return self.rig.call(self.parent.id, self.inner.host(12), 80) is not None


@pytest.fixture
def trunked(rig: Rig) -> Trunked:
    return Trunked(rig)


@TAGGING
def test_a_guests_tagged_frames_are_taken_apart(trunked: Trunked) -> None:
    rig = trunked.rig
    assert not trunked.reaches()
    trunked.carry(7)
    assert trunked.reaches()
    rig.serve(trunked.parent.id, 80)
    rig.serve(trunked.parent.id, 81)
    assert rig.call(trunked.neighbour.id, trunked.inner.host(11), 80) == trunked.inner.host(12)
    assert rig.call(trunked.neighbour.id, trunked.inner.host(11), 81) is None, "the carried nic's own groups"
    rig.add_address(trunked.parent.id, "10.0.7.77/24")
    assert rig.call(trunked.parent.id, trunked.inner.host(12), 80, source="10.0.7.77") is None
    trunked.carry(8)
    assert not trunked.reaches()
    trunked.carry()
    assert not trunked.reaches()
    assert rig.network.observe().strays == ()


@TAGGING
def test_what_a_trunk_carries_comes_back_with_its_guest(trunked: Trunked) -> None:
    trunked.carry(7)
    trunked.rig.unplug(trunked.parent.id)
    trunked.carry()
    trunked.start()
    trunked.carry(7)
    assert trunked.reaches()
    trunked.rig.restart_driver()
    trunked.carry(7)
    assert trunked.reaches()
    trunked.rig.network.remove_segment(trunked.inner.entry.id)
    assert not trunked.reaches()
    assert trunked.rig.network.observe().strays == ()
