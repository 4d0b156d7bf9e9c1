"""Where guests ask: the namespaces whose sockets guestd gets, which ones, and opening them.

They are bound to no address, which may come later and change; only groups of IPv6 hold on to a device, so sockets are
opened anew when that is another one. What does not belong here: handing them over (`guests`), answering (`guestd`).
"""

import socket
import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from kumoi.adapters.linux import addresses, devices, links, rooms, segments, wire_ends
from kumoi.adapters.linux.guestd import advertisement, datagrams, dhcp6
from kumoi.adapters.linux.guestd.messages import Kind, Leg
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.plan import VpcEntry, entry_id

_BACKLOG: Final = 128
_ICMP6_FILTER: Final = 1
_ROUTER_SOLICITATION: Final = 133
_GROUPS: Final[dict[Kind, str]] = {"dhcp6": dhcp6.ALL_SERVERS, "advertise": advertisement.ALL_ROUTERS}
_NAMES: Final[tuple[Kind, ...]] = ("dns", "dns_stream", "http")


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """`inode` tells the namespace from a later one of the same name."""

    name: str
    inode: int
    kinds: tuple[Kind, ...]
    legs: tuple[Leg, ...]

    @property
    def tells(self) -> str:
        """What tells it, its devices and its sockets from all others."""
        legs = ",".join(f"{leg.network_id}:{leg.device}:{leg.mac}" for leg in self.legs)
        return f"{self.inode} {','.join(self.kinds)} {legs}"

    def opened(self) -> list[socket.socket]:
        """Raises OSError."""
        return rooms.visit(self.name, lambda: [_open(kind, self.legs) for kind in self.kinds])


def wanted(
    networks: tuple[GuestNetwork, ...], routers: tuple[VpcEntry, ...], without: frozenset[Kind] = frozenset()
) -> dict[str, Room]:
    """By entry id: what stands now. `without`: kinds that are answered by others."""
    return {
        entry: msgspec.structs.replace(room, kinds=tuple(kind for kind in room.kinds if kind not in without))
        for entry, room in _wanted(networks, routers)
    }


def _wanted(networks: tuple[GuestNetwork, ...], routers: tuple[VpcEntry, ...]) -> Iterator[tuple[str, Room]]:
    known = {each.network.id: each for each in networks}
    wires = {devices.service_wire(each.network.vni): each for each in networks}
    legs = {devices.router_wire(leg.nic_id): leg for vpc in routers for leg in vpc.legs if leg.network_id in known}
    far = wire_ends.far_ends([*wires, *legs])
    for wire, each in wires.items():
        name = devices.dhcp_namespace(each.network.id)
        if each.asked and wire in far and segments.serves(each.subnets) and rooms.exists(name):
            mac = devices.service_mac(each.network.id)
            leg = Leg(network_id=each.network.id, device=far[wire], mac=mac)
            room = Room(name=name, inode=rooms.inode(name), kinds=_kinds(each), legs=(leg,))
            yield entry_id("network", each.network.id), room
    for vpc in routers:
        name = devices.router_namespace(vpc.id)
        mine = tuple(
            Leg(network_id=leg.network_id, device=far[wire], mac=addresses.mac(leg.mac))
            for leg in vpc.legs
            if (wire := devices.router_wire(leg.nic_id)) in far and _advertises(known.get(leg.network_id))
        )
        if mine and rooms.exists(name):
            yield entry_id("vpc", vpc.id), Room(name=name, inode=rooms.inode(name), kinds=("advertise",), legs=mine)


def _kinds(known: GuestNetwork) -> tuple[Kind, ...]:
    """What is asked on the network."""
    four: tuple[Kind, ...] = ("dhcp",) if segments.served(known.subnets, 4) else ()
    leased = links.IPV6.is_dir() and any(s.dhcp and s.address_mode.startswith("dhcpv6") for s in known.subnets)
    six: tuple[Kind, ...] = ("dhcp6",) if leased else ()
    tells: tuple[Kind, ...] = ("advertise",) if _advertises(known) else ()
    return (*four, *six, *tells, *_NAMES)


def _advertises(known: GuestNetwork | None) -> bool:
    return links.IPV6.is_dir() and known is not None and any(s.ra_mode for s in known.subnets)


def _open(kind: Kind, legs: tuple[Leg, ...]) -> socket.socket:
    """In the calling thread's namespace."""
    match kind:
        case "dhcp":
            s = _bound(socket.AF_INET, socket.SOCK_DGRAM, 67)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        case "dhcp6":
            s = _bound(socket.AF_INET6, socket.SOCK_DGRAM, dhcp6.SERVER_PORT)
        case "advertise":
            s = _raw()
        case "dns":
            s = _bound(socket.AF_INET6, socket.SOCK_DGRAM, 53)
        case "dns_stream" | "http":
            s = _bound(socket.AF_INET6, socket.SOCK_STREAM, 53 if kind == "dns_stream" else 80)
            s.listen(_BACKLOG)
    if s.type != socket.SOCK_STREAM:
        datagrams.prepare(s)
    for leg in legs if kind in _GROUPS else ():
        group = socket.inet_pton(socket.AF_INET6, _GROUPS[kind])
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", leg.device))
    return s


def _bound(family: socket.AddressFamily, kind: socket.SocketKind, port: int) -> socket.socket:
    """One of IPv6 hears IPv4 too; where the kernel has none, IPv4 must do."""
    if not links.IPV6.is_dir():
        family = socket.AF_INET
    s = socket.socket(family, kind | socket.SOCK_CLOEXEC)
    # A former guestd's may be closing still.
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("", port))
    return s


def _raw() -> socket.socket:
    """Hears router solicitations alone; what it sends has not passed a router (RFC 4861)."""
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_ICMPV6)
    blocked = (1 << 256) - 1 & ~(1 << _ROUTER_SOLICITATION)
    words = [blocked >> 32 * n & 0xFFFFFFFF for n in range(8)]
    s.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *words))
    for option in (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS):
        s.setsockopt(socket.IPPROTO_IPV6, option, 255)
    return s
