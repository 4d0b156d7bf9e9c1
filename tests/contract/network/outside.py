"""The machine's own side of names: a namespace with a DNS server on its loopback, and the resolver that asks it."""

import asyncio
import socket
import struct
import threading
from pathlib import Path

from kumoi.adapters.linux import links, netns, rooms
from kumoi.adapters.linux.resolver import Resolver
from kumoi.runtime.listeners import open_unix

ROOM = "machine"
SERVER = "127.0.0.1"


class Outside:
    """`names` are answered, by UDP and TCP; all others are said not to be."""

    def __init__(self, path: Path) -> None:
        self.names: dict[str, str] = {}
        rooms.ensure(ROOM)
        with links.at(ROOM) as inside:
            for lo in inside.all():
                inside.mend(lo, state="up")
        ready = threading.Event()
        threading.Thread(target=self._run, args=(open_unix(path), ready), daemon=True).start()
        assert ready.wait(10)

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        with netns.inside(ROOM):
            asyncio.run(self._serve(listener, ready))

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Datagrams(self), (SERVER, 53))
        await asyncio.start_server(self._stream, SERVER, 53)
        ready.set()
        await Resolver(listener, lambda: (SERVER,)).run()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        answer = self.answer(await reader.readexactly(length))
        writer.write(struct.pack("!H", len(answer)) + answer)
        writer.close()

    def answer(self, packet: bytes) -> bytes:
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        address = self.names.get(".".join(labels))
        head = packet[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, 1 if address else 0, 0, 0)
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
        return head + packet[12 : at + 5] + record


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: object) -> None:
        self._transport.sendto(self._outside.answer(data), address)  # type: ignore[attr-defined]
