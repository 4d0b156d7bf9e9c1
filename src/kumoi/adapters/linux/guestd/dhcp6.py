"""DHCPv6 (RFC 8415, 3646): packets in, packets out. Pure.

Addresses are fixed by the plan, so there is no lease to keep. A client is known by its link-local address, which the
filter guarantees, and not by the DUID that it makes up. What does not belong here: sockets, router advertisements.
"""

import struct
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Final

import msgspec

from kumoi.adapters.linux.guestd.book import Place
from kumoi.adapters.linux.guestd.extra_options import encoded, name
from kumoi.core.plan import SubnetEntry

SERVER_PORT: Final = 547
CLIENT_PORT: Final = 546
ALL_SERVERS: Final = "ff02::1:2"
PREFERRED_S: Final = 43_200
VALID_S: Final = 86_400
_LONGEST: Final = 1500
_MOST_OPTIONS: Final = 64
_SOLICIT, _ADVERTISE, _REQUEST, _CONFIRM, _RENEW, _REBIND, _REPLY, _RELEASE, _DECLINE = range(1, 10)
_INFORM: Final = 11
_CLIENT, _SERVER, _IA, _TEMPORARY, _ADDRESS, _WANTED = 1, 2, 3, 4, 5, 6
_STATUS, _RAPID, _DNS, _DOMAINS, _PREFIXES = 13, 14, 23, 24, 25
_SUCCESS, _NO_ADDRESS, _NOT_ON_LINK, _NO_PREFIX = 0, 2, 4, 6
# Which messages must name a server, and which must not (RFC 8415, 16).
_TO_ONE: Final = frozenset({_REQUEST, _RENEW, _RELEASE, _DECLINE})
_TO_ALL: Final = frozenset({_SOLICIT, _CONFIRM, _REBIND})
Options = list[tuple[int, bytes]]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sent; every option of its kind in order."""

    kind: int
    transaction: bytes
    options: Options

    def first(self, kind: int) -> bytes | None:
        return next((value for found, value in self.options if found == kind), None)


def parse(packet: bytes) -> Request | None:
    """A client's own request; None for everything else: relayed, an answer, malformed."""
    if not 4 <= len(packet) <= _LONGEST or packet[0] not in {*_TO_ONE, *_TO_ALL, _INFORM}:
        return None
    options = _options(packet[4:])
    if options is None:
        return None
    return Request(kind=packet[0], transaction=packet[1:4], options=options)


def duid(mac: str) -> bytes:
    """The server's, of its own MAC (DUID-LL)."""
    return struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))


def answer(request: Request, place: Place | None, server: bytes) -> bytes | None:
    """The reply, if there is one: only for a nic that the plan knows, on a subnet that is served so."""
    if place is None or not _is_well_put(request, server):
        return None
    own = [address for address, subnet in place.addresses if _gives(subnet)]
    if request.kind == _INFORM:
        return _reply(request, _REPLY, server, place, []) if _tells(place) else None
    if not own:
        return None
    kind = _ADVERTISE if request.kind == _SOLICIT and request.first(_RAPID) is None else _REPLY
    if request.kind == _CONFIRM:
        return _reply(request, kind, server, place, [_status(_on_link(request, own))])
    if request.kind in {_RELEASE, _DECLINE}:
        return _reply(request, kind, server, place, [_status(_SUCCESS)])
    rapid: Options = [(_RAPID, b"")] if request.kind == _SOLICIT and kind == _REPLY else []
    return _reply(request, kind, server, place, [*rapid, *_given(request, own)])


def _is_well_put(request: Request, server: bytes) -> bool:
    named = request.first(_SERVER)
    if request.kind == _INFORM:
        return named in {None, server} and request.first(_IA) is None
    if request.first(_CLIENT) is None:
        return False
    return named == server if request.kind in _TO_ONE else named is None


def _gives(subnet: SubnetEntry) -> bool:
    return subnet.dhcp and subnet.address_mode == "dhcpv6-stateful"


def _tells(place: Place) -> bool:
    return any(subnet.dhcp and subnet.address_mode.startswith("dhcpv6") for _, subnet in place.addresses)


def _given(request: Request, own: list[str]) -> Iterator[tuple[int, bytes]]:
    """An identity association for each that was asked for: the first has all addresses; a wrong one ends at once."""
    left = own
    for kind, value in request.options:
        if kind == _IA and len(value) >= 12:
            asked = _asked(value[12:])
            wrong = [a for a in asked if a not in own] if request.kind in {_RENEW, _REBIND, _REQUEST} else []
            parts = [(a, PREFERRED_S, VALID_S) for a in left] + [(a, 0, 0) for a in wrong]
            body = b"".join(_option(_ADDRESS, IPv6Address(a).packed + struct.pack("!II", p, v)) for a, p, v in parts)
            body = body or _option(*_status(_NO_ADDRESS))
            times = struct.pack("!II", PREFERRED_S // 2, PREFERRED_S * 4 // 5)
            yield _IA, value[:4] + times + body
            left = []
        elif kind == _TEMPORARY and len(value) >= 4:
            yield _TEMPORARY, value[:4] + _option(*_status(_NO_ADDRESS))
        elif kind == _PREFIXES and len(value) >= 12:
            yield _PREFIXES, value[:4] + bytes(8) + _option(*_status(_NO_PREFIX))


def _on_link(request: Request, own: list[str]) -> int:
    asked = [a for kind, value in request.options if kind == _IA for a in _asked(value[12:])]
    return _SUCCESS if asked and set(asked) <= set(own) else _NOT_ON_LINK


def _asked(data: bytes) -> list[str]:
    """The addresses in an identity association."""
    found = _options(data) or []
    return [str(IPv6Address(value[:16])) for kind, value in found if kind == _ADDRESS and len(value) >= 24]


def _reply(request: Request, kind: int, server: bytes, place: Place, more: Options) -> bytes:
    options: Options = [(_SERVER, server)]
    client = request.first(_CLIENT)
    if client is not None:
        options.append((_CLIENT, client))
    wanted = request.first(_WANTED)
    kinds = None if wanted is None else {c for (c,) in struct.iter_unpack("!H", wanted[: len(wanted) & ~1])}
    told = [(k, value) for k, value in _settings(place) if value and (kinds is None or k in kinds)]
    return bytes([kind]) + request.transaction + b"".join(_option(*o) for o in (*options, *more, *told))


def _settings(place: Place) -> Options:
    servers = name_servers(subnet for _, subnet in place.addresses)
    own = {_DNS: b"".join(IPv6Address(s).packed for s in servers), _DOMAINS: name(place.domain)}
    return list({**own, **encoded(place.nic.dhcp_options, 6)}.items())


def name_servers(subnets: Iterator[SubnetEntry]) -> list[str]:
    """Of IPv6: the subnets' own, or the network's service."""
    six = [s for s in subnets if ":" in s.cidr]
    own = [server for s in six for server in s.dns_servers if ":" in server]
    return list(dict.fromkeys(own or [s.service_address for s in six if s.service_address]))


def _status(code: int) -> tuple[int, bytes]:
    return _STATUS, struct.pack("!H", code)


def _option(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value


def _options(data: bytes) -> Options | None:
    found: Options = []
    while data:
        if len(data) < 4 or len(found) == _MOST_OPTIONS:
            return None
        kind, length = struct.unpack_from("!HH", data)
        if len(data) < 4 + length:
            return None
        found.append((kind, data[4 : 4 + length]))
        data = data[4 + length :]
    return found
