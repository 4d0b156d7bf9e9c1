"""What gets through: the network contract where packets are, so for drivers of a real network."""

import pytest
from msgspec.structs import replace
from tests.contract.network.plans import ANYONE, Net, external, filters, group, net, new, tcp, vpc
from tests.contract.network.rig import Rig

from kumoi.core.conntrack_helpers import Helped
from kumoi.core.ids import AddressGroupId
from kumoi.core.nics import AddressPair
from kumoi.core.plan import GroupEntry, NicEntry, VpcEntry
from kumoi.core.port_forwardings import Ports
from kumoi.core.vpcs import Exit, Floating, Forward

ROUTER_MAC, GATEWAY_MAC, FAR_MAC = "02:aa:00:00:00:01", "02:aa:00:00:00:02", "02:aa:00:00:00:03"


def draw(rig: Rig, place: Net, groups: tuple[GroupEntry, ...], *nics: NicEntry) -> None:
    """As an agent does: closed before open, then the machines."""
    rig.network.ensure_filters(filters(groups, *nics), nics)
    rig.network.ensure_segment(place.segment(*nics))
    for nic in nics:
        rig.plug(nic, place.entry, gateway=place.subnet.gateway)


def test_neighbours_reach_what_their_groups_allow(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.serve(b.id, 80)
    rig.serve(b.id, 81)
    assert rig.call(a.id, place.host(12), 80) == place.host(11)
    assert rig.call(a.id, place.host(12), 81) is None
    assert rig.ping(a.id, place.host(12))


def test_nothing_is_allowed_without_groups(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.serve(a.id, 80)
    assert rig.call(b.id, place.host(11), 80) is None
    assert not rig.ping(a.id, place.host(12))


def test_two_networks_with_the_same_addresses_stay_apart(rig: Rig) -> None:
    one, two = net(), net()
    nics = [(place, place.nic(number, ANYONE)) for place in (one, two) for number in (11, 12)]
    rig.network.ensure_filters(filters((ANYONE,), *(nic for _, nic in nics)), tuple(nic for _, nic in nics))
    for place in (one, two):
        rig.network.ensure_segment(place.segment(*(nic for there, nic in nics if there is place)))
    for place, nic in nics:
        rig.plug(nic, place.entry)
    (_, a1), (_, b1), (_, a2), _ = nics
    rig.serve(b1.id, 80)
    assert rig.call(a1.id, one.host(12), 80) == one.host(11)
    assert rig.call(a2.id, two.host(12), 80) is None
    assert rig.ping(a2.id, two.host(12))


def test_a_group_names_its_members(rig: Rig) -> None:
    place = net()
    friends, others = group({"protocol": "tcp", "remote_group_id": "self"}), group()
    a, b, c = place.nic(11, friends), place.nic(12, friends), place.nic(13, others)
    draw(rig, place, (friends, others), a, b, c)
    rig.serve(b.id, 8080)
    assert rig.call(a.id, place.host(12), 8080) == place.host(11)
    assert rig.call(c.id, place.host(12), 8080) is None


def test_a_rule_names_a_block(rig: Rig) -> None:
    place = net()
    half = group(tcp(80, remote_cidr="10.0.0.0/28"))
    a, b, c = place.nic(11, half), place.nic(12, half), place.nic(99, half)
    draw(rig, place, (half,), a, b, c)
    rig.serve(b.id, 80)
    assert rig.call(a.id, place.host(12), 80) == place.host(11)
    assert rig.call(c.id, place.host(12), 80) is None


def test_a_rule_names_an_address_group_and_what_leaves_it_is_cut(rig: Rig) -> None:
    place, named = net(), AddressGroupId(new())
    some = group(tcp(80, remote_address_group_id=named), blocks={named: ("10.0.0.0/28", "2001:db8::/32")})
    a, b, c = place.nic(11, some), place.nic(12, some), place.nic(99, some)
    draw(rig, place, (some,), a, b, c)
    rig.serve(b.id, 80)
    assert rig.call(a.id, place.host(12), 80) == place.host(11)
    assert rig.call(c.id, place.host(12), 80) is None
    held = rig.open(a.id, place.host(12), 80)
    for blocks, reached in ((("10.0.0.96/28",), c), ((), None)):
        changed = replace(some, blocks={named: blocks})
        rig.network.ensure_filters(filters((changed,), a, b, c), (a, b, c))
        assert not rig.alive(held)
        assert [rig.call(g.id, place.host(12), 80) is not None for g in (a, c)] == [False, reached is c]


@pytest.mark.parametrize(("kind", "passes"), [(8, True), (13, False)])
def test_icmp_by_type(rig: Rig, kind: int, passes: bool) -> None:
    place = net()
    some = group({"protocol": "icmp", "port_min": kind})
    a, b = place.nic(11, some), place.nic(12, some)
    draw(rig, place, (some,), a, b)
    assert rig.ping(a.id, place.host(12)) is passes


def test_nobody_sends_from_an_address_that_is_not_his(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.add_address(a.id, "10.0.0.77/24")
    assert not rig.ping(a.id, place.host(12), source="10.0.0.77")
    assert rig.ping(a.id, place.host(12))


def test_a_pair_allows_another_address(rig: Rig) -> None:
    place = net()
    pairs = (AddressPair("10.0.0.77", ""), AddressPair("10.0.0.128/25", ""))
    a, b = place.nic(11, ANYONE, pairs=pairs), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    for address, passes in (("10.0.0.77", True), ("10.0.0.200", True), ("10.0.0.78", False)):
        rig.add_address(a.id, f"{address}/24")
        assert rig.ping(a.id, place.host(12), source=address) is passes


def test_a_pair_may_allow_every_address(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE, pairs=(AddressPair("0.0.0.0/0", ""),)), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.add_address(a.id, "10.0.0.77/24")
    for source in ("10.0.0.11", "10.0.0.77"):
        assert rig.ping(a.id, place.host(12), source=source)


def test_without_port_security_everything_passes(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, port_security=False), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.add_address(a.id, "10.0.0.77/24")
    rig.serve(a.id, 4000)
    assert rig.ping(a.id, place.host(12), source="10.0.0.77")
    assert rig.call(b.id, place.host(11), 4000) == place.host(12)


def test_a_nic_that_is_down_is_silent(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE, admin_up=False), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    assert not rig.ping(a.id, place.host(12))
    assert not rig.ping(b.id, place.host(11))


def test_a_machine_that_no_filter_knows_is_closed(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    rig.network.ensure_filters(filters((ANYONE,), b), (b,))
    rig.network.ensure_segment(place.segment(a, b))
    for nic in (a, b):
        rig.plug(nic, place.entry)
    assert not rig.ping(a.id, place.host(12))
    assert not rig.ping(b.id, place.host(11))


def test_a_flow_ends_with_the_rule_that_allowed_it_and_no_other(rig: Rig) -> None:
    place = net()
    both = group(tcp(80), tcp(81))
    a, b = place.nic(11, both), place.nic(12, both)
    draw(rig, place, (both,), a, b)
    for port in (80, 81):
        rig.serve(b.id, port)
    kept, cut = (rig.open(a.id, place.host(12), port) for port in (80, 81))
    assert rig.alive(kept)
    assert rig.alive(cut)
    fewer = GroupEntry(id=both.id, rules=both.rules[:-1])
    rig.network.ensure_filters(filters((fewer,), a, b), (a, b))
    assert rig.alive(kept)
    assert not rig.alive(cut)


def test_a_flow_ends_with_the_membership_that_allowed_it(rig: Rig) -> None:
    place = net()
    friends, others = group({"protocol": "tcp", "remote_group_id": "self"}), group()
    a, b = place.nic(11, friends), place.nic(12, friends)
    draw(rig, place, (friends, others), a, b)
    rig.serve(b.id, 80)
    flow = rig.open(a.id, place.host(12), 80)
    assert rig.alive(flow)
    left = place.nic(11, others, id=a.id, mac=a.mac, mark=a.mark)
    rig.network.ensure_filters(filters((friends, others), left, b), (left, b))
    assert not rig.alive(flow)


def test_a_stateless_group_needs_both_directions(rig: Rig) -> None:
    place = net()
    plain = group(tcp(80), stateful=False)
    a, b = place.nic(11, plain), place.nic(12, ANYONE)
    draw(rig, place, (plain, ANYONE), a, b)
    rig.serve(b.id, 80)
    assert rig.call(a.id, place.host(12), 80) is None
    both = GroupEntry(id=plain.id, rules=(*plain.rules, *group({"protocol": "tcp"}).rules), stateful=False)
    rig.network.ensure_filters(filters((both, ANYONE), a, b), (a, b))
    assert rig.call(a.id, place.host(12), 80) == place.host(11)


def test_a_new_driver_finds_everything_and_breaks_nothing(rig: Rig) -> None:
    place = net()
    a, b = place.nic(11, ANYONE), place.nic(12, ANYONE)
    draw(rig, place, (ANYONE,), a, b)
    rig.serve(b.id, 80)
    flow = rig.open(a.id, place.host(12), 80)
    before = rig.network.observe()
    rig.restart_driver()
    assert rig.network.observe() == before
    rig.network.ensure_segment(place.segment(a, b))
    assert rig.alive(flow)
    rig.network.ensure_filters(filters((ANYONE,), a, b), (a, b))
    assert rig.alive(flow)
    assert rig.call(a.id, place.host(12), 80) == place.host(11)
    assert rig.network.observe() == before


class Routed:
    """Two networks behind a router with a way out, a guest in each, and a stranger outside."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.one, self.two, self.outside = net("10.0.1"), net("10.0.2"), external()
        self.a, self.b, self.c = self.one.nic(11, ANYONE), self.two.nic(12, ANYONE), self.one.nic(13, ANYONE)
        nics = (self.a, self.b, self.c)
        rig.network.ensure_filters(filters((ANYONE,), *nics), nics)
        rig.network.ensure_segment(self.one.segment(self.a, self.c))
        rig.network.ensure_segment(self.two.segment(self.b))
        rig.network.ensure_segment(self.outside.segment())
        legs = (self.one.leg(1, ROUTER_MAC), self.two.leg(1, ROUTER_MAC))
        gateway = self.outside.leg(100, GATEWAY_MAC)
        self.vpc = vpc(*legs, gateway=gateway, default_via=self.outside.host(1))
        rig.network.ensure_vpc(self.vpc)
        for nic, place in ((self.a, self.one), (self.b, self.two), (self.c, self.one)):
            rig.plug(nic, place.entry, gateway=place.host(1))
            rig.serve(nic.id, 80)
        rig.stranger("world", self.outside.entry, f"{self.outside.host(50)}/24")
        rig.serve("world", 80)

    def forward(self, *forwards: Forward) -> None:
        self.rig.network.ensure_vpc(replace(self.vpc, forwards=forwards))

    def lead(self, *pairs: tuple[str, str], **changed: bool) -> VpcEntry:
        floating = tuple(Floating(public=public, fixed=fixed) for public, fixed in pairs)
        led = VpcEntry(
            id=self.vpc.id, legs=self.vpc.legs, gateway=self.vpc.gateway, default_via=self.vpc.default_via,
            floating=floating, **changed,
        )  # fmt: skip
        self.rig.network.ensure_vpc(led)
        return led


@pytest.fixture
def routed(rig: Rig) -> Routed:
    return Routed(rig)


def test_a_router_joins_networks(routed: Routed) -> None:
    assert routed.rig.call(routed.a.id, routed.two.host(12), 80) == routed.one.host(11)


def test_guests_hide_behind_the_gateways_address(routed: Routed) -> None:
    assert routed.rig.call(routed.a.id, routed.outside.host(50), 80) == routed.outside.host(100)
    assert routed.rig.call("world", routed.one.host(11), 80) is None


def test_a_floating_address_leads_in_and_out(routed: Routed) -> None:
    public = routed.outside.host(200)
    routed.lead((public, routed.one.host(11)))
    assert routed.rig.call("world", public, 80) == routed.outside.host(50)
    assert routed.rig.call(routed.a.id, routed.outside.host(50), 80) == public
    assert routed.rig.call(routed.c.id, routed.outside.host(50), 80) == routed.outside.host(100)


def test_a_floating_address_answers_from_inside_too(routed: Routed) -> None:
    rig, public = routed.rig, routed.outside.host(200)
    routed.lead((public, routed.one.host(11)))
    assert rig.call(routed.c.id, public, 80) is not None  # a neighbour in the same network
    assert rig.call(routed.b.id, public, 80) is not None  # one behind another leg
    assert rig.call(routed.a.id, public, 80) == public  # itself


def test_a_floating_address_moves_and_its_flows_end(routed: Routed) -> None:
    rig, public = routed.rig, routed.outside.host(200)
    routed.lead((public, routed.one.host(11)))
    inbound = rig.open("world", public, 80)
    outbound = rig.open(routed.c.id, routed.outside.host(50), 80)
    routed.lead((public, routed.two.host(12)))
    assert not rig.alive(inbound)
    assert rig.alive(outbound)
    assert rig.call("world", public, 80) == routed.outside.host(50)
    routed.lead()
    assert rig.call("world", public, 80) is None


def test_without_snat_the_networks_are_reached_as_they_are(routed: Routed) -> None:
    rig = routed.rig
    routed.lead(snat=False)
    rig.stranger("neighbour", routed.outside.entry, f"{routed.outside.host(51)}/24", gateway=routed.outside.host(100))
    rig.serve("neighbour", 80)
    assert rig.call("neighbour", routed.one.host(11), 80) == routed.outside.host(51)
    assert rig.call(routed.a.id, routed.outside.host(51), 80) == routed.one.host(11)


def test_a_new_driver_leaves_routed_flows_alone(routed: Routed) -> None:
    rig, public = routed.rig, routed.outside.host(200)
    led = routed.lead((public, routed.one.host(11)))
    flows = [rig.open("world", public, 80), rig.open(routed.c.id, routed.outside.host(50), 80)]
    rig.restart_driver()
    rig.network.ensure_vpc(led)
    assert [rig.alive(flow) for flow in flows] == [True, True]


def test_what_comes_in_by_another_way_out_goes_back_by_it(routed: Routed) -> None:
    rig, far = routed.rig, net("198.51.100", external=True)
    rig.network.ensure_segment(far.segment())
    public = far.host(200)
    more = Exit(leg=far.leg(100, FAR_MAC), via=far.host(1), carries=(public,))
    floating = (Floating(public=public, fixed=routed.one.host(11)),)
    led = replace(routed.vpc, more=(more,), floating=floating)
    rig.network.ensure_vpc(led)
    rig.stranger("far", far.entry, f"{far.host(1)}/24")
    rig.add_address("far", "10.9.9.9/32")
    rig.serve("far", 80)
    assert rig.call("far", public, 80, source="10.9.9.9") == "10.9.9.9", "answered though the default route is another"
    assert rig.call(routed.a.id, "10.9.9.9", 80) == public, "who has an address there goes out there"
    assert rig.call(routed.c.id, far.host(1), 80) == far.host(100)
    assert rig.call(routed.c.id, routed.outside.host(50), 80) == routed.outside.host(100)
    assert rig.call(routed.a.id, routed.two.host(12), 80) == routed.one.host(11), "inside nothing changes"
    rig.network.ensure_vpc(replace(led, ecmp=True))
    assert rig.call("far", public, 80, source="10.9.9.9") == "10.9.9.9"
    rig.network.ensure_vpc(routed.vpc)
    assert rig.call("far", public, 80, source="10.9.9.9") is None
    assert rig.call(routed.c.id, routed.outside.host(50), 80) == routed.outside.host(100)


def test_ports_of_one_address_lead_to_several_guests(routed: Routed) -> None:
    public, rig = routed.outside.host(200), routed.rig
    first, second = routed.one.host(11), routed.two.host(12)
    shifted = Forward(public=public, protocol="tcp", outer=Ports(8001, 8003), fixed=first, inner=Ports(79, 81))
    kept = Forward(public=public, protocol="tcp", outer=Ports(80, 90), fixed=second, inner=Ports(80, 90))
    routed.forward(shifted, kept)
    world = routed.outside.host(50)
    assert [rig.call("world", public, port) for port in (8002, 80)] == [world, world]
    assert [rig.call("world", public, port) for port in (8001, 8004, 91)] == [None, None, None]
    assert rig.call(routed.b.id, public, 8002) is not None, "from inside too"


def test_a_forwarding_that_leads_elsewhere_takes_its_flows_along(routed: Routed) -> None:
    public, rig = routed.outside.host(200), routed.rig
    one = Forward(
        public=public, protocol="tcp", outer=Ports(8002, 8002), fixed=routed.one.host(11), inner=Ports(80, 80)
    )
    other = replace(one, outer=Ports(8003, 8003), fixed=routed.two.host(12))
    routed.forward(one, other)
    moved, stays = rig.open("world", public, 8002), rig.open("world", public, 8003)
    assert rig.alive(moved)
    routed.forward(replace(one, fixed=routed.one.host(13)), other)
    assert (rig.alive(moved), rig.alive(stays)) == (False, True)
    assert rig.call("world", public, 8002) is not None
    routed.forward(other)
    assert rig.call("world", public, 8002) is None
    assert rig.alive(stays)


def test_what_a_protocol_agrees_on_is_translated_where_it_is_read_along(routed: Routed) -> None:
    """TFTP answers from a port that nobody called: behind translation it is lost, but for a helper."""
    world, udp = routed.outside.host(50), group({"protocol": "udp"})
    a = replace(routed.a, group_ids=(udp.id,))
    routed.rig.network.ensure_filters(filters((udp,), a), (a,))
    assert not routed.rig.fetch_tftp(routed.a.id, "world", world)
    routed.rig.network.ensure_vpc(replace(routed.vpc, helped=(Helped("tftp", "udp", 69),)))
    assert routed.rig.fetch_tftp(routed.a.id, "world", world)


def test_on_a_private_network_roles_say_who_hears_whom(rig: Rig) -> None:
    place = net()
    alike = ("promiscuous", ""), *[("isolated", "")] * 2
    roles = (*alike, *[("community", "a")] * 2, ("community", "b"))
    nics = tuple(
        place.nic(11 + n, ANYONE, pvlan=role, community=community) for n, (role, community) in enumerate(roles)
    )
    rig.network.ensure_filters(filters((ANYONE,), *nics), nics)
    rig.network.ensure_segment(place.segment(*nics))
    for nic in nics:
        rig.plug(nic, place.entry)
    common, alone, other, first, second, stranger = nics
    talk = {(common, alone), (common, first), (first, second)}
    apart = {(alone, other), (alone, first), (first, stranger)}
    heard = {pair for pair in talk | apart if rig.ping(pair[0].id, pair[1].fixed_ips[0].address)}
    assert heard == talk
    freed = tuple(replace(nic, pvlan="promiscuous") if nic is other else nic for nic in nics)
    rig.network.ensure_filters(filters((ANYONE,), *freed), freed)
    assert rig.ping(alone.id, other.fixed_ips[0].address)
