"""What stands: the network contract as an agent sees it, the same for every driver, the fake one too."""

import pytest
from tests.contract.network.plans import ANYONE, Net, external, filters, group, net, vpc

from kumoi.contracts.network import Network, SeenNetwork
from kumoi.core.errors import Unavailable
from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.plan import VpcEntry

MACS = ("02:aa:00:00:00:01", "02:aa:00:00:00:02")
NOTHING = SeenNetwork(segments=frozenset(), nics=frozenset(), vpcs=frozenset(), groups=frozenset())


@pytest.fixture
def place() -> Net:
    return net()


def router(place: Net, outside: Net) -> VpcEntry:
    return vpc(place.leg(1, MACS[0]), gateway=outside.leg(100, MACS[1]), default_via=outside.host(1))


def test_nothing_stands_at_first(network: Network) -> None:
    assert network.observe() == NOTHING


def test_a_bridge_is_named_from_the_vni_and_fits_the_kernel(network: Network, place: Net) -> None:
    other = net()
    assert network.bridge(place.entry) != network.bridge(other.entry)
    assert len(network.bridge(net(vni=(1 << 24) - 1).entry)) <= 15


def test_what_was_drawn_is_seen_and_twice_is_boring(network: Network, place: Net) -> None:
    outside, nic = external(), place.nic(11, ANYONE)
    led = router(place, outside)
    for _ in range(3):
        network.ensure_filters(filters((ANYONE,), nic), (nic,))
        network.ensure_segment(place.segment(nic, services=True))
        network.ensure_segment(outside.segment())
        network.ensure_vpc(led)
    seen = network.observe()
    assert seen.segments == {place.entry.id, outside.entry.id}
    assert (seen.nics, seen.groups, seen.vpcs, seen.strays) == ({nic.id}, {ANYONE.id}, {led.id}, ())


def test_what_was_removed_is_gone_and_removal_is_harmless_twice(network: Network, place: Net) -> None:
    outside, nic = external(), place.nic(11, ANYONE)
    led = router(place, outside)
    network.ensure_filters(filters((ANYONE,), nic), (nic,))
    network.ensure_segment(place.segment(nic, services=True))
    network.ensure_segment(outside.segment())
    network.ensure_vpc(led)
    for _ in range(2):
        network.remove_vpc(led.id)
        network.ensure_filters(filters(()), ())
        network.remove_segment(place.entry.id)
        network.remove_segment(outside.entry.id)
        assert network.observe() == NOTHING


def test_removing_what_never_was_is_harmless(network: Network, place: Net) -> None:
    network.remove_segment(NetworkId(place.entry.id))
    network.remove_vpc(VpcId(place.subnet.id))
    assert network.observe() == NOTHING


def test_filters_are_exactly_the_last_ones(network: Network, place: Net) -> None:
    one, two = group(), group()
    a, b, down = place.nic(11, one), place.nic(12, two), place.nic(13, one, admin_up=False)
    open_one = place.nic(14, port_security=False)
    network.ensure_filters(filters((one, two), a, b, down), (a, b, down, open_one))
    assert network.observe().nics == {a.id, b.id, down.id, open_one.id}
    network.ensure_filters(filters((two,), b), (b,))
    seen = network.observe()
    assert (seen.nics, seen.groups) == ({b.id}, {two.id})


def test_a_router_waits_for_the_networks_of_its_legs(network: Network, place: Net) -> None:
    led = vpc(place.leg(1, MACS[0]))
    with pytest.raises(Unavailable):
        network.ensure_vpc(led)
    assert network.observe().vpcs == set()
    network.ensure_segment(place.segment())
    network.ensure_vpc(led)
    assert network.observe().vpcs == {led.id}


def test_a_network_outside_waits_for_what_the_host_is_joined_to_it_by(network: Network) -> None:
    outside = net(physical="elsewhere", vlan=7)
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            network.ensure_segment(outside.segment())
        assert (refused.value.facts["what"], refused.value.facts["name"]) == ("physical_network", "elsewhere")
    network.remove_segment(outside.entry.id)
    assert network.observe() == NOTHING
