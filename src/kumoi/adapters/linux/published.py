"""Addresses for which a device answers neighbour solicitations though they are somebody else's: the kernel's NDP proxy.

Asked of the kernel without pyroute2, whose dumps leave these out.
"""

import socket
import struct
from collections.abc import Collection
from typing import Final

from kumoi.adapters.linux import links, rooms
from kumoi.adapters.linux.links import Device, sysctl

_NEW, _DELETE, _GET = 28, 29, 30
_REQUEST, _ACKNOWLEDGE, _DUMP = 1, 4, 0x300
_ERROR, _DONE = 2, 3
_PERMANENT, _PROXY = 0x80, 8
_ADDRESS: Final = 1
_HEADER: Final = struct.Struct("=IHHII")
_NEIGHBOUR: Final = struct.Struct("=BxxxiHBB")
_ATTRIBUTE: Final = struct.Struct("=HH")
_BUFFER: Final = 1 << 16


def ensure(room: str, name: str, wanted: Collection[str]) -> None:
    """Exactly these addresses of IPv6, answered for at once."""
    answers = {f"ipv6/conf/{name}/proxy_ndp": int(bool(wanted)), f"ipv6/neigh/{name}/proxy_delay": 0}
    rooms.visit(room, lambda: sysctl(answers))
    with links.at(room) as inside:
        device = inside.get(name)
    if device is not None:
        rooms.visit(room, lambda: _ensure(device, {socket.inet_pton(socket.AF_INET6, one) for one in wanted}))


def _ensure(device: Device, wanted: set[bytes]) -> None:
    there = {address for index, address in _listed() if index == device.index}
    for kind, addresses in ((_NEW, wanted - there), (_DELETE, there - wanted)):
        for address in addresses:
            _talk(kind, _REQUEST | _ACKNOWLEDGE, device.index, address)


def _listed() -> list[tuple[int, bytes]]:
    """Device and address of every one in this namespace."""
    return _talk(_GET, _REQUEST | _DUMP, 0, None)


def _talk(kind: int, flags: int, index: int, address: bytes | None) -> list[tuple[int, bytes]]:
    """What is told before the end, or the acknowledgement. Raises OSError."""
    body = _NEIGHBOUR.pack(socket.AF_INET6, index, _PERMANENT if address else 0, _PROXY, 0)
    if address is not None:
        body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(address), _ADDRESS) + address
    found: list[tuple[int, bytes]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as s:
        s.bind((0, 0))
        s.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body)
        while _take(s.recv(_BUFFER), found):
            pass
    return found


def _take(told: bytes, found: list[tuple[int, bytes]]) -> bool:
    """Whether more will come."""
    at = 0
    while at < len(told):
        length, kind, *_ = _HEADER.unpack_from(told, at)
        if kind == _DONE:
            return False
        if kind == _ERROR:
            number = -struct.unpack_from("=i", told, at + _HEADER.size)[0]
            if number:
                raise OSError(number, "neighbour")
            return False
        _, index, _, flags, _ = _NEIGHBOUR.unpack_from(told, at + _HEADER.size)
        address = _address(told, at + _HEADER.size + _NEIGHBOUR.size, at + length)
        if flags & _PROXY and address is not None:
            found.append((index, address))
        at += length + 3 & ~3
    return True


def _address(told: bytes, at: int, end: int) -> bytes | None:
    while at + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(told, at)
        if kind == _ADDRESS:
            return told[at + _ATTRIBUTE.size : at + length]
        at += max(length, 4) + 3 & ~3
    return None
