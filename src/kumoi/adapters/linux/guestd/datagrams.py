"""Datagrams with the address they came to and the device they came by, so that answers leave the same way.

The sockets are bound to no address: they outlive the devices and addresses of their namespace. One of IPv6 hears IPv4
too, and tells its addresses as IPv4's own.
"""

import socket
import struct
from collections.abc import Iterator
from typing import Final

import msgspec

_PKTINFO: Final = 8  # IP_PKTINFO, which Python 3.11 has no name for
_INFO: Final = struct.Struct("=I4s4s")
_INFO6: Final = struct.Struct("=16sI")
_MAPPED: Final = "::ffff:"
_TURN: Final = 64  # datagrams a turn: nobody's flood keeps the others from their turn
_LARGEST: Final = 4096


class Datagram(msgspec.Struct, frozen=True, kw_only=True):
    """`sender` is an address and a port."""

    data: bytes
    sender: tuple[str, int]
    device: int
    to: str


def prepare(s: socket.socket) -> None:
    """Ask the kernel to tell; of a socket that was just made."""
    if s.family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)


def receive(s: socket.socket) -> Iterator[Datagram]:
    """What is there, up to a fair share."""
    for _ in range(_TURN):
        try:
            data, ancillary, _flags, sender = s.recvmsg(_LARGEST, socket.CMSG_SPACE(_INFO6.size))
        except (BlockingIOError, ConnectionError):
            return
        for level, kind, content in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, _PKTINFO) and len(content) >= _INFO.size:
                device, _, to = _INFO.unpack_from(content)
                yield Datagram(data=data, sender=sender[:2], device=device, to=socket.inet_ntoa(to))
            elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) and len(content) >= _INFO6.size:
                place, device = _INFO6.unpack_from(content)
                came_to = plain(socket.inet_ntop(socket.AF_INET6, place))
                yield Datagram(data=data, sender=(plain(sender[0]), sender[1]), device=device, to=came_to)


def reply(s: socket.socket, data: bytes, to: tuple[str, int], *, device: int, source: str) -> None:
    """Raises OSError; the peer may be gone."""
    address, port = to
    if s.family == socket.AF_INET6:
        info = _INFO6.pack(socket.inet_pton(socket.AF_INET6, _as_six(source)), device)
        where: tuple[object, ...] = (_as_six(address), port, 0, device if address.startswith("f") else 0)
        s.sendmsg([data], [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)], socket.MSG_DONTWAIT, where)
    else:
        info = _INFO.pack(device, socket.inet_aton(source), b"\0\0\0\0")
        s.sendmsg([data], [(socket.IPPROTO_IP, _PKTINFO, info)], socket.MSG_DONTWAIT, to)


def plain(address: str) -> str:
    """IPv4's own spelling of an address that a socket of IPv6 tells."""
    return address.removeprefix(_MAPPED) if address.startswith(_MAPPED) and "." in address else address


def _as_six(address: str) -> str:
    return address if ":" in address else _MAPPED + address
