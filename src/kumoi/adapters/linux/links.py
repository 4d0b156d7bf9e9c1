"""Devices, addresses and routes of one network namespace, by netlink.

pyroute2 keeps one socket a thread and opens it in the namespace where the thread then is: a `Links` belongs to the
thread that opened it, and opening forces the socket at once. What does not belong here: which devices there should be.
"""

import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from kumoi.adapters.linux import netns

_SYSCTLS: Final = Path("/proc/sys/net")
IPV6: Final = _SYSCTLS / "ipv6"  # not there in a kernel without
_STATIC: Final = 4  # RTPROT_STATIC: routes of ours
_MAIN_TABLE: Final = 254
_LINK_SCOPE: Final = 253
# Priorities of rules: what the main table knows better than by its default route, then tables by mark.
_BY_MAIN: Final = 1000
_BY_MARK: Final = 1001
_CLSACT_INGRESS: Final = 0xFFFFFFF2
_EVERY_PROTOCOL: Final = 3  # ETH_P_ALL
_DIRECT_ACTION: Final = 1
_GONE: Final = frozenset({errno.ENODEV, errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL})


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """`master` is the index of the bridge it is in, `below` that of a VLAN's trunk, 0 for none. `alias` holds the full
    id of what it is."""

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    up: bool
    master: int
    alias: str
    filtered: bool
    below: int = 0


class Links:
    def __init__(self, route: Any) -> None:
        self._route = route

    def get(self, name: str) -> Device | None:
        try:
            found = self._route.link("get", ifname=name)
        except NetlinkError as e:
            if e.code == errno.ENODEV:
                return None
            raise
        return _device(found[0])

    def all(self) -> list[Device]:
        return [_device(message) for message in self._route.get_links()]

    def add_bridge(self, name: str, mtu: int) -> Device:
        """A silent one: no spanning tree, no snooping, packets shown to `inet` by br_netfilter."""
        self._route.link(
            "add", ifname=name, kind="bridge", mtu=mtu, br_forward_delay=0, br_mcast_snooping=0,
            br_nf_call_iptables=1, br_nf_call_ip6tables=1,
        )  # fmt: skip
        return self._made(name)

    def set_filtered(self, device: Device) -> None:
        """Let a bridge show its packets to `inet`."""
        self._route.link("set", index=device.index, kind="bridge", br_nf_call_iptables=1, br_nf_call_ip6tables=1)

    def add_wire(self, name: str, peer: str, room: str | None, mtu: int) -> Device:
        """A veth from here into the namespace `room` (None: both ends here)."""
        other: dict[str, Any] = {"ifname": peer, "mtu": mtu}
        if room is None:
            self._route.link("add", ifname=name, kind="veth", mtu=mtu, peer=other)
            return self._made(name)
        with (netns.FOLDER / room).open("rb") as there:
            other["net_ns_fd"] = there.fileno()
            self._route.link("add", ifname=name, kind="veth", mtu=mtu, peer=other)
        return self._made(name)

    def add_vlan(self, name: str, trunk: Device, vlan: int) -> Device:
        """By the kernel's own 802.1Q; it may have none."""
        self._route.link("add", ifname=name, kind="vlan", link=trunk.index, vlan_id=vlan)
        return self._made(name)

    def knows_vlans(self) -> bool:
        """Whether the kernel has 802.1Q: it says of a VLAN of nothing that this is wrong, not that it is unknown."""
        try:
            self._route.link("add", ifname="no-vlan", kind="vlan", vlan_id=1)
        except NetlinkError as e:
            return e.code not in {errno.EOPNOTSUPP, errno.EPROTONOSUPPORT}
        return True

    def ensure_program(self, device: Device, program: int) -> None:
        """This program of cls_bpf (a descriptor), and no other, sees what comes in by the device."""
        with _or_there():
            self._route.tc("add", "clsact", device.index)
        self._route.tc(
            "replace-filter", "bpf", device.index, handle=1, parent=_CLSACT_INGRESS, prio=1, protocol=_EVERY_PROTOCOL,
            fd=program, name="kumoi-vlan", flags=_DIRECT_ACTION,
        )  # fmt: skip

    def mend(self, device: Device, **what: Any) -> None:
        """pyroute2's words: mtu, address, master, state, ifalias."""
        self._route.link("set", index=device.index, **what)

    def remove(self, name: str) -> None:
        device = self.get(name)
        if device is None:
            return
        try:
            self._route.link("del", index=device.index)
        except NetlinkError as e:
            if e.code not in _GONE:
                raise

    def _made(self, name: str) -> Device:
        device = self.get(name)
        if device is None:
            raise OSError(errno.ENODEV, name)
        return device

    def addresses(self, device: Device, *, link_local: bool = False) -> set[str]:
        """`address/prefix`; the link-local ones of IPv6 are the kernel's own affair, unless they are asked for."""
        every = self._route.get_addr(index=device.index)
        found = (m for m in every if link_local or m["scope"] != _LINK_SCOPE or m["family"] == socket.AF_INET)
        return {f"{m.get('local') or m.get('address')}/{m['prefixlen']}" for m in found}

    def ensure_addresses(self, device: Device, wanted: Iterable[str]) -> list[str]:
        """Exactly these; the ones that were added. Where link-local ones of IPv6 are among them, those too."""
        wished = list(dict.fromkeys(wanted))
        whole = any(text.startswith("fe80:") for text in wished)
        there = self.addresses(device, link_local=whole)
        added = [text for text in wished if text not in there]
        for text in added:
            address, _, prefix = text.partition("/")
            six = {"flags": 2} if ":" in address else {}  # nodad: nobody else has it, and we need it now
            self._route.addr("add", index=device.index, address=address, prefixlen=int(prefix), **six)
        for text in there - set(wished):
            address, _, prefix = text.partition("/")
            try:
                self._route.addr("del", index=device.index, address=address, prefixlen=int(prefix))
            except NetlinkError as e:
                if e.code not in _GONE:  # a secondary address goes with its primary
                    raise
        gone = there - set(wished)
        missing = set(wished) - self.addresses(device, link_local=whole) if gone else set()
        return [*added, *self.ensure_addresses(device, wished)] if missing else added

    def ensure_routes(self, wanted: dict[str, str]) -> None:
        """Exactly these of ours: destination (`0.0.0.0/0`, a block) → next hop. One that cannot be is left out."""
        there = {(d, hop) for family in (socket.AF_INET, socket.AF_INET6) for d, hop in self._routes(family)}
        for destination, hop in there - set(wanted.items()):
            self._try("del", destination, hop)
        for destination, hop in set(wanted.items()) - there:
            self._try("add", destination, hop)

    def _routes(self, family: int) -> Iterator[tuple[str, str]]:
        for m in self._route.get_routes(family=family, table=_MAIN_TABLE):
            if m["proto"] == _STATIC and m.get("gateway"):
                nothing = "0.0.0.0" if family == socket.AF_INET else "::"  # noqa: S104 - a route, no listener
                yield f"{m.get('dst') or nothing}/{m['dst_len']}", m.get("gateway")

    def ensure_marked_ways(self, wanted: dict[int, tuple[str, int]], first_table: int) -> None:
        """For each packet mark a table with a default route, and none but these; what the main table knows better goes
        by that. By mark: next hop and device."""
        tables = {mark: first_table + mark - 1 for mark in wanted}
        there = {
            (m.get("fwmark"), m.get("table"))
            for m in self._route.get_rules(family=socket.AF_INET)
            if m.get("fwmark") and (m.get("table") or 0) >= first_table
        }
        for mark, table in there - set(tables.items()):
            self._route.rule("del", fwmark=mark, table=table, priority=_BY_MARK)
            self._route.flush_routes(table=table, family=socket.AF_INET)
        for mark, table in tables.items():
            hop, device = wanted[mark]
            self._route.route("replace", dst="0.0.0.0/0", gateway=hop, oif=device, table=table, proto=_STATIC)
        for mark, table in set(tables.items()) - there:
            self._route.rule("add", fwmark=mark, table=table, priority=_BY_MARK)
        if bool(tables) is not bool(there):
            verb = "add" if tables else "del"
            self._route.rule(verb, table=_MAIN_TABLE, priority=_BY_MAIN, FRA_SUPPRESS_PREFIXLEN=0)

    def ensure_turns(self, hops: list[str]) -> None:
        """A default route of several next hops, or none such."""
        there = [
            m for m in self._route.get_routes(family=socket.AF_INET, table=_MAIN_TABLE)
            if m["dst_len"] == 0 and m.get("multipath")
        ]  # fmt: skip
        known = [{hop.get("gateway") for hop in m.get("multipath")} for m in there]
        if len(hops) < 2:
            if there:
                self._route.route("del", dst="0.0.0.0/0", table=_MAIN_TABLE)
        elif set(hops) not in known:
            self._route.route("replace", dst="0.0.0.0/0", multipath=[{"gateway": hop} for hop in hops], proto=_STATIC)

    def every_route(self) -> Iterator[tuple[str, str, int]]:
        """Destination, next hop (empty: none), and the device's index, of the main table."""
        for family, nothing in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - no listener
            for m in self._route.get_routes(family=family, table=_MAIN_TABLE):
                yield f"{m.get('dst') or nothing}/{m['dst_len']}", m.get("gateway") or "", m.get("oif") or 0

    def _try(self, verb: str, destination: str, hop: str) -> None:
        family = socket.AF_INET6 if ":" in hop else socket.AF_INET
        try:
            self._route.route(verb, dst=destination, gateway=hop, proto=_STATIC, family=family)
        except NetlinkError as e:
            # A next hop on no leg of the router: Neutron accepts such a route too, and it leads nowhere.
            if e.code not in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EEXIST, *_GONE}:
                raise


@contextmanager
def _or_there() -> Iterator[None]:
    """What is there already is fine."""
    try:
        yield
    except NetlinkError as e:
        if e.code != errno.EEXIST:
            raise


@contextmanager
def at(room: str | None = None) -> Iterator[Links]:
    """The links of a named namespace, or of the calling thread's own."""
    route = _open(room)
    try:
        yield Links(route)
    finally:
        route.close()


def _open(room: str | None) -> Any:
    if room is None:
        route = IPRoute()
        _ = route.asyncore.socket
        return route
    with netns.inside(room):
        route = IPRoute()
        _ = route.asyncore.socket  # opens it here and now
        return route


def sysctl(values: dict[str, int]) -> None:
    """Of the calling thread's namespace: `ipv4/ip_forward` and the like, below /proc/sys/net.

    IPv6's are left out where the kernel has none.
    """
    for name, value in values.items():
        path = _SYSCTLS / name
        if name.startswith("ipv6/") and not IPV6.is_dir():
            continue
        if path.read_text().strip() != str(value):
            path.write_text(str(value))


def _device(message: Any) -> Device:
    info = message.get("linkinfo")
    data = info.get("data") if info else None
    return Device(
        index=message["index"],
        name=message.get("ifname"),
        kind=(info.get("kind") if info else None) or "",
        mac=message.get("address") or "",
        mtu=message.get("mtu") or 0,
        up=bool(message["flags"] & 1),
        master=message.get("master") or 0,
        alias=message.get("ifalias") or "",
        below=message.get("link") or 0,
        filtered=bool(data and data.get("br_nf_call_iptables") and data.get("br_nf_call_ip6tables")),
    )
