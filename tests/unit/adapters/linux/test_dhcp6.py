"""DHCPv6 packets: what is answered, what is told, and that nothing breaks."""

import struct
from ipaddress import IPv6Address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.network.plans import Net, net

from kumoi.adapters.linux.guestd import dhcp6
from kumoi.adapters.linux.guestd.book import Book, Place
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.plan import SubnetEntry

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE, _, INFORM = range(1, 12)
SERVER = dhcp6.duid("06:00:00:00:00:01")
CLIENT = b"\0\1\0\1client"
ALL = (SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, RELEASE, DECLINE, INFORM)


def place_of(where: Net, six: SubnetEntry) -> Place:
    nic = where.dual(six, 11)
    book = Book((GuestNetwork(network=where.entry, subnets=(where.subnet, six), nics=(nic,)),), {})
    found = book.by_mac(where.entry.id, nic.mac)
    assert found is not None
    return found


WHERE = net()
STATEFUL = place_of(WHERE, WHERE.six("dhcpv6-stateful", dns_servers=()))
STATELESS = place_of(WHERE, WHERE.six("dhcpv6-stateless"))
SLAAC = place_of(WHERE, WHERE.six("slaac"))


def option(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value


def association(*addresses: str, number: int = 7) -> bytes:
    inner = b"".join(option(5, IPv6Address(a).packed + bytes(8)) for a in addresses)
    return option(3, struct.pack("!III", number, 0, 0) + inner)


def packet(kind: int, *more: bytes, client: bytes = CLIENT) -> bytes:
    return bytes([kind]) + b"xid" + (option(1, client) if client else b"") + b"".join(more)


def ask(place: Place | None, sent: bytes) -> tuple[int, dict[int, bytes]] | None:
    request = dhcp6.parse(sent)
    reply = None if request is None else dhcp6.answer(request, place, SERVER)
    if reply is None:
        return None
    assert reply[1:4] == b"xid"
    return reply[0], options(reply[4:])


def options(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        kind, length = struct.unpack_from("!HH", data)
        found[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


def given_addresses(reply: tuple[int, dict[int, bytes]] | None) -> dict[str, int]:
    """Address → seconds that it is good for."""
    assert reply is not None
    data, found = reply[1][3][12:], {}
    while data:
        kind, length = struct.unpack_from("!HH", data)
        assert (kind, length) == (5, 24)
        found[str(IPv6Address(data[4:20]))] = struct.unpack_from("!I", data, 24)[0]
        data = data[4 + length :]
    return found


def status(data: bytes) -> int:
    return int(struct.unpack_from("!H", options(data)[13])[0])


def test_a_solicitation_is_advertised_the_planned_address() -> None:
    reply = ask(STATEFUL, packet(SOLICIT, association()))
    assert given_addresses(reply) == {"fd00:1::b": dhcp6.VALID_S}
    assert reply is not None
    assert (reply[0], reply[1][1], reply[1][2]) == (ADVERTISE, CLIENT, SERVER)
    assert IPv6Address(reply[1][23]) == IPv6Address("fd00:1::2")
    assert reply[1][24] == b"\5cloud\7example\0"


def test_in_a_hurry_it_is_answered_at_once() -> None:
    reply = ask(STATEFUL, packet(SOLICIT, association(), option(14, b"")))
    assert reply is not None
    assert (reply[0], reply[1][14]) == (REPLY, b"")


@pytest.mark.parametrize("kind", [REQUEST, RENEW, REBIND])
def test_what_is_another_ones_ends_at_once(kind: int) -> None:
    server = option(2, SERVER) if kind != REBIND else b""
    reply = ask(STATEFUL, packet(kind, server, association("fd00:1::b", "fd00:1::c")))
    assert given_addresses(reply) == {"fd00:1::b": dhcp6.VALID_S, "fd00:1::c": 0}


def test_a_second_association_and_a_prefix_get_nothing() -> None:
    prefixes = option(25, struct.pack("!III", 1, 0, 0))
    sent = packet(SOLICIT, association(number=1), association(number=2), option(4, b"\0\0\0\1"), prefixes)
    request = dhcp6.parse(sent)
    assert request is not None
    answer = dhcp6.answer(request, STATEFUL, SERVER)
    assert answer is not None
    found = dhcp6.parse(b"\1" + answer[1:])
    assert found is not None
    second = [value for kind, value in found.options if kind == 3][1]
    assert (second[:4], status(second[12:])) == (b"\0\0\0\2", 2)
    assert status(found.first(25)[12:]) == 6  # type: ignore[index]
    assert status(found.first(4)[4:]) == 2  # type: ignore[index]


def test_a_moved_client_learns_that_it_moved() -> None:
    for address, expected in (("fd00:1::b", 0), ("fd00:77::b", 4)):
        reply = ask(STATEFUL, packet(CONFIRM, association(address)))
        assert reply is not None
        assert struct.unpack("!H", reply[1][13]) == (expected,)


def test_only_who_is_meant_answers() -> None:
    other = option(2, dhcp6.duid("06:00:00:00:00:02"))
    for kind in (REQUEST, RENEW, RELEASE, DECLINE):
        assert ask(STATEFUL, packet(kind, other, association())) is None
        assert ask(STATEFUL, packet(kind, association())) is None
    for kind in (SOLICIT, CONFIRM, REBIND):
        assert ask(STATEFUL, packet(kind, option(2, SERVER), association())) is None
    assert ask(STATEFUL, packet(INFORM, other)) is None
    assert ask(STATEFUL, packet(SOLICIT, association(), client=b"")) is None


def test_who_is_not_in_the_plan_or_served_otherwise_gets_nothing() -> None:
    for kind in ALL:
        assert ask(None, packet(kind, association())) is None
        assert ask(SLAAC, packet(kind, association())) is None
    assert ask(STATELESS, packet(SOLICIT, association())) is None


def test_information_without_an_address() -> None:
    reply = ask(STATELESS, packet(INFORM, option(6, b"\0\x17"), client=b""))
    assert reply is not None
    assert set(reply[1]) == {2, 23}, "the domain was not asked for"
    assert ask(STATEFUL, packet(INFORM)) is not None


def test_a_subnet_that_was_made_silent_is() -> None:
    places = tuple((a, msgspec.structs.replace(s, dhcp=False)) for a, s in STATEFUL.addresses)
    assert ask(msgspec.structs.replace(STATEFUL, addresses=places), packet(SOLICIT, association())) is None


@given(st.binary(max_size=1600), st.sampled_from(ALL))
def test_nothing_breaks(data: bytes, kind: int) -> None:
    for sent in (data, bytes([kind]) + data, packet(kind, data), packet(kind, option(2, SERVER), option(3, data))):
        request = dhcp6.parse(sent)
        if request is not None:
            dhcp6.answer(request, STATEFUL, SERVER)
