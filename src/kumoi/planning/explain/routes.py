"""Where a table of routes leads: the longest prefix, connected blocks among them. Pure."""

from ipaddress import ip_address, ip_interface, ip_network

import msgspec

from kumoi.core.pictures import SeenRoom


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """`device`: out of which; `hop`: whom to hand it to there. `own`: the address is the namespace's own."""

    device: str
    hop: str
    own: bool = False


def lead(room: SeenRoom, destination: str) -> Way | None:
    """None where nothing leads there."""
    there = ip_address(destination)
    found: list[tuple[int, Way]] = []
    for device in room.devices:
        for text in device.addresses:
            interface = ip_interface(text)
            if interface.version != there.version or not device.up:
                continue
            if interface.ip == there:
                return Way(device=device.name, hop=destination, own=True)
            if there in interface.network:
                found.append((interface.network.prefixlen, Way(device=device.name, hop=destination)))
    for route in room.routes:
        block = ip_network(route.destination, strict=False)
        device_name = _device(room, route.via, route.device)
        if block.version == there.version and there in block and device_name:
            found.append((block.prefixlen, Way(device=device_name, hop=route.via or destination)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _device(room: SeenRoom, hop: str, named: str) -> str:
    """The device whose block the next hop is in."""
    if named or not hop:
        return named
    for device in room.devices:
        if device.up and any(ip_address(hop) in ip_interface(text).network for text in device.addresses):
            return device.name
    return ""
