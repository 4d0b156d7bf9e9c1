"""Listening sockets that outlive the program that answers them.

The supervisor opens them, and every program it starts inherits those it names, by systemd's own
protocol (LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID; descriptors from 3). So a restart refuses no
caller, and a unit file with socket units serves as well.
"""

import errno
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kumoi.core.errors import Taken

FIRST_FD: Final = 3
_BACKLOG: Final = 1024
_PORTS_TRIED: Final = 50


def environment(names: Iterable[str], pid: int) -> dict[str, str]:
    """What tells process `pid` that descriptors 3, 4, … have these names."""
    listed = list(names)
    return {
        "LISTEN_PID": str(pid),
        "LISTEN_FDS": str(len(listed)),
        "LISTEN_FDNAMES": ":".join(listed),
    }


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Names and descriptors that were given to this very process; empty where none were."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    count = int(environ.get("LISTEN_FDS", "0"))
    found = dict(zip(names, range(FIRST_FD, FIRST_FD + count), strict=False))
    for fd in found.values():
        os.set_inheritable(fd, False)
    return found


def inherited_listeners() -> dict[str, socket.socket]:
    """The listening sockets among them: `api`, `s3`, `link`, `resolver` for serve, `guestd` for guestd."""
    found: dict[str, socket.socket] = {}
    for name, fd in inherited().items():
        try:
            found[name] = socket.socket(fileno=fd)
        except OSError as e:
            if e.errno != errno.ENOTSOCK:
                raise
    return found


def open_tcp(host: str, port: int, *, movable: bool) -> socket.socket:
    """A listener at `port`, or, where it is taken and may move, at the next free one.

    Raises Taken with kind `port`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + (_PORTS_TRIED if movable else 1)):
        try:
            return socket.create_server((host, candidate), family=family, backlog=_BACKLOG)
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise
    raise Taken("host", kind="port", name=f"{host}:{port}")


def open_unix(path: Path, mode: int = 0o600) -> socket.socket:
    """A listener at `path` that only its owner may call, or by `mode` others who can pass its folders; a former one's
    file is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    # The folder is ours alone, so nobody calls between bind and chmod.
    listener.bind(str(path))
    path.chmod(mode)
    listener.listen(_BACKLOG)
    return listener
