"""A stream inside one process: a pair of sockets, and nothing between bytes and wire."""

import socket

from kumoi.contracts.link import Received
from kumoi.core.consoles import ConsoleEnd


class LocalStream:
    """`contracts.link.Stream`. `theirs` is the other side's socket; `end` is what the host said last."""

    def __init__(self) -> None:
        self.socket, self.theirs = socket.socketpair()
        self.early = b""
        self.end: ConsoleEnd | None = None

    def wrap(self, data: bytes) -> bytes:
        return data

    def unwrap(self, came: bytes) -> Received:
        return Received(data=came, ended=not came)

    def farewell(self, end: ConsoleEnd | None) -> bytes:
        self.end = end
        return b""
