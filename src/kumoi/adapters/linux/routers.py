"""A VPC's router on this host: a namespace with a leg on each network, one on the external network, routes and NAT.

What does not belong here: the text of the rules and which flows are stale (`nat`).
"""

from kumoi.adapters.linux import (
    addresses,
    arp,
    devices,
    exits,
    links,
    metering,
    nat,
    netfilter,
    nft,
    published,
    reading_along,
    rooms,
    wires,
)
from kumoi.adapters.linux.links import Device, Links, sysctl
from kumoi.core.conntrack_helpers import Helped
from kumoi.core.errors import Unavailable
from kumoi.core.ids import VpcId
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Leg

_SYSCTLS = {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv6/conf/default/accept_ra": 0,
    # Its addresses are the plan's, nobody else's; it has to speak from them at once.
    "ipv6/conf/default/accept_dad": 0,
    # An address is answered for on its own leg only, and asked from its own address.
    "ipv4/conf/all/arp_ignore": 1,
    "ipv4/conf/all/arp_announce": 2,
    "ipv4/conf/default/rp_filter": 0,
}


class Routers:
    """What each router's rules are, as far as this object loaded them and nobody changed them since."""

    def __init__(self) -> None:
        self._loaded: dict[VpcId, tuple[int, int, tuple[str, str]]] = {}
        self._read_along: dict[VpcId, tuple[Helped, ...]] = {}

    def ensure(self, home: Links, vpc: VpcEntry) -> None:
        """Raises Unavailable while a network of a leg has no bridge here."""
        room = devices.router_namespace(addresses.identity(vpc.id))
        legs = {devices.router_wire(addresses.identity(leg.nic_id)): leg for leg in vpc.legs}
        legs |= {devices.outer_wire(addresses.identity(way.leg.nic_id)): way.leg for way in vpc.exits}
        bridges = {name: _bridge(home, leg) for name, leg in legs.items()}
        rooms.ensure(room)
        rooms.visit(room, lambda: sysctl(_SYSCTLS))
        with links.at(room) as inside:
            for device in inside.all():
                if device.kind == "veth" and device.name not in legs:
                    inside.remove(device.name)
        for name, leg in legs.items():
            mac = addresses.mac(leg.mac)
            wire = wires.Wire(name=name, bridge=bridges[name], room=room, mtu=leg.mtu, alias=leg.nic_id, mac=mac)
            wires.ensure_wire(home, wire)
        self._ensure_rules(room, vpc)
        _ensure_addresses(room, vpc, legs)
        _ensure_published(room, vpc)
        self._ensure_read_along(room, vpc)

    def remove(self, home: Links, vpc: VpcId) -> None:
        wires.remove_room(home, devices.router_namespace(addresses.identity(vpc)))
        self._loaded.pop(vpc, None)
        self._read_along.pop(vpc, None)

    def generation(self, vpc: VpcId) -> int:
        """Of the router's rules; another number whenever somebody changed them. 0 where there is no router."""
        room = devices.router_namespace(addresses.identity(vpc))
        return rooms.visit(room, netfilter.generation) if rooms.exists(room) else 0

    def _ensure_rules(self, room: str, vpc: VpcEntry) -> None:
        """Before addresses: an address that is reachable is already translated."""
        wanted, inode = (nat.text(vpc), metering.text(vpc.metered, ())), rooms.inode(room)
        if self._loaded.get(vpc.id) == (inode, rooms.visit(room, netfilter.generation), wanted):
            return

        def load() -> int:
            standing = nft.listing("table", "inet", metering.TABLE) if vpc.metered else ()
            nft.run(nat.text(vpc) + metering.text(vpc.metered, standing) + reading_along.text(()))
            netfilter.cut(nat.stale(netfilter.flows(), vpc))
            return netfilter.generation()

        self._read_along.pop(vpc.id, None)  # it goes with the rules, and is read along again last of all
        self._loaded[vpc.id] = (inode, rooms.visit(room, load), wanted)

    def _ensure_read_along(self, room: str, vpc: VpcEntry) -> None:
        """Last of all: a kernel may not have what is wanted."""
        if vpc.helped == self._read_along.get(vpc.id, ()):
            self._read_along[vpc.id] = vpc.helped
            return

        def load() -> int:
            nft.run(reading_along.text(vpc.helped))
            return netfilter.generation()

        inode, _, rules = self._loaded[vpc.id]
        self._loaded[vpc.id] = (inode, rooms.visit(room, load), rules)
        self._read_along[vpc.id] = vpc.helped


def _bridge(home: Links, leg: Leg) -> Device:
    bridge = home.get(devices.bridge(leg.vni))
    if bridge is None:
        raise Unavailable("network", what="bridge", network=leg.network_id)
    return bridge


def _ensure_published(room: str, vpc: VpcEntry) -> None:
    """On every way out that has IPv6."""
    for way in vpc.exits:
        if links.IPV6.is_dir() and any(":" in address for address in way.leg.addresses):
            published.ensure(room, devices.outer_wire(addresses.identity(way.leg.nic_id)), vpc.published)


def _ensure_addresses(room: str, vpc: VpcEntry, legs: dict[str, Leg]) -> None:
    routes = {str(addresses.network(r.destination)): str(addresses.network(r.nexthop)[0]) for r in vpc.routes}
    turns = vpc.ecmp and len(vpc.exits) > 1
    for everything, hop in (("0.0.0.0/0", None if turns else vpc.default_via), ("::/0", vpc.default_via6)):
        if hop is not None:
            routes[everything] = str(addresses.network(hop)[0])
    fresh: dict[str, list[str]] = {}
    carried = {way.leg.nic_id: way.carries for way in vpc.exits}
    with links.at(room) as inside:
        lo = inside.get("lo")
        if lo is not None and not lo.up:
            inside.mend(lo, state="up")
        for name, leg in legs.items():
            device = inside.get(name)
            if device is None:
                raise Unavailable("network", what="wire", name=name)
            floating = [f"{public}/32" for public in carried.get(leg.nic_id, ())]
            fresh[name] = inside.ensure_addresses(device, [*leg.addresses, *floating])
        inside.ensure_routes(routes)
        exits.ensure_routes(inside, vpc)
    told = {name: [a.partition("/")[0] for a in new if ":" not in a] for name, new in fresh.items()}
    if any(told.values()):
        # Closing such a socket waits for a grace period of the kernel, 20 ms or more.
        rooms.send_off(room, lambda: _announce(legs, told))


def _announce(legs: dict[str, Leg], told: dict[str, list[str]]) -> None:
    for name, new in told.items():
        arp.announce(name, legs[name].mac, new)
