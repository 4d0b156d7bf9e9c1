"""Datagrams with the address they came to and the device they came by, so that answers leave the same way.

The sockets are bound to no address: they outlive the devices and addresses of their namespace.
"""

import socket
import struct
from collections.abc import Iterator
from typing import Final

import msgspec

_PKTINFO: Final = 8  # IP_PKTINFO, which Python 3.11 has no name for
_INFO: Final = struct.Struct("=I4s4s")
_TURN: Final = 64  # datagrams a turn: nobody's flood keeps the others from their turn
_LARGEST: Final = 4096


class Datagram(msgspec.Struct, frozen=True, kw_only=True):
    data: bytes
    sender: tuple[str, int]
    device: int
    to: str


def prepare(s: socket.socket) -> None:
    """Ask the kernel to tell; of a socket that was just made."""
    s.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)


def receive(s: socket.socket) -> Iterator[Datagram]:
    """What is there, up to a fair share."""
    for _ in range(_TURN):
        try:
            data, ancillary, _flags, sender = s.recvmsg(_LARGEST, socket.CMSG_SPACE(_INFO.size))
        except (BlockingIOError, ConnectionError):
            return
        for level, kind, content in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, _PKTINFO) and len(content) >= _INFO.size:
                device, _, to = _INFO.unpack_from(content)
                yield Datagram(data=data, sender=sender, device=device, to=socket.inet_ntoa(to))


def reply(s: socket.socket, data: bytes, to: tuple[str, int], *, device: int, source: str) -> None:
    """Raises OSError; the peer may be gone."""
    info = _INFO.pack(device, socket.inet_aton(source), b"\0\0\0\0")
    s.sendmsg([data], [(socket.IPPROTO_IP, _PKTINFO, info)], socket.MSG_DONTWAIT, to)
