"""The names of a bridge's ports, of the calling thread's namespace: some µs each, where a whole look at one takes 400.

A network may have a thousand taps, and one of them is new.
"""

import os
import socket
import struct
from typing import Final

_GETLINK, _REQUEST, _DUMP = 18, 1, 0x300
_ERROR, _DONE = 2, 3
_NAME, _MASTER, _ALIAS, _MASK = 3, 10, 20, 29
_AFTER_ALIAS: Final = 35  # IFLA_CARRIER_CHANGES: what the kernel tells next
_SKIP_STATISTICS: Final = 8
_HEADER: Final = struct.Struct("=IHHII")
_LINK: Final = struct.Struct("=BxHiII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_BUFFER: Final = 1 << 18


def exists(name: str) -> bool:
    """Whether there is such a device at all."""
    try:
        return bool(socket.if_nametoindex(name))
    except OSError:
        return False


def aliases(bridge: int) -> dict[str, str]:
    """The alias of each port (mostly none), by the bridge's index. Raises OSError."""
    wanted = struct.pack("=HHI", 8, _MASTER, bridge) + struct.pack("=HHI", 8, _MASK, _SKIP_STATISTICS)
    body = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0) + wanted
    ask = _HEADER.pack(_HEADER.size + len(body), _GETLINK, _REQUEST | _DUMP, 1, 0) + body
    found: dict[str, str] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as s:
        s.bind((0, 0))
        s.send(ask)
        while _take(s.recv(_BUFFER), bridge, found):
            pass
    return found


def _take(told: bytes, bridge: int, found: dict[str, str]) -> bool:
    """Whether more will come."""
    at = 0
    while at < len(told):
        length, kind, *_ = _HEADER.unpack_from(told, at)
        if kind == _DONE:
            return False
        if kind == _ERROR:
            number = -struct.unpack_from("=i", told, at + _HEADER.size)[0]
            raise OSError(number, os.strerror(number))
        name, master, alias = _port(told, at + _HEADER.size + _LINK.size, at + length)
        if master == bridge:
            found[name] = alias
        at += length + 3 & ~3
    return True


def _port(told: bytes, at: int, end: int) -> tuple[str, int, str]:
    """Name, master and alias, the only things that are read."""
    name, master, alias = "", 0, ""
    while at + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(told, at)
        if kind == _NAME:
            name = told[at + 4 : at + length - 1].decode()
        elif kind == _MASTER:
            master = struct.unpack_from("=I", told, at + 4)[0]
        elif kind == _ALIAS:
            alias = told[at + 4 : at + length - 1].decode(errors="replace")
        if kind in {_ALIAS, _AFTER_ALIAS}:
            break
        at += max(length, 4) + 3 & ~3
    return name, master, alias
