"""A network on this host: its bridge, its zone, the taps of its local nics, and its DHCP namespace.

What does not belong here: the filter (`filter`), routers (`routers`), and what is answered on DHCP, DNS and
metadata (`guestd`).
"""

from typing import Final

from kumoi.adapters.linux import addresses, devices, links, rooms, wires
from kumoi.adapters.linux.links import Device, Links, sysctl
from kumoi.adapters.linux.zones import Zones
from kumoi.contracts.network import Segment
from kumoi.core.ids import NetworkId
from kumoi.core.plan import SubnetEntry

METADATA: Final = "169.254.169.254"


def ensure(home: Links, zones: Zones, segment: Segment) -> None:
    network = segment.network
    name = devices.bridge(network.vni)
    zones.ensure(addresses.identity(network.id), name, network.vni)
    bridge = wires.ensure_bridge(home, name, network.mtu, network.id)
    for nic in segment.local:
        tap = home.get(devices.tap(addresses.identity(nic)))
        if tap is not None and tap.master != bridge.index:
            home.mend(tap, master=bridge.index, state="up")
    _ensure_gateway(home, bridge, segment)
    _ensure_services(home, bridge, segment)


def remove(home: Links, zones: Zones, network: NetworkId) -> None:
    """Also what was begun only: the zone, which comes first and goes last, says how the bridge was to be called."""
    wires.remove_room(home, devices.dhcp_namespace(addresses.identity(network)))
    names = own_names(zones.bridge(network))
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
    return {bridge, devices.gateway_end(vni), devices.gateway_port(vni), devices.service_wire(vni)}


def served(subnets: tuple[SubnetEntry, ...]) -> list[SubnetEntry]:
    """The subnets on which this host answers; IPv6 has no answer yet."""
    return [s for s in subnets if s.dhcp and s.service_address and ":" not in s.service_address]


def _ensure_services(home: Links, bridge: Device, segment: Segment) -> None:
    network, subnets = segment.network, served(segment.subnets)
    room = devices.dhcp_namespace(network.id)
    if not subnets:
        wires.remove_room(home, room)
        return
    _ensure_room(room)
    name = devices.service_wire(network.vni)
    mac = devices.service_mac(network.id)
    wires.ensure_wire(home, wires.Wire(name=name, bridge=bridge, room=room, mtu=network.mtu, alias=network.id, mac=mac))
    own = [f"{s.service_address}/{addresses.network(s.cidr).prefixlen}" for s in subnets]
    with links.at(room) as inside:
        device = inside.get(name)
        if device is not None:
            inside.ensure_addresses(device, [*own, f"{METADATA}/32"])


def _ensure_room(room: str) -> None:
    rooms.ensure(room)
    # Nothing that a guest says makes this namespace learn an address or a route.
    rooms.visit(room, lambda: sysctl({"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1}))
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
    if not network.external or not gateways:
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
