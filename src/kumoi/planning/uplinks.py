"""How this machine's own network is joined to a cloud, as commands: to do, to undo, to take away again. Pure.

A wire leads from a bridge of the machine into the cloud's namespace, where it is the physical network's device. Where
the machine has no such bridge but a NIC, one of ours comes between: the NIC's addresses and routes move onto it,
so that the machine goes on being reached. Nothing is kept beside what stands: names and aliases say what was made,
and whether it was confirmed. What does not belong here: looking and running (`adapters.linux.uplinks`).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from kumoi.core.errors import InUse, Invalid, NotFound, Taken
from kumoi.core.networks import MOST_VLAN, check_physical

WIRE: Final = "ku-"
BRIDGE: Final = "kb-"
INNER: Final = "ph-"
_PENDING: Final = "kumoi uplink, not confirmed"
_CONFIRMED: Final = "kumoi uplink"
_NO_NICS: Final = frozenset({"loopback", "tun", "none"})

Command = tuple[str, ...]


class MachineLink(msgspec.Struct, frozen=True, kw_only=True):
    """A device of the machine. `addresses` with their prefixes, link-local ones of IPv6 left out; `filters`: a bridge
    that lets each of its ports have some VLANs only."""

    name: str
    type: str = "ether"
    kind: str = ""
    mac: str = ""
    mtu: int = 1500
    up: bool = False
    master: str = ""
    alias: str = ""
    addresses: tuple[str, ...] = ()
    filters: bool = False


class MachineRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Of the main table, and not the kernel's own. `words`: as `ip route` takes them, without the device."""

    device: str
    six: bool
    words: tuple[str, ...]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    links: tuple[MachineLink, ...]
    routes: tuple[MachineRoute, ...]

    def get(self, name: str) -> MachineLink | None:
        return next((link for link in self.links if link.name == name), None)

    def there(self, name: str) -> MachineLink:
        """Raises NotFound."""
        found = self.get(name)
        if found is None:
            raise NotFound("host", kind="device", id=name)
        return found


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`undo` leads back from any point of `do`; each of its commands may find nothing to do."""

    do: tuple[Command, ...]
    undo: tuple[Command, ...]


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """`bridge`: the machine's, or ours; `nic`: what is in ours."""

    name: str
    bridge: str
    nic: str
    confirmed: bool


def add(machine: Machine, device: str, name: str, vlans: tuple[int, ...], cloud: int) -> Change:
    """`cloud`: a process in the cloud's network namespace. `vlans`: those that a filtering bridge is to let through.

    Raises Invalid, NotFound, Taken, InUse.
    """
    check_physical(name, None)
    if machine.get(WIRE + name) is not None:
        raise Taken("host", kind="uplink", name=name)
    link = machine.there(device)
    if link.kind == "bridge":
        return _wire(link, name, vlans, cloud)
    own = MachineLink(name=BRIDGE + name, kind="bridge", mac=link.mac, mtu=link.mtu)
    if link.master == own.name:
        return _wire(own, name, vlans, cloud)
    if link.type in _NO_NICS or link.name.startswith((WIRE, BRIDGE)):
        raise Invalid("host", field="device", reason="not_joinable", value=device)
    if link.master:
        raise InUse("host", kind="device", id=device, by_kind="bridge", by_id=link.master)
    if machine.get(own.name) is not None:
        raise Taken("host", kind="device", name=own.name)
    wire = _wire(own, name, vlans, cloud)
    # The wire's outer end first: as long as it is there, unconfirmed, the timer knows that there is something to undo.
    first, *rest = wire.do
    return Change(do=(first, *_bridge(machine, link, own), *rest), undo=(*wire.undo, *_unbridge(machine, link, own)))


def remove(machine: Machine, name: str) -> tuple[Command, ...]:
    """What leads back from an uplink that stands, or from a part of it. Raises NotFound."""
    wire, own = machine.get(WIRE + name), machine.get(BRIDGE + name)
    if wire is None and own is None:
        raise NotFound("host", kind="uplink", id=name)
    commands: list[Command] = [("ip", "link", "delete", WIRE + name)] if wire is not None else []
    if own is None:
        return tuple(commands)
    nic = next((p for p in machine.links if p.master == own.name and p.name != WIRE + name), None)
    if nic is None:
        return (*commands, ("ip", "link", "delete", own.name))
    moved = msgspec.structs.replace(nic, addresses=own.addresses)
    routes = tuple(msgspec.structs.replace(r, device=nic.name) for r in machine.routes if r.device == own.name)
    before = msgspec.structs.replace(machine, routes=routes)
    return (*commands, *_unbridge(before, moved, own))


def confirm(machine: Machine, name: str) -> tuple[Command, ...]:
    """Raises NotFound."""
    if machine.get(WIRE + name) is None:
        raise NotFound("host", kind="uplink", id=name)
    return (("ip", "link", "set", WIRE + name, "alias", _CONFIRMED),)


def standing(machine: Machine) -> tuple[Uplink, ...]:
    return tuple(_standing(machine))


def timer(name: str, change: Change, seconds: int) -> str:
    """A shell script that undoes an unconfirmed change after a while. It needs nothing of ours, so that it works
    whatever became of the network, the disk or this program."""
    undo = "\n".join(f"  {shell(command)} 2>/dev/null" for command in change.undo)
    asked = f"ip -d link show {WIRE}{name} 2>/dev/null | grep -q '{_PENDING}'"
    return f"sleep {seconds}\nif {asked}; then\n{undo}\nfi\n"


def shell(command: Command) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in command)


def _standing(machine: Machine) -> Iterator[Uplink]:
    names = {n[len(p) :] for link in machine.links for n in (link.name,) for p in (WIRE, BRIDGE) if n.startswith(p)}
    for name in sorted(names):
        wire, own = machine.get(WIRE + name), machine.get(BRIDGE + name)
        bridge = wire.master if wire is not None else BRIDGE + name
        ports = (p.name for p in machine.links if p.master == BRIDGE + name and p.name != WIRE + name)
        confirmed = wire is not None and wire.alias == _CONFIRMED
        yield Uplink(name=name, bridge=bridge, nic=next(ports, "") if own else "", confirmed=confirmed)


def _wire(bridge: MachineLink, name: str, vlans: tuple[int, ...], cloud: int) -> Change:
    outer, inner, mtu = WIRE + name, INNER + name, str(bridge.mtu)
    for vlan in vlans:
        check_physical(name, vlan)
    if vlans and not bridge.filters:
        raise Invalid("host", field="vlans", reason="bridge_passes_all", value=bridge.name)
    let = [("bridge", "vlan", "add", "dev", outer, "vid", str(v)) for v in vlans]
    return Change(
        do=(
            ("ip", "link", "add", outer, "mtu", mtu, "type", "veth", "peer", "name", inner, "mtu", mtu),
            ("ip", "link", "set", outer, "alias", _PENDING),
            ("ip", "link", "set", inner, "netns", str(cloud)),
            # The machine's own stack has nothing to say on the wire; it is a port of the bridge and no more.
            ("ip", "link", "set", outer, "addrgenmode", "none"),
            ("ip", "link", "set", outer, "master", bridge.name, "up"),
            *let,
        ),
        undo=(("ip", "link", "delete", outer),),
    )


def _bridge(machine: Machine, nic: MachineLink, own: MachineLink) -> Iterator[Command]:
    silent = ("forward_delay", "0", "mcast_snooping", "0")
    yield ("ip", "link", "add", own.name, "address", nic.mac, "mtu", str(nic.mtu), "type", "bridge", *silent)
    yield ("ip", "link", "set", own.name, "up")
    yield ("ip", "link", "set", nic.name, "master", own.name, "up")
    yield from _move(machine, nic, nic.name, own.name)


def _unbridge(machine: Machine, nic: MachineLink, own: MachineLink) -> Iterator[Command]:
    yield ("ip", "link", "set", nic.name, "nomaster")
    yield from _move(machine, nic, own.name, nic.name)
    yield ("ip", "link", "delete", own.name)


def _move(machine: Machine, nic: MachineLink, old: str, new: str) -> Iterator[Command]:
    """Addresses and routes; the kernel drops the old routes with the addresses."""
    for address in reversed(nic.addresses):  # those first that would go with another one
        yield ("ip", "address", "delete", address, "dev", old)
    for address in nic.addresses:
        yield ("ip", "address", "replace", address, "dev", new, *(("nodad",) if ":" in address else ()))
    # Those without a next hop first: others may need them.
    routes = [r for r in machine.routes if r.device == nic.name]
    for route in sorted(routes, key=lambda r: "via" in r.words):
        yield ("ip", *(("-6",) if route.six else ()), "route", "replace", *route.words, "dev", new)


def vlans_in(text: str) -> tuple[int, ...]:
    """`100,200-209`. Raises Invalid."""
    found: list[int] = []
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        if not (first.isascii() and first.isdigit()) or (dash and not (last.isascii() and last.isdigit())):
            raise Invalid("host", field="vlans", reason="wrong_type", expected="100,200-209", got=text)
        span = range(int(first), int(last or first) + 1)
        if not span or not 1 <= span[0] <= span[-1] <= MOST_VLAN:
            raise Invalid("host", field="vlans", reason="range", bound=f"from 1 to {MOST_VLAN}", value=part)
        found.extend(span)
    return tuple(dict.fromkeys(found))
