"""Router advertisements (RFC 4861, 8106): what guests are told of a network's prefixes, MTU, name servers, and routers.

The network itself tells all but a way out; each router tells the same from its own leg, and that it is a way out. Pure.
What does not belong here: when they are sent (`advertising`).
"""

import struct
from ipaddress import IPv6Address, IPv6Network, ip_network
from typing import Final

from kumoi.adapters.linux.guestd import dhcp6, extra_options
from kumoi.adapters.linux.guestd.book import domain
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.networks import SELF_ADDRESSED
from kumoi.core.plan import SubnetEntry

ALL_NODES: Final = "ff02::1"
ALL_ROUTERS: Final = "ff02::2"
EVERY_S: Final = 100.0  # at most; radvd's and Neutron's own numbers
ROUTER_LIFETIME_S: Final = 300
PREFIX_VALID_S: Final = 86_400
PREFIX_PREFERRED_S: Final = 14_400
_SOLICITATION, _ADVERTISEMENT = 133, 134
_HOP_LIMIT: Final = 64
_SOURCE, _PREFIX, _MTU, _NAME_SERVERS, _DOMAINS = 1, 3, 5, 25, 31
_MANAGED, _OTHER, _ON_LINK, _AUTONOMOUS = 0x80, 0x40, 0x80, 0x40


def is_solicitation(packet: bytes) -> bool:
    """With or without options; who sent it says the socket."""
    return len(packet) >= 8 and packet[0] == _SOLICITATION and packet[1] == 0


def advertisement(known: GuestNetwork, mac: str, *, routes: bool) -> bytes | None:
    """Of the leg with this MAC, its checksum left to the kernel; None where the network advertises nothing.

    `routes`: the leg is a router's.
    """
    subnets = [s for s in known.subnets if s.ra_mode and ":" in s.cidr]
    if not subnets:
        return None
    flags = 0
    if any(s.ra_mode == "dhcpv6-stateful" for s in subnets):
        flags |= _MANAGED | _OTHER
    if any(s.ra_mode == "dhcpv6-stateless" for s in subnets):
        flags |= _OTHER
    lifetime = ROUTER_LIFETIME_S if routes else 0
    head = struct.pack("!BBHBBHII", _ADVERTISEMENT, 0, 0, _HOP_LIMIT, flags, lifetime, 0, 0)
    servers = dhcp6.name_servers(iter(subnets))
    return b"".join(
        (
            head,
            _option(_SOURCE, bytes.fromhex(mac.replace(":", ""))),
            _option(_MTU, struct.pack("!HI", 0, known.network.mtu)),
            *(_option(_PREFIX, _prefix(s)) for s in subnets),
            _named(_NAME_SERVERS, b"".join(IPv6Address(s).packed for s in servers)),
            _named(_DOMAINS, extra_options.name(domain(known.network))),
        )
    )


def _prefix(subnet: SubnetEntry) -> bytes:
    block = ip_network(subnet.cidr, strict=False)
    assert isinstance(block, IPv6Network)
    flags = _ON_LINK | (_AUTONOMOUS if subnet.ra_mode in SELF_ADDRESSED else 0)
    times = struct.pack("!BBIII", block.prefixlen, flags, PREFIX_VALID_S, PREFIX_PREFERRED_S, 0)
    return times + block.network_address.packed


def _named(kind: int, value: bytes) -> bytes:
    return _option(kind, struct.pack("!HI", 0, int(3 * EVERY_S)) + value) if value else b""


def _option(kind: int, value: bytes) -> bytes:
    """Its length is counted in eights."""
    padded = value + bytes(-(len(value) + 2) % 8)
    return bytes([kind, (len(padded) + 2) // 8]) + padded
