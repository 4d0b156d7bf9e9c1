"""Router advertisements, byte by byte as a guest reads them."""

import struct
from ipaddress import IPv6Address

import msgspec
import pytest
from tests.contract.network.plans import net

from kumoi.adapters.linux.guestd.advertisement import ROUTER_LIFETIME_S, advertisement, is_solicitation
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.networks import Ipv6Mode
from kumoi.core.plan import SubnetEntry

MAC = "06:00:00:00:00:01"
WHERE = net()


def packet(*subnets: SubnetEntry, routes: bool = False) -> bytes:
    known = GuestNetwork(network=WHERE.entry, subnets=(WHERE.subnet, *subnets), nics=())
    made = advertisement(known, MAC, routes=routes)
    assert made is not None
    return made


def options(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        assert data[1] > 0
        found.append((data[0], data[2 : 8 * data[1]]))
        data = data[8 * data[1] :]
    return found


@pytest.mark.parametrize(
    ("mode", "flags", "autonomous"),
    [("slaac", 0, True), ("dhcpv6-stateless", 0x40, True), ("dhcpv6-stateful", 0xC0, False)],
)
def test_modes_are_flags(mode: Ipv6Mode, flags: int, autonomous: bool) -> None:
    made = packet(WHERE.six(mode))
    assert (made[0], made[5]) == (134, flags)
    prefix = dict(options(made[16:]))[3]
    assert (prefix[0], bool(prefix[1] & 0x40), bool(prefix[1] & 0x80)) == (64, autonomous, True)
    assert IPv6Address(prefix[14:30]) == IPv6Address("fd00:1::")


def test_a_router_is_a_way_out_and_the_network_alone_is_none() -> None:
    for routes, lifetime in ((True, ROUTER_LIFETIME_S), (False, 0)):
        assert struct.unpack_from("!H", packet(WHERE.six(), routes=routes), 6) == (lifetime,)


def test_mtu_names_and_every_prefix_are_told() -> None:
    made = options(packet(WHERE.six(), WHERE.six(number=2, dns_servers=("2001:db8::53",)))[16:])
    assert [kind for kind, _ in made] == [1, 5, 3, 3, 25, 31]
    found = dict(made)
    assert found[1] == bytes.fromhex(MAC.replace(":", ""))
    assert struct.unpack("!HI", found[5]) == (0, 1450)
    assert IPv6Address(found[25][6:22]) == IPv6Address("2001:db8::53")
    assert found[31][6:].rstrip(b"\0") == b"\5cloud\7example"


def test_nothing_is_advertised_where_nothing_is_to_be() -> None:
    quiet = WHERE.six("dhcpv6-stateful", ra_mode="")
    for subnets in ((), (quiet,), (WHERE.subnet,)):
        assert advertisement(GuestNetwork(network=WHERE.entry, subnets=subnets, nics=()), MAC, routes=True) is None


def test_without_a_domain_or_servers_none_is_told() -> None:
    six = msgspec.structs.replace(WHERE.six(), service_address=None)
    assert 25 not in dict(options(packet(six)[16:]))


def test_what_a_solicitation_is() -> None:
    assert is_solicitation(b"\x85" + bytes(7))
    for other in (b"", b"\x85", b"\x85\1" + bytes(6), b"\x86" + bytes(7)):
        assert not is_solicitation(other)
