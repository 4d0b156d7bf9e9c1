"""What stands in the kernel around some networks, nics and routers, told as it is, for whoever asks why nothing comes.

Reads, and changes nothing. What does not belong here: what it means for a packet (`planning.explain`).
"""

from collections.abc import Iterator
from typing import Any, Final

from kumoi.adapters.linux import addresses, devices, links, rooms
from kumoi.adapters.linux.links import IPV6, Device, Links
from kumoi.adapters.linux.nft import listing
from kumoi.core.ids import NetworkId, NicId
from kumoi.core.pictures import Picture, Scope, SeenDevice, SeenRoom, SeenRoute

_FORWARDING: Final = {4: "ipv4/ip_forward", 6: "ipv6/conf/all/forwarding"}
_WIRES: Final = ("qr-", "qg-")


def take(scope: Scope) -> Picture:
    """From the calling thread's own namespace."""
    taps = {nic: devices.tap(addresses.identity(nic)) for nic in scope.nics}
    rooms_of = {vpc: devices.router_namespace(addresses.identity(vpc)) for vpc in scope.vpcs}
    standing = [name for name in rooms_of.values() if rooms.exists(name)]
    inside = [_room(name) for name in standing]
    with links.at() as home:
        every = home.all()
        legs = _legs(inside, every)
        bridges = {d.alias: d.name for d in every if devices.is_bridge(d.name) and d.alias in scope.networks}
        vnis = {NetworkId(network): devices.vni_of(name) for network, name in bridges.items()}
        feet = {n: (devices.gateway_end(vni), devices.gateway_port(vni)) for n, vni in vnis.items()}
        services = {n: devices.service_wire(vni) for n, vni in vnis.items()}
        physical = {NetworkId(network): port for network, name in bridges.items() if (port := _outside(every, name))}
        ends = [*physical.values(), *(name for pair in feet.values() for name in pair)]
        shown = {*taps.values(), *legs.values(), *bridges.values(), *services.values(), *ends}
        room = SeenRoom(
            name="",
            devices=tuple(_devices(home, [d for d in every if d.name in shown or not devices.is_ours(d.name)])),
            routes=tuple(_routes(home, every)),
            forwards=_forwards(),
            rules=tuple(_of_taps(listing("ruleset"), frozenset(taps.values()))),
        )
    return Picture(
        rooms=(room, *inside),
        bridges={NetworkId(network): name for network, name in bridges.items()},
        taps=taps,
        legs=legs,
        rooms_of=rooms_of,
        feet=feet,
        services=services,
        physical=physical,
    )


def _outside(every: list[Device], bridge: str) -> str | None:
    """The bridge's port on a physical network, or on a VLAN of one."""
    index = next(d.index for d in every if d.name == bridge)
    return next((d.name for d in every if d.master == index and devices.is_outside(d.name)), None)


def _room(name: str) -> SeenRoom:
    with links.at(name) as inside:
        every = inside.all()
        seen, routes = tuple(_devices(inside, every)), tuple(_routes(inside, every))
    forwards, rules = rooms.visit(name, lambda: (_forwards(), tuple(listing("ruleset"))))
    return SeenRoom(name=name, devices=seen, routes=routes, forwards=forwards, rules=rules)


def _legs(inside: list[SeenRoom], home: list[Device]) -> dict[NicId, str]:
    """The wires of these routers: a wire is called the same at both ends, and the one at home says whose it is."""
    within = {device.name for room in inside for device in room.devices}
    return {NicId(d.alias): d.name for d in home if d.alias and d.name.startswith(_WIRES) and d.name in within}


def _devices(there: Links, every: list[Device]) -> Iterator[SeenDevice]:
    names = {device.index: device.name for device in every}
    for device in every:
        yield SeenDevice(
            name=device.name,
            kind=device.kind,
            up=device.up,
            master=names.get(device.master, ""),
            mac=device.mac,
            mtu=device.mtu,
            addresses=tuple(sorted(there.addresses(device))),
            filtered=device.filtered,
        )


def _routes(there: Links, every: list[Device]) -> Iterator[SeenRoute]:
    names = {device.index: device.name for device in every}
    for destination, via, index in there.every_route():
        yield SeenRoute(destination=destination, via=via, device=names.get(index, ""))


def _forwards() -> tuple[int, ...]:
    """Of the calling thread's namespace."""
    folder = IPV6.parent
    paths = {version: folder / name for version, name in _FORWARDING.items()}
    return tuple(v for v, path in paths.items() if path.is_file() and path.read_text().strip() == "1")


def _of_taps(listed: list[dict[str, Any]], taps: frozenset[str]) -> Iterator[dict[str, Any]]:
    """The rules, with what sets say of other taps left out: a host may have thousands."""
    for item in listed:
        for kind, body in item.items():
            if kind in {"set", "map"} and "elem" in body:
                yield {kind: body | {"elem": [e for e in body["elem"] if _tap_of(e) in {"", *taps}]}}
            elif kind != "metainfo":
                yield {kind: body}


def _tap_of(element: Any) -> str:
    """The tap that a set's element is about; empty for one about something else."""
    if isinstance(element, list):
        return _tap_of(element[0])
    if isinstance(element, dict):
        inner = element.get("concat") or element.get("elem", {}).get("val")
        return _tap_of(inner) if inner else ""
    return element if isinstance(element, str) and element.startswith(devices.TAP_PREFIX) else ""
