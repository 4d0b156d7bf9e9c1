"""A connection into the cloud's network for a client that stays outside.

Run as a program it is ssh's ProxyCommand with ProxyUseFdpass: it connects inside and hands the
socket over, so no process of the session is inside. It must start quickly and with one thread:
run it with `python -IS`, and nothing but the standard library is imported here.
"""

import ctypes
import os
import socket
import sys

_NEWUSER, _NEWNS, _NEWNET = 0x1000_0000, 0x0002_0000, 0x4000_0000
_TIMEOUT_S = 20.0


def main() -> None:
    """door.py PID NETNS ADDRESS PORT; PID is inside, NETNS a name of /run/netns or `-`."""
    pid, netns, address, port = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path: str | int, kind: int) -> None:
        fd = path if isinstance(path, int) else os.open(path, os.O_RDONLY)
        if libc.setns(fd, kind):
            raise OSError(ctypes.get_errno(), f"setns {path}")

    kinds = (("user", _NEWUSER), ("mnt", _NEWNS), ("net", _NEWNET))
    # All of them first: once inside, the way to /proc/PID may be closed.
    opened = [(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in kinds]
    for fd, kind in opened:
        enter(fd, kind)
    if netns != "-":
        enter(f"/run/netns/{netns}", _NEWNET)
    try:
        connection = socket.create_connection((address, int(port)), timeout=_TIMEOUT_S)
    except OSError as e:
        sys.exit(f"kumoi: {address} port {port}: {e.strerror or e}")
    connection.setblocking(True)
    with socket.socket(fileno=1) as ssh:
        socket.send_fds(ssh, [b"x"], [connection.fileno()])


if __name__ == "__main__":
    main()
