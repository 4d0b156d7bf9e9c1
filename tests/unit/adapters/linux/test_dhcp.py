"""DHCP packets: what is answered, what is told, and that nothing breaks."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.network.plans import Net, net

from kumoi.adapters.linux.guestd import dhcp
from kumoi.adapters.linux.guestd.book import Book, Place
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.networks import Route

MAC = bytes.fromhex("020000000011")
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)


def place_of(where: Net, **changed: Any) -> Place:
    nic = where.nic(11, mac=MAC.hex(":"), **changed)
    book = Book((GuestNetwork(network=where.entry, subnets=(where.subnet,), nics=(nic,)),), {})
    found = book.by_mac(where.entry.id, nic.mac)
    assert found is not None
    return found


def packet(kind: int, *, client: bytes = b"\0" * 4, relay: bytes = b"\0" * 4, **options: bytes) -> bytes:
    """Options are named `o50=…`."""
    head = struct.pack("!BBBB4sHH4s4s4s4s16s", 1, 1, 6, 0, b"xidx", 0, 0x8000, client, b"", b"", relay, MAC)
    body = bytes([53, 1, kind]) + b"".join(bytes([int(n[1:]), len(v)]) + v for n, v in options.items())
    return head + bytes(192) + b"\x63\x82\x53\x63" + body + b"\xff"


def options(reply: dhcp.Reply | None) -> dict[int, bytes]:
    assert reply is not None
    found: dict[int, bytes] = {}
    data = reply.packet[240:]
    while data[0] != 255:
        found[data[0]] = found.get(data[0], b"") + data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
    return found


def ask(where: Net, sent: bytes, **changed: Any) -> dhcp.Reply | None:
    request = dhcp.parse(sent)
    return None if request is None else dhcp.answer(request, place_of(where, **changed))


def test_a_discovery_is_offered_the_planned_address_to_everybody() -> None:
    reply = ask(net(), packet(DISCOVER))
    assert reply is not None
    assert (reply.to, reply.source, reply.packet[16:20]) == (None, "10.0.0.2", bytes([10, 0, 0, 11]))
    assert reply.packet[:8] == b"\2\1\6\0xidx"
    assert options(reply)[53] == bytes([OFFER])


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (packet(REQUEST, o50=bytes([10, 0, 0, 11])), ACK),
        (packet(REQUEST, o50=bytes([10, 0, 0, 12])), NAK),
        (packet(REQUEST, client=bytes([10, 0, 0, 11])), ACK),
        (packet(REQUEST, client=bytes([10, 0, 0, 12])), NAK),
        (packet(REQUEST, o50=bytes([10, 0, 0, 11]), o54=bytes([10, 0, 0, 2])), ACK),
        (packet(INFORM, client=bytes([10, 0, 0, 11])), ACK),
    ],
)
def test_a_request_is_acknowledged_or_refused(sent: bytes, kind: int) -> None:
    assert options(ask(net(), sent))[53] == bytes([kind])


@pytest.mark.parametrize(
    "sent",
    [
        packet(REQUEST, o50=bytes([10, 0, 0, 11]), o54=bytes([10, 0, 0, 3])),  # another server's offer
        packet(DECLINE),
        packet(RELEASE),
        packet(OFFER),
        packet(DISCOVER, relay=bytes([10, 9, 9, 9])),
        packet(DISCOVER)[:239],
        packet(DISCOVER).replace(b"\x63\x82\x53\x63", b"\x63\x82\x53\x64"),
        b"\2" + packet(DISCOVER)[1:],
        packet(DISCOVER)[:-1] + b"\x0c\xff",
    ],
)
def test_everything_else_is_silence(sent: bytes) -> None:
    assert ask(net(), sent) is None


def test_a_renewal_is_answered_to_the_address_itself() -> None:
    reply = ask(net(), packet(REQUEST, client=bytes([10, 0, 0, 11])))
    assert reply is not None
    assert reply.to == "10.0.0.11"


def test_information_has_neither_address_nor_lease() -> None:
    reply = ask(net(), packet(INFORM, client=bytes([10, 0, 0, 11])))
    assert reply is not None
    assert reply.packet[16:20] == bytes(4)
    assert 51 not in options(reply)


def test_a_refusal_says_nothing_else() -> None:
    assert set(options(ask(net(), packet(REQUEST, o50=bytes([10, 0, 0, 12]))))) == {53, 54}


def test_a_client_id_comes_back() -> None:
    assert options(ask(net(), packet(DISCOVER, o61=b"\1me")))[61] == b"\1me"


def test_routes_are_told_with_the_default_among_them() -> None:
    where = net().changed(host_routes=(Route("172.16.0.0/12", "10.0.0.9"),))
    told = options(ask(where, packet(DISCOVER)))
    routes = b"\x0c\xac\x10\x0a\0\0\x09" + b"\x20\xa9\xfe\xa9\xfe\x0a\0\0\2" + b"\0\x0a\0\0\1"
    assert (told[121], told[3]) == (routes, bytes([10, 0, 0, 1]))


def test_what_does_not_fit_is_left_out_least_needed_first() -> None:
    many = tuple(Route(f"172.16.{n}.0/24", "10.0.0.9") for n in range(60))
    where = net().changed(host_routes=many)
    small, large = (ask(where, packet(DISCOVER, o57=struct.pack("!H", size))) for size in (576, 1500))
    assert small is not None
    assert large is not None
    assert len(small.packet) <= 576 - 28
    assert len(large.packet) <= 1400 - 28
    assert {1, 3, 6, 26, 51, 53, 54} <= set(options(small))
    assert 121 not in options(small)
    assert len(options(large)[121]) > 255


def test_a_subnet_without_dhcp_is_silent() -> None:
    assert ask(net().changed(dhcp=False), packet(DISCOVER)) is None
    assert ask(net().changed(service_address=None), packet(DISCOVER)) is None


WELL_BEGUN = st.binary(max_size=600).map(lambda tail: packet(DISCOVER)[:-1] + tail)
ALMOST = st.tuples(st.integers(0, 300), st.binary(max_size=40)).map(
    lambda cut: packet(REQUEST, o50=b"\x0a\0\0\x0b")[: cut[0]] + cut[1] + packet(REQUEST)[cut[0] :]
)


@given(st.one_of(st.binary(max_size=1600), WELL_BEGUN, ALMOST))
def test_no_packet_breaks_it_and_every_answer_is_whole(sent: bytes) -> None:
    where = net()
    reply = ask(where, sent)
    if reply is not None:
        assert options(reply)[54] == bytes([10, 0, 0, 2])
        assert 300 <= len(reply.packet) <= 1400
