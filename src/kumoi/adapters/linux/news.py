"""Whether anything happened to devices, addresses or routes since somebody looked: the kernel tells, nobody has to ask.

A network that was right and whose kernel was quiet is still right: looking at it again costs a system call, not a dump.
What does not belong here: what happened, and rules (`netfilter.generation`).
"""

import errno
import socket
from typing import Final

from kumoi.adapters.linux import rooms

_ROUTE: Final = 0
# Links, IPv4 addresses and routes, IPv6 addresses and routes (RTMGRP_*).
_GROUPS: Final = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
_OWN: Final = ""


class News:
    """One socket a namespace; it keeps the namespace alive, so `forget` before removing one."""

    def __init__(self) -> None:
        self._sockets: dict[str, tuple[int, socket.socket]] = {}
        self._serials: dict[str, int] = {}
        self._last = 0

    def serial(self, room: str | None = None) -> int:
        """A number that is another one whenever something happened in the namespace (None: the thread's own).

        0 where there is no such namespace.
        """
        name = room or _OWN
        if room is not None and not rooms.exists(room):
            self.forget(room)
            return 0
        inode = rooms.inode(room) if room is not None else 0
        known = self._sockets.get(name)
        if known is None or known[0] != inode:
            self.forget(name)
            ear = rooms.visit(room, _open) if room is not None else _open()
            self._sockets[name] = (inode, ear)
            self._mark(name)
        elif _heard(known[1]):
            self._mark(name)
        return self._serials[name]

    def forget(self, name: str) -> None:
        known = self._sockets.pop(name, None)
        if known is not None:
            known[1].close()

    def close(self) -> None:
        for name in list(self._sockets):
            self.forget(name)

    def _mark(self, name: str) -> None:
        self._last += 1
        self._serials[name] = self._last


def _open() -> socket.socket:
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, _ROUTE)
    s.bind((0, _GROUPS))
    return s


def _heard(s: socket.socket) -> bool:
    """Whether anything was said, all of it read away."""
    heard = False
    while True:
        try:
            s.recv(1 << 16)
        except BlockingIOError:
            return heard
        except OSError as e:
            if e.errno != errno.ENOBUFS:  # so much happened that some of it was not kept
                raise
        heard = True
