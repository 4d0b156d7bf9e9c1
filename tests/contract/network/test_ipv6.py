"""IPv6 where packets are: what networks and routers advertise, what DHCPv6 gives, and that it gets through."""

import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.contract.network.plans import ANYONE, Net, external, filters, group, net, vpc
from tests.contract.network.rig import Rig
from tests.contract.network.test_guests import told

from kumoi.adapters.linux.addresses import link_local
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.plan import NicEntry, SubnetEntry, VpcEntry

SIX = group({"protocol": "icmp"}, {"protocol": "icmp", "ether_type": "IPv6"})
ROUTER_MAC, GATEWAY_MAC = "02:aa:00:00:00:01", "02:aa:00:00:00:02"


class Drawn:
    """A network with one IPv6 subnet; `add` puts a guest on it, `tell` tells its guests."""

    def __init__(self, rig: Rig, six: SubnetEntry | None = None, **changed: object) -> None:
        self.rig = rig
        self.net = net(**changed)
        self.six = six or self.net.six()
        self.nics: tuple[NicEntry, ...] = ()
        self.subnets = (self.net.subnet, self.six)

    def draw(self, *nics: NicEntry, routers: tuple[VpcEntry, ...] = ()) -> None:
        self.nics = (*self.nics, *nics)
        self.rig.network.ensure_filters(filters((SIX, ANYONE), *self.nics), self.nics)
        self.rig.network.ensure_segment(self.net.segment(*self.nics, services=True, more=self.subnets[1:]))
        self.tell(*routers)
        for nic in nics:
            self.rig.plug(nic, self.net.entry, by_hand=False)

    def tell(self, *routers: VpcEntry) -> None:
        known = GuestNetwork(network=self.net.entry, subnets=self.subnets, nics=self.nics)
        guests = {nic.instance_id: told(nic.hostname) for nic in self.nics if nic.instance_id is not None}
        self.rig.services.publish((known,), guests, routers)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def started(rig: Rig) -> Rig:
    rig.start_services()
    return rig


def own(nic: NicEntry) -> str:
    return nic.fixed_ips[1].address


def test_a_guest_makes_itself_the_planned_address_and_no_way_out(started: Rig) -> None:
    drawn = Drawn(started)
    a, b = (drawn.net.dual(drawn.six, n, SIX) for n in (11, 12))
    drawn.draw(a, b)
    for nic in (a, b):
        until(lambda nic=nic: started.addresses6(nic.id) == {own(nic)})
    assert started.ping(a.id, own(b))
    assert started.ways_out6(a.id) == set()


def test_names_and_metadata_are_answered_by_ipv6(started: Rig) -> None:
    drawn = Drawn(started)
    a, b = (drawn.net.dual(drawn.six, n, ANYONE) for n in (11, 12))
    drawn.draw(a, b)
    until(lambda: started.addresses6(a.id))
    assert started.ask_name(a.id, "fd00:1::2", "vm12", "AAAA") == ("ok", [own(b)])
    assert started.ask_name(a.id, "fd00:1::2", "vm12", "A") == ("ok", [drawn.net.host(12)])
    assert started.fetch6(a.id, "/latest/meta-data/local-hostname") == (200, "vm11.cloud.example")
    assert started.fetch6(a.id, f"/latest/meta-data/network/interfaces/macs/{a.mac}/ipv6s") == (200, own(a))


def test_a_network_of_ipv6_alone_has_metadata(started: Rig) -> None:
    drawn = Drawn(started)
    drawn.subnets = (drawn.six,)
    a = drawn.net.dual(drawn.six, 11, ANYONE, fixed_ips=())
    drawn.draw(a)
    until(lambda: started.fetch6(a.id, "/openstack/latest/meta_data.json")[0] == 200)


def test_dhcp_gives_exactly_the_planned_address(started: Rig) -> None:
    drawn = Drawn(started, net().six("dhcpv6-stateful"))
    a, stranger = drawn.net.dual(drawn.six, 11, ANYONE), drawn.net.nic(12, ANYONE)
    drawn.draw(a)
    got = started.ask_address6(a.id)
    assert (got["ip"], got["dns"]) == (["fd00:1::b"], ["fd00:1::2"])
    assert started.addresses6(a.id) == {"fd00:1::b"}, "and none of its own making"
    started.plug(stranger, drawn.net.entry, by_hand=False)
    assert started.ask_address6(stranger.id) == {}


def test_without_state_dhcp_tells_all_but_an_address(started: Rig) -> None:
    six = net().six("dhcpv6-stateless", dns_servers=("2001:db8::53", "192.0.2.53"))
    drawn = Drawn(started, six)
    a = drawn.net.dual(six, 11, ANYONE)
    drawn.draw(a)
    until(lambda: started.addresses6(a.id) == {own(a)})
    assert started.ask_address6(a.id) == {}
    assert started.ask_address6(a.id, information=True)["dns"] == ["2001:db8::53"]


def test_nothing_is_advertised_where_others_do(started: Rig) -> None:
    """Without ra_mode an outer router tells guests what to do; we give the addresses."""
    drawn = Drawn(started, net().six("dhcpv6-stateful", ra_mode=""))
    a = drawn.net.dual(drawn.six, 11, ANYONE)
    drawn.draw(a)
    assert started.ask_address6(a.id)["ip"] == ["fd00:1::b"]
    assert started.ways_out6(a.id) == set()


def test_a_running_guest_hears_of_a_new_subnet(started: Rig) -> None:
    drawn = Drawn(started)
    a = drawn.net.dual(drawn.six, 11, ANYONE)
    drawn.draw(a)
    until(lambda: started.addresses6(a.id))
    more = drawn.net.six(number=2)
    drawn.subnets = (*drawn.subnets, more)
    drawn.draw()
    until(lambda: any(address.startswith("fd00:2:") for address in started.addresses6(a.id)))


def test_advertisements_go_on_without_the_agent(started: Rig) -> None:
    drawn = Drawn(started)
    a, b = (drawn.net.dual(drawn.six, n, SIX) for n in (11, 12))
    drawn.draw(a, b)
    started.restart_driver()
    started.unplug(a.id)
    started.plug(a, drawn.net.entry, by_hand=False)
    until(lambda: started.addresses6(a.id) == {own(a)})


class Routed:
    """Two such networks behind a router with a way out, a guest in each, and a stranger outside."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.one, self.two = Drawn(rig), Drawn(rig, net("10.0.1").six(number=2), prefix="10.0.1")
        self.outside: Net = external()
        outer = self.outside.six("", number=9)
        self.a, self.b = self.one.net.dual(self.one.six, 11, SIX), self.two.net.dual(self.two.six, 12, SIX)
        rig.network.ensure_filters(filters((SIX,), self.a, self.b), (self.a, self.b))
        rig.network.ensure_segment(self.outside.segment(more=(outer,)))
        for drawn, nic in ((self.one, self.a), (self.two, self.b)):
            rig.network.ensure_segment(drawn.net.segment(nic, services=True, more=drawn.subnets[1:]))
        legs = (self.one.net.leg(1, ROUTER_MAC, "fd00:1::1/64"), self.two.net.leg(1, ROUTER_MAC, "fd00:2::1/64"))
        gateway = self.outside.leg(100, GATEWAY_MAC, "fd00:9::64/64")
        self.vpc = vpc(*legs, gateway=gateway, default_via=self.outside.host(1), default_via6="fd00:9::1")
        rig.network.ensure_vpc(self.vpc)
        known = tuple(
            GuestNetwork(network=drawn.net.entry, subnets=drawn.subnets, nics=(nic,))
            for drawn, nic in ((self.one, self.a), (self.two, self.b))
        )
        rig.services.publish(known, {}, (self.vpc,))
        for drawn, nic in ((self.one, self.a), (self.two, self.b)):
            rig.plug(nic, drawn.net.entry, by_hand=False)
            until(lambda nic=nic: rig.addresses6(nic.id) == {own(nic)} and rig.ways_out6(nic.id))


def test_a_router_is_the_way_out_and_joins_networks(started: Rig) -> None:
    routed = Routed(started)
    assert started.ways_out6(routed.a.id) == {str(link_local(ROUTER_MAC))}
    assert started.ping(routed.a.id, own(routed.b))


def test_a_router_leads_out_and_in_as_groups_allow(started: Rig) -> None:
    routed = Routed(started)
    started.stranger("world", routed.outside.entry, "fd00:9::50/64", gateway6="fd00:9::64")
    assert started.ping(routed.a.id, "fd00:9::50")
    assert started.ping("world", own(routed.a))
    closed = (routed.a, routed.b)
    started.network.ensure_filters(filters((group(),), *closed), tuple(closed))
    assert not started.ping("world", own(routed.a))


def test_a_router_answers_outside_for_addresses_that_are_published(started: Rig) -> None:
    """The stranger takes all of fd00::/16 for its own link and has no way in: it asks who has the address."""
    routed = Routed(started)
    started.stranger("world", routed.outside.entry, "fd00:9::50/16")
    assert not started.ping("world", own(routed.a))
    started.network.ensure_vpc(replace(routed.vpc, published=(own(routed.a),)))
    assert started.ping("world", own(routed.a))
    assert not started.ping("world", own(routed.b)), "and for no other"
    started.restart_driver()
    started.network.ensure_vpc(routed.vpc)
    started.stranger("other", routed.outside.entry, "fd00:9::51/16")
    assert not started.ping("other", own(routed.a)), "and no longer than it is told"
