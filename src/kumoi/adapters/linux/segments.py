"""A network on this host: its bridge, its zone, the taps of its local nics, its DHCP namespace.

What does not belong here: the filter (`filter`), routers (`routers`), and what is answered on DHCP, DNS and
metadata (`guestd`).
"""

from typing import Final

from kumoi.adapters.linux import addresses, bridge_ports, devices, links, physical, rooms, tags, wires
from kumoi.adapters.linux.links import Device, Links, sysctl
from kumoi.adapters.linux.tags import Tags
from kumoi.adapters.linux.zones import Zones
from kumoi.contracts.network import Segment
from kumoi.core.ids import NetworkId
from kumoi.core.networks import LEAST_MTU
from kumoi.core.plan import SubnetEntry

METADATA: Final = "169.254.169.254"
METADATA6: Final = "fe80::a9fe:a9fe"
# Nothing that a guest says makes a service's namespace learn an address or a route; its own addresses are good at once.
_SERVICE_SYSCTLS: Final = {
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/default/autoconf": 0,
    "ipv6/conf/default/accept_redirects": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/addr_gen_mode": 1,
}


def ensure(home: Links, zones: Zones, tagging: Tags, segment: Segment) -> None:
    network = segment.network
    name = devices.bridge(network.vni)
    zones.ensure(addresses.identity(network.id), name, network.vni)
    bridge = wires.ensure_bridge(home, name, network.mtu, network.id)
    ports = bridge_ports.aliases(bridge.index)
    for name in {devices.tap(addresses.identity(nic)) for nic in segment.local} - ports.keys():
        tap = home.get(name) if bridge_ports.exists(name) else None
        if tap is not None:
            home.mend(tap, master=bridge.index, state="up")
    _ensure_carried(home, tagging, bridge, segment, ports)
    _ensure_gateway(home, bridge, segment)
    _ensure_services(home, bridge, segment)
    physical.ensure(home, tagging, bridge, network)


def remove(home: Links, zones: Zones, tagging: Tags, network: NetworkId) -> None:
    """Also what was begun only: the zone, which comes first and goes last, says how the bridge was to be called."""
    wires.remove_room(home, devices.dhcp_namespace(addresses.identity(network)))
    bridge = zones.bridge(network)
    names = own_names(bridge)
    if bridge is not None:
        physical.remove(home, tagging, devices.vni_of(bridge))
        there = home.get(bridge)
        for name in _carried(bridge_ports.aliases(there.index)) if there is not None else ():
            tagging.remove(home, name)
    for device in home.all():
        begun = device.name in names and not device.alias
        if begun or (device.alias == network and (devices.is_bridge(device.name) or device.kind == "veth")):
            home.remove(device.name)
    zones.remove(network)


def own_names(bridge: str | None) -> set[str]:
    """The devices that a network has here besides its namespace."""
    if bridge is None:
        return set()
    vni = devices.vni_of(bridge)
    ends = devices.gateway_end, devices.gateway_port, devices.service_wire, devices.physical_wire
    return {bridge, *(name(vni) for name in ends)}


def _ensure_carried(home: Links, tagging: Tags, bridge: Device, segment: Segment, ports: dict[str, str]) -> None:
    """The taps of nics that trunks carry, as long as the trunk's own tap is there. `ports`: the bridge's, with
    aliases."""
    wanted = {devices.tap(addresses.identity(one.nic_id)): one for one in segment.carried}
    for name in _carried(ports) - wanted.keys():
        tagging.remove(home, name)
    for name, one in wanted.items():
        trunk = home.get(devices.tap(addresses.identity(one.parent)))
        if trunk is not None:
            tagging.ensure(home, name, trunk, one.vlan, bridge, segment.network.mtu)


def _carried(ports: dict[str, str]) -> set[str]:
    return {name for name, alias in ports.items() if devices.is_tap(name) and tags.is_tagged(alias)}


def served(subnets: tuple[SubnetEntry, ...], version: int) -> list[SubnetEntry]:
    """The subnets of an IP version on which the service has an address of its own."""
    return [s for s in subnets if s.dhcp and s.service_address and addresses.network(s.cidr).version == version]


def serves(subnets: tuple[SubnetEntry, ...]) -> bool:
    """Whether guests are answered; those of IPv6 ask link-local addresses, on any subnet that is not left alone."""
    return any(s.dhcp and (s.service_address or addresses.network(s.cidr).version == 6) for s in subnets)


def _ensure_services(home: Links, bridge: Device, segment: Segment) -> None:
    network = segment.network
    room = devices.dhcp_namespace(network.id)
    if not serves(segment.subnets):
        wires.remove_room(home, room)
        return
    _ensure_room(room)
    name = devices.service_wire(network.vni)
    mac = devices.service_mac(network.id)
    wires.ensure_wire(home, wires.Wire(name=name, bridge=bridge, room=room, mtu=network.mtu, alias=network.id, mac=mac))
    subnets = [s for version in (4, 6) for s in served(segment.subnets, version)]
    own = [f"{s.service_address}/{addresses.network(s.cidr).prefixlen}" for s in subnets]
    with links.at(room) as inside:
        device = inside.get(name)
        if device is not None:
            six = [f"{addresses.link_local(mac)}/64", f"{METADATA6}/64"] if _carries_six(network.mtu) else []
            inside.ensure_addresses(device, [*own, f"{METADATA}/32", *six])


def _carries_six(mtu: int) -> bool:
    return mtu >= LEAST_MTU[6] and links.IPV6.is_dir()


def _ensure_room(room: str) -> None:
    rooms.ensure(room)
    rooms.visit(room, lambda: sysctl(_SERVICE_SYSCTLS))
    with links.at(room) as inside:
        lo = inside.get("lo")
        if lo is not None and not lo.up:
            inside.mend(lo, state="up")


def _ensure_gateway(home: Links, bridge: Device, segment: Segment) -> None:
    """The cloud's own foot on an external network: a wire, so that this bridge too has no address of its own and what
    comes from the host passes the filter like everything else."""
    network = segment.network
    end, port = devices.gateway_end(network.vni), devices.gateway_port(network.vni)
    gateways = [f"{s.gateway}/{addresses.network(s.cidr).prefixlen}" for s in segment.subnets if s.gateway]
    if not network.external or not gateways or network.physical:  # there the gateway is somebody else's
        home.remove(end)
        return
    near = home.get(end)
    if near is None or home.get(port) is None:
        home.remove(end)
        home.remove(port)
        near = home.add_wire(end, port, None, network.mtu)
    far = home.get(port)
    if far is None:
        return
    wires.mend(home, far, mtu=network.mtu, alias=network.id, bridge=bridge)
    sysctl({f"ipv4/conf/{end}/arp_ignore": 1, f"ipv6/conf/{end}/accept_ra": 0})
    wires.mend(home, near, mtu=network.mtu, alias=network.id, mac=devices.service_mac(network.id))
    home.ensure_addresses(near, gateways)
