"""DNS questions that are not ours, asked of others: only where the operator named some.

By UDP first with a port and an id of chance, by TCP for who asked by TCP.
"""

import asyncio
import os
import socket
import struct
from typing import Final

_TIMEOUT_S: Final = 2.0
_AT_ONCE: Final = 256


class Forwarder:
    """`servers` are addresses, asked in turn."""

    def __init__(self, servers: tuple[str, ...]) -> None:
        self._servers = servers
        self._room = asyncio.Semaphore(_AT_ONCE)

    def __bool__(self) -> bool:
        return bool(self._servers)

    async def ask(self, packet: bytes, *, stream: bool) -> bytes | None:
        """Their answer with the asker's own id; None where nobody gave one."""
        if self._room.locked():
            return None
        async with self._room:
            number = os.urandom(2)
            for server in self._servers:
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        found = await (_by_stream if stream else _by_datagram)(server, number + packet[2:])
                    return packet[:2] + found[2:]
                except (TimeoutError, OSError, EOFError):
                    continue
        return None


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
