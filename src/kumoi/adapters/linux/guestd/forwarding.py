"""DNS questions that are not ours, asked of others: of servers, or through whoever can reach some.

By UDP first with a port and an id of chance, by TCP for who asked by TCP.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

QUESTION: Final = struct.Struct("!I?H")  # number, whether by TCP, length
ANSWER: Final = struct.Struct("!IH")  # number, length; 0: nobody answered
_TIMEOUT_S: Final = 2.0
_PATIENCE_S: Final = 7.0  # of the relay: three servers' time
_AT_ONCE: Final = 256


class Others(Protocol):
    """Whom to ask; false where nobody is there to be asked."""

    def __bool__(self) -> bool: ...
    async def ask(self, packet: bytes, *, stream: bool) -> bytes | None:
        """Their answer with the asker's own id; None where nobody gave one."""
        ...


class Forwarder:
    """`servers` tells addresses, asked in turn."""

    def __init__(self, servers: Callable[[], tuple[str, ...]]) -> None:
        self._servers = servers
        self._room = asyncio.Semaphore(_AT_ONCE)

    def __bool__(self) -> bool:
        return bool(self._servers())

    async def ask(self, packet: bytes, *, stream: bool) -> bytes | None:
        if self._room.locked():
            return None
        async with self._room:
            number = os.urandom(2)
            for server in self._servers():
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        found = await (_by_stream if stream else _by_datagram)(server, number + packet[2:])
                    return packet[:2] + found[2:]
                except (TimeoutError, OSError, EOFError):
                    continue
        return None


class Relay:
    """By the resolver behind a unix socket, outside of the cloud's namespaces; called when first needed and after every
    loss. Nothing is asked where there is no such socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._open: dict[int, asyncio.Future[bytes]] = {}
        self._last = 0
        self._calling = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return self._path.exists()

    async def ask(self, packet: bytes, *, stream: bool) -> bytes | None:
        if len(self._open) >= _AT_ONCE:
            return None
        self._last = number = (self._last + 1) & 0xFFFFFFFF
        future = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                writer = await self._called()
                writer.write(QUESTION.pack(number, stream, len(packet)) + packet)
                return await future or None
        except (TimeoutError, OSError):
            return None
        finally:
            self._open.pop(number, None)

    async def _called(self) -> asyncio.StreamWriter:
        async with self._calling:
            if self._writer is None or self._writer.is_closing():
                reader, self._writer = await asyncio.open_unix_connection(str(self._path))
                self._reading = asyncio.get_running_loop().create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                number, length = ANSWER.unpack(await reader.readexactly(ANSWER.size))
                found = await reader.readexactly(length)
                future = self._open.get(number)
                if future is not None and not future.done():
                    future.set_result(found)
        writer.close()


async def _by_datagram(server: str, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect((server, 53))
        await loop.sock_sendall(s, packet)
        while True:
            found = await loop.sock_recv(s, 4096)
            if found[:2] == packet[:2] and len(found) >= 12:
                return found


async def _by_stream(server: str, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, 53)
    try:
        writer.write(struct.pack("!H", len(packet)) + packet)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        return await reader.readexactly(length)
    finally:
        writer.close()
