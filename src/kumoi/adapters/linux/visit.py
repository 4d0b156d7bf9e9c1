"""Short visits into the cloud's namespaces by a process that stays outside.

A user namespace takes in only a process of one thread and never lets it out again, so it is a
child that goes: it answers, or hands over a socket that it opened there. Not for processes of
many threads. What does not belong here: programs that live inside (the supervisor starts them).
"""

import contextlib
import os
import socket
from collections.abc import Callable

from kumoi.adapters.linux import namespace
from kumoi.adapters.linux.namespace import Namespace
from kumoi.core.errors import Unavailable

_TEXT_MAX = 1 << 16


def ask(ground: Namespace, question: Callable[[], str]) -> str:
    """What `question` answers inside. Raises Unavailable with its error's text."""
    text, _ = _send(ground, lambda: (question(), []))
    return text


def listen(ground: Namespace, host: str, port: int) -> socket.socket:
    """A listener on an address inside, whose calls are taken outside.

    It keeps the network namespace alive for as long as anybody has it open.
    """
    _, fds = _send(ground, lambda: ("", [socket.create_server((host, port), backlog=1024).detach()]))
    return socket.socket(fileno=fds[0])


def _send(ground: Namespace, act: Callable[[], tuple[str, list[int]]]) -> tuple[str, list[int]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            namespace.enter(ground)
            text, fds = act()
            code = 0
        except BaseException as e:  # noqa: BLE001 - a forked child has nobody to raise to
            text, fds = f"{type(e).__name__}: {e}", []
        with contextlib.suppress(OSError):
            socket.send_fds(theirs, [text.encode()[:_TEXT_MAX] or b"\0"], fds)
        os._exit(code)
    theirs.close()
    with ours:
        data, received, _, _ = socket.recv_fds(ours, _TEXT_MAX, 1)
    _, status = os.waitpid(pid, 0)
    text = data.decode().strip("\0")
    if status:
        raise Unavailable("host", what="namespace", reason="no_answer", detail=text)
    return text, received
