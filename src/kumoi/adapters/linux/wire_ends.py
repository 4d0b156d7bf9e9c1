"""The number that a wire's other end has in its own namespace, asked of the kernel from this end.

That is a system call, where a visit would be a thread. What does not belong here: making and mending wires (`wires`).
"""

import socket
import struct
from typing import Final

_ROUTE: Final = 0
_GET_LINK, _NEW_LINK = 18, 16
_REQUEST: Final = 1
_IF_NAME, _LINK = 3, 5
_HEADER: Final = struct.Struct("=IHHII")
_ABOUT: Final = struct.Struct("=BBHiII")
_BUFFER: Final = 1 << 16


def far_ends(names: list[str]) -> dict[str, int]:
    """Of those of these devices that are there, in the calling thread's namespace."""
    found: dict[str, int] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _ROUTE) as s:
        s.settimeout(5)
        for name in names:
            text = name.encode() + b"\0"
            attribute = struct.pack("=HH", len(text) + 4, _IF_NAME) + text + bytes(-len(text) % 4)
            body = _ABOUT.pack(socket.AF_UNSPEC, 0, 0, 0, 0, 0) + attribute
            s.send(_HEADER.pack(_HEADER.size + len(body), _GET_LINK, _REQUEST, 1, 0) + body)
            number = _peer(s.recv(_BUFFER))
            if number is not None:
                found[name] = number
    return found


def _peer(message: bytes) -> int | None:
    length, kind, *_ = _HEADER.unpack_from(message)
    if kind != _NEW_LINK:
        return None
    at = _HEADER.size + _ABOUT.size
    while at + 4 <= length:
        size, attribute = struct.unpack_from("=HH", message, at)
        if attribute == _LINK:
            return int(struct.unpack_from("=I", message, at + 4)[0])
        at += (size + 3) & ~3
    return None
