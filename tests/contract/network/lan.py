"""A network outside: a namespace with a trunk into the host, and machines on its VLANs."""

import select
import socket
import struct
import threading
from collections.abc import Callable
from typing import TypeVar

from kumoi.adapters.linux import devices, links, netns, rooms
from kumoi.adapters.linux.links import Links, sysctl
from kumoi.adapters.linux.vlan_programs import Programs

T = TypeVar("T")
TRUNK = "trunk"
FLAT = "flat"
_AUXILIARY, _VLAN_VALID = 8, 1 << 4


def room_of(physical: str) -> str:
    return f"lan-{physical}"


def join(physical: str) -> None:
    """A wire `ph-NAME` from the host into the network's namespace."""
    room = room_of(physical)
    rooms.ensure(room)
    with links.at() as home, links.at(room) as there:
        wire = home.add_wire(devices.physical(physical), TRUNK, room, 1500)
        home.mend(wire, state="up")
        _up(there, TRUNK)


def machine(programs: Programs | None, name: str, physical: str, vlan: int, address: str) -> None:
    """`name` is a namespace; its eth0 stands on the VLAN, or (0) in a bridge with the trunk."""
    if vlan:
        tagged(programs, room_of(physical), TRUNK, vlan, name, "eth0", [address])
        return
    with links.at(room_of(physical)) as there, links.at(name) as inside:
        bridge = there.get(FLAT) or there.add_bridge(FLAT, 1500)
        trunk = there.get(TRUNK)
        assert trunk is not None
        there.mend(bridge, state="up")
        there.mend(trunk, master=bridge.index)
        there.mend(there.add_wire(f"m-{name}", "eth0", name, 1500), state="up", master=bridge.index)
        _up(inside, "eth0", [address])


def tagged(
    programs: Programs | None, room: str, trunk: str, vlan: int, into: str, name: str, own: list[str], mac: str = ""
) -> None:
    """A device `name` in the namespace `into` for one VLAN of a device of `room`."""
    for where in (room, into):
        rooms.visit(where, lambda: sysctl({"ipv6/conf/default/accept_dad": 0}))
    with links.at(room) as there, links.at(into) as inside:
        below = there.get(trunk)
        assert below is not None
        if programs is None:
            with (netns.FOLDER / into).open("rb") as room_of_it:
                there.mend(there.add_vlan(name, below, vlan), net_ns_fd=room_of_it.fileno())
        else:
            outer = there.add_wire(f"x{vlan}-{into}"[:15], name, into, 1500)
            there.mend(outer, state="up")
            there.ensure_program(outer, programs.push)
            there.ensure_program(below, programs.pop)
            programs.join(outer.index, below.index, vlan)
        _up(inside, name, own, mac)


def _up(inside: Links, name: str, own: list[str] | None = None, mac: str = "") -> None:
    device = inside.get(name)
    assert device is not None
    inside.mend(device, state="up", **({"address": mac} if mac else {}))
    if own:
        inside.ensure_addresses(device, own)


def heard(physical: str, act: Callable[[], T]) -> tuple[T, set[int]]:
    """What `act` answers, and the VLANs (0: untagged) of the pings that came over the trunk meanwhile."""
    ear = rooms.visit(room_of(physical), _ear)
    found: set[int] = set()
    over = threading.Event()

    def listen() -> None:
        while not over.is_set() or select.select([ear], [], [], 0)[0]:
            if select.select([ear], [], [], 0.05)[0]:
                _note(ear, found)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        return act(), found
    finally:
        over.set()
        listener.join()
        ear.close()


def _ear() -> socket.socket:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(263, _AUXILIARY, 1)  # SOL_PACKET: the kernel takes tags off before it shows a frame
    s.bind((TRUNK, 0))
    return s


def _note(ear: socket.socket, found: set[int]) -> None:
    frame, extra, _, (_, _, direction, *_) = ear.recvmsg(2048, 256)
    if direction == socket.PACKET_OUTGOING:
        return
    tagged_in_frame = frame[12:14] == b"\x81\x00"
    if frame[27 if tagged_in_frame else 23] != socket.IPPROTO_ICMP:
        return
    for _, _, data in extra:
        status, *_, tag, _ = struct.unpack("=IIIHHHH", data)
        if status & _VLAN_VALID:
            found.add(tag & 0xFFF)
            return
    found.add(struct.unpack("!H", frame[14:16])[0] & 0xFFF if tagged_in_frame else 0)
