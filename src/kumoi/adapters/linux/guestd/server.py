"""guestd's own life: it hears one agent at a time and serves the networks that were handed over.

It goes on when the agent dies: what was published last stays true until another agent says otherwise.
"""

import asyncio
import os
import socket
import struct
from typing import Final

from kumoi.adapters.linux.guestd import messages
from kumoi.adapters.linux.guestd.book import Book
from kumoi.adapters.linux.guestd.forwarding import Others
from kumoi.adapters.linux.guestd.messages import Done, Frames, Give, Hello, Publish
from kumoi.adapters.linux.guestd.served import House, Served
from kumoi.runtime.lines import Say

_CREDENTIALS: Final = struct.Struct("=iII")
_PATIENCE_S: Final = 2.0


class Guestd:
    def __init__(self, say: Say, others: Others) -> None:
        self._say = say
        self._house = House(others, self._failed)
        self._served: dict[str, Served] = {}
        self._digest = ""
        self._agent: socket.socket | None = None
        self._frames = Frames()
        self._failures = 0

    async def run(self, listener: socket.socket) -> None:
        """Until cancelled. `listener`: a unix stream socket that only the agent may call."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            connection, _ = await loop.sock_accept(listener)
            if _caller(connection) in {0, os.geteuid()}:
                self._welcome(connection)
            else:
                connection.close()

    def _welcome(self, connection: socket.socket) -> None:
        """The newest is the living one."""
        self._dismiss()
        self._agent, self._frames = connection, Frames()
        rooms = {entry: served.room for entry, served in self._served.items()}
        try:
            connection.settimeout(_PATIENCE_S)
            messages.send(connection, Hello(sockets=rooms, digest=self._digest))
        except OSError:
            self._dismiss()  # it came and went
            return
        connection.setblocking(False)
        asyncio.get_running_loop().add_reader(connection, self._hear, connection)

    def _dismiss(self) -> None:
        if self._agent is not None:
            asyncio.get_running_loop().remove_reader(self._agent)
            self._agent.close()
            self._frames.close()
            self._agent = None

    def _hear(self, connection: socket.socket) -> None:
        try:
            if not self._frames.receive(connection):
                self._dismiss()
                return
            while (frame := self._frames.next()) is not None:
                self._obey(connection, messages.for_guestd(frame))
        except BlockingIOError:
            return
        except (OSError, ValueError) as e:  # msgspec's errors are ValueErrors
            self._say("agent not understood", level="warning", error=e)
            self._dismiss()

    def _obey(self, connection: socket.socket, message: Give | Publish) -> None:
        if isinstance(message, Give):
            self._drop(message.entry)
            sockets = self._frames.descriptors(len(message.kinds))
            self._served[message.entry] = Served(self._house, message, sockets)
            return
        self._house.book = Book(message.networks, message.guests, message.http_proxy)
        self._digest = message.digest
        for entry in self._served.keys() - message.served:
            self._drop(entry)
        for served in self._served.values():
            served.published()
        self._say("published", served=len(self._served), guests=len(message.guests))
        messages.send(connection, Done(digest=self._digest))

    def _drop(self, entry: str) -> None:
        served = self._served.pop(entry, None)
        if served is not None:
            served.close()

    def _failed(self, error: BaseException) -> None:
        """A mistake of ours that a guest found; told for the first few and then for every thousandth."""
        self._failures += 1
        if self._failures <= 10 or self._failures % 1000 == 0:
            self._say("request failed", level="error", error=error, failures=self._failures)


def _caller(connection: socket.socket) -> int:
    """The uid at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])
