"""DHCP for IPv4 (RFC 2131, 2132, 3442, 3396): packets in, packets out. Pure.

Addresses are fixed by the plan, so there is no lease to keep: whoever asks is told his own address, or nothing.
What does not belong here: sockets (`server`).
"""

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, ip_network
from typing import Final

import msgspec

from kumoi.adapters.linux.guestd.book import Place, is_v4
from kumoi.adapters.linux.guestd.extra_options import encoded, route
from kumoi.core.networks import Route
from kumoi.core.plan import SubnetEntry

LEASE_S: Final = 86_400
SERVER_PORT: Final = 67
CLIENT_PORT: Final = 68
_METADATA: Final = Route("169.254.169.254/32", "")
_MAGIC: Final = b"\x63\x82\x53\x63"
_FIXED: Final = struct.Struct("!BBBB4sHH4s4s4s4s16s64s128s4s")
_SMALLEST, _LARGEST = 576, 1400  # bytes of an IP packet that every client takes; that fits every network
_HEADERS: Final = 28
_NONE: Final = b"\0\0\0\0"
_DISCOVER, _OFFER, _REQUEST, _ACK, _NAK, _INFORM = 1, 2, 3, 5, 6, 8
_PAD, _MASK, _ROUTER, _DNS, _HOSTNAME, _DOMAIN, _MTU, _BROADCAST, _BOOT_FILE = 0, 1, 3, 6, 12, 15, 26, 28, 67
_NEXT_SERVER: Final = 0  # no option, but a field of the header
_LONGEST_FILE: Final = 127
_WANTED, _LEASE, _KIND, _SERVER, _SIZE, _CLIENT, _ROUTES, _ROUTES_MS, _END = 50, 51, 53, 54, 57, 61, 121, 249, 255


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sent. Addresses are four bytes."""

    kind: int
    xid: bytes
    flags: int
    client: bytes
    mac: bytes
    hardware: bytes
    options: dict[int, bytes]

    @property
    def mac_text(self) -> str:
        return self.mac.hex(":")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: the client's address if it has one already, else None: everybody. `source`: the service's address."""

    packet: bytes
    to: str | None
    source: str


def parse(packet: bytes) -> Request | None:
    """A request of a client on this very network; None for everything else, however malformed."""
    if not _FIXED.size <= len(packet) <= 1500:
        return None
    op, hardware, length, _hops, xid, _secs, flags, client, _your, _server, relay, mac, _sname, _file, magic = (
        _FIXED.unpack_from(packet)
    )
    if (op, hardware, length, magic, relay) != (1, 1, 6, _MAGIC, _NONE):
        return None
    options = _options(packet[_FIXED.size :])
    if options is None or len(options.get(_KIND, b"")) != 1:
        return None
    return Request(
        kind=options[_KIND][0], xid=xid, flags=flags, client=client, mac=mac[:6], hardware=mac, options=options
    )


def answer(request: Request, place: Place | None) -> Reply | None:
    """The reply, if there is one: only for a nic that the plan knows, with an address on a subnet that we serve."""
    chosen = None if place is None else _served(place)
    if place is None or chosen is None:
        return None
    address, subnet, server = chosen
    kind = _reply_kind(request, IPv4Address(address).packed, IPv4Address(server).packed)
    if kind is None:
        return None
    own = IPv4Address(address).packed if kind != _NAK and request.kind != _INFORM else _NONE
    extra = encoded(place.nic.dhcp_options, 4) if kind != _NAK else {}
    next_server, boot_file = extra.pop(_NEXT_SERVER, _NONE), extra.get(_BOOT_FILE, b"")
    options = [(_KIND, bytes([kind])), (_SERVER, IPv4Address(server).packed)]
    if _CLIENT in request.options:
        options.append((_CLIENT, request.options[_CLIENT]))  # RFC 6842
    if kind != _NAK:
        if request.kind != _INFORM:
            options.append((_LEASE, struct.pack("!I", LEASE_S)))
        options += [(code, value) for code, value in {**_settings(place, subnet, server), **extra}.items() if value]
    client = request.client if kind != _NAK else _NONE
    flags = request.flags & 0x8000
    shown_file = boot_file if len(boot_file) <= _LONGEST_FILE else b""
    addresses = (client, own, next_server[:4], _NONE)
    head = _FIXED.pack(2, 1, 6, 0, request.xid, 0, flags, *addresses, request.hardware, b"", shown_file, _MAGIC)
    packet = head + _encoded(options, _room(request) - len(head))
    unicast = client != _NONE
    return Reply(packet=packet.ljust(300, b"\0"), to=str(IPv4Address(client)) if unicast else None, source=server)


def told(place: Place) -> tuple[str, dict[int, bytes]] | None:
    """A nic's address and all that it is told with it, by option number (0: the header's next server); empty: not told.
    None where it is not served."""
    chosen = _served(place)
    if chosen is None:
        return None
    address, subnet, server = chosen
    return address, {**_settings(place, subnet, server), **encoded(place.nic.dhcp_options, 4)}


def _options(data: bytes) -> dict[int, bytes] | None:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        end = at + 2 + data[at + 1] if at + 1 < len(data) else len(data) + 1
        if end > len(data):
            return None
        found[data[at]] = found.get(data[at], b"") + data[at + 2 : end]
        at = end
    return found


def _served(place: Place) -> tuple[str, SubnetEntry, str] | None:
    for address, subnet in place.addresses:
        if subnet.dhcp and subnet.service_address and is_v4(address):
            return address, subnet, subnet.service_address
    return None


def _reply_kind(request: Request, own: bytes, server: bytes) -> int | None:
    if request.kind == _DISCOVER:
        return _OFFER
    if request.kind == _INFORM:
        return _ACK
    # A request that names another server is a refusal of our offer; DECLINE and RELEASE change nothing.
    if request.kind != _REQUEST or request.options.get(_SERVER, server) != server:
        return None
    wanted = request.options.get(_WANTED, request.client)
    return _ACK if wanted == own else _NAK


def _settings(place: Place, subnet: SubnetEntry, server: str) -> dict[int, bytes]:
    """The most needed first: what does not fit is left out. Empty: not to be told."""
    block = ip_network(subnet.cidr, strict=False)
    routes = [*subnet.host_routes, Route(_METADATA.destination, server)]
    gateway = subnet.gateway
    if gateway:
        routes.append(Route("0.0.0.0/0", gateway))  # who reads 121 ignores 3 (RFC 3442)
    servers = [text for text in subnet.dns_servers if is_v4(text)] or [server]
    encoded_routes = _routes(routes)
    return {
        _MASK: block.netmask.packed,
        _ROUTER: IPv4Address(gateway).packed if gateway else b"",
        _ROUTES: encoded_routes,
        _DNS: b"".join(IPv4Address(text).packed for text in servers),
        _MTU: struct.pack("!H", place.network.mtu),
        _HOSTNAME: place.hostname.encode("idna" if not place.hostname.isascii() else "ascii")[:63],
        _DOMAIN: place.domain.encode("ascii", "ignore"),
        _BROADCAST: block.broadcast_address.packed,
        _ROUTES_MS: encoded_routes,
    }


def _routes(routes: Iterable[Route]) -> bytes:
    return b"".join(route(r.destination, r.nexthop) for r in routes if is_v4(r.nexthop) and ":" not in r.destination)


def _room(request: Request) -> int:
    """Bytes for the message, as the client said it takes them."""
    said = request.options.get(_SIZE, b"")
    most = int.from_bytes(said, "big") if len(said) == 2 else _SMALLEST
    return min(max(most, _SMALLEST), _LARGEST) - _HEADERS


def _encoded(options: list[tuple[int, bytes]], room: int) -> bytes:
    encoded = b""
    for kind, value in options:
        # A long one is told in parts (RFC 3396).
        parts = [value[i : i + 255] for i in range(0, len(value), 255)]
        text = b"".join(bytes([kind, len(part)]) + part for part in parts)
        if len(encoded) + len(text) < room:
            encoded += text
    return encoded + bytes([_END])
