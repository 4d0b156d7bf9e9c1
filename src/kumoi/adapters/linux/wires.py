"""Bridges, and wires (veth) from them into namespaces: made where missing, mended where different.

What does not belong here: which of them a network or a router needs (`segments`, `routers`).
"""

import msgspec

from kumoi.adapters.linux import links, rooms
from kumoi.adapters.linux.links import Device, Links, sysctl


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """From a bridge into `room`, with one name at both ends. `alias` is the full id of what it serves."""

    name: str
    bridge: Device
    room: str
    mtu: int
    alias: str
    mac: str = ""


def ensure_bridge(home: Links, name: str, mtu: int, alias: str) -> Device:
    """A bridge without any address: no guest reaches the host's own stack by it."""
    bridge = home.get(name)
    if bridge is None:
        bridge = home.add_bridge(name, mtu)
    elif not bridge.filtered:
        home.set_filtered(bridge)
    sysctl(
        {
            f"ipv4/conf/{name}/arp_ignore": 8,
            # Not disable_ipv6: without IPv6 the bridge could keep no IPv6 neighbours, which forwarding will need.
            f"ipv6/conf/{name}/addr_gen_mode": 1,
            f"ipv6/conf/{name}/accept_ra": 0,
        }
    )
    mend(home, bridge, mtu=mtu, alias=alias)
    return bridge


def mend(
    here: Links, device: Device, *, mtu: int, alias: str = "", mac: str = "", bridge: Device | None = None
) -> None:
    """Set what differs, up last."""
    what: dict[str, object] = {}
    if device.mtu != mtu:
        what["mtu"] = mtu
    if alias and device.alias != alias:
        what["ifalias"] = alias
    if mac and device.mac != mac:
        what["address"] = mac
    if bridge is not None and device.master != bridge.index:
        what["master"] = bridge.index
    if not device.up:
        what["state"] = "up"
    if what:
        here.mend(device, **what)


def ensure_wire(home: Links, wire: Wire) -> None:
    """Both ends; one whose other end is elsewhere, or dying with a former namespace, is made anew."""
    outer = home.get(wire.name)
    with links.at(wire.room) as inside:
        inner = inside.get(wire.name)
        if outer is None or inner is None:
            home.remove(wire.name)
            inside.remove(wire.name)
            outer = home.add_wire(wire.name, wire.name, wire.room, wire.mtu)
            inner = inside.get(wire.name)
        if inner is not None:
            mend(inside, inner, mtu=wire.mtu, mac=wire.mac)
    mend(home, outer, mtu=wire.mtu, alias=wire.alias, bridge=wire.bridge)


def remove_room(home: Links, room: str) -> None:
    """A namespace with the wires that lead into it; they would otherwise go only when its last socket is closed."""
    if rooms.exists(room):
        with links.at(room) as inside:
            names = [device.name for device in inside.all() if device.kind == "veth"]
        for name in names:
            home.remove(name)
    rooms.remove(room)
