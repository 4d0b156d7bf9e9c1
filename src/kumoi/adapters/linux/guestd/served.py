"""One network as guestd serves it: its four sockets, and what happens when something comes."""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from kumoi.adapters.linux.guestd import connections, datagrams, dhcp, dns, http
from kumoi.adapters.linux.guestd.book import Book
from kumoi.adapters.linux.guestd.connections import Connections
from kumoi.adapters.linux.guestd.forwarding import Forwarder
from kumoi.adapters.linux.guestd.metadata import Metadata
from kumoi.adapters.linux.guestd.openstack import SEED_BYTES
from kumoi.core.ids import NetworkId

_BROADCAST: Final = "255.255.255.255"
_STREAM_LIMIT: Final = 65_535


class House:
    """What all networks share. `book` is replaced at every publication."""

    def __init__(self, forwarder: Forwarder, failed: Callable[[BaseException], None]) -> None:
        self.book = Book((), {})
        self.metadata = Metadata(os.urandom(32))
        self.connections = Connections(failed)
        self.forwarder = forwarder
        self.failed = failed
        self.questions: set[asyncio.Task[None]] = set()


class ServedNetwork:
    """Reads its sockets while it lives; `room` tells in which namespace they were made."""

    def __init__(self, house: House, network: NetworkId, room: int, sockets: list[socket.socket]) -> None:
        self.room = room
        self._house = house
        self._network = network
        self._sockets = sockets
        loop = asyncio.get_running_loop()
        actions = (self._dhcp, self._dns_datagram, self._dns_stream, self._http)
        for s, action in zip(sockets, actions, strict=True):
            s.setblocking(False)
            loop.add_reader(s, self._safely, action, s)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for s in self._sockets:
            loop.remove_reader(s)
            s.close()

    def _safely(self, action: Callable[[socket.socket], None], s: socket.socket) -> None:
        try:
            action(s)
        except Exception as e:  # noqa: BLE001 - what one guest sends must not end the others' service
            self._house.failed(e)

    def _dhcp(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            request = dhcp.parse(got.data)
            if request is None:
                continue
            reply = dhcp.answer(request, self._house.book.by_mac(self._network, request.mac_text))
            if reply is not None:
                to = (reply.to or _BROADCAST, dhcp.CLIENT_PORT)
                self._send(s, reply.packet, to, got.device, reply.source)

    def _dns_datagram(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            query = dns.parse(got.data)
            names = self._house.book.names(self._network)
            if query is None or names is None:
                continue
            answer = dns.answer(query, names, forwards=bool(self._house.forwarder))
            if answer is not None:
                self._send(s, answer, got.sender, got.device, got.to)
            else:
                task = asyncio.get_running_loop().create_task(self._ask_others(s, got, query))
                self._house.questions.add(task)
                task.add_done_callback(self._house.questions.discard)

    async def _ask_others(self, s: socket.socket, got: datagrams.Datagram, query: dns.Query) -> None:
        answer = await self._house.forwarder.ask(got.data, stream=False) or dns.failed(query)
        self._send(s, answer, got.sender, got.device, got.to)

    def _send(self, s: socket.socket, data: bytes, to: tuple[str, int], device: int, source: str) -> None:
        # The device is gone, the queue is full: whoever asked will ask again.
        with contextlib.suppress(OSError):
            datagrams.reply(s, data, to, device=device, source=source)

    def _dns_stream(self, s: socket.socket) -> None:
        self._house.connections.accept(s, id(self), self._answer_names)

    async def _answer_names(self, connection: socket.socket, _guest: str) -> None:
        loop = asyncio.get_running_loop()
        while True:
            (length,) = struct.unpack("!H", await connections.receive_exactly(connection, 2))
            packet = await connections.receive_exactly(connection, length)
            query, names = dns.parse(packet), self._house.book.names(self._network)
            if query is None or names is None:
                return
            answer = dns.answer(query, names, limit=_STREAM_LIMIT, forwards=bool(self._house.forwarder))
            if answer is None:
                answer = await self._house.forwarder.ask(packet, stream=True) or dns.failed(query)
            await loop.sock_sendall(connection, struct.pack("!H", len(answer)) + answer)

    def _http(self, s: socket.socket) -> None:
        self._house.connections.accept(s, id(self), self._answer_request)

    async def _answer_request(self, connection: socket.socket, guest: str) -> None:
        loop = asyncio.get_running_loop()
        got = await connections.receive_until(connection, b"\r\n\r\n", http.HEAD_LIMIT)
        request = http.Response(status=431) if got is None else http.parse(got[0])
        if isinstance(request, http.Response):
            await loop.sock_sendall(connection, request.encode())
        else:
            await connections.receive_exactly(connection, max(0, request.body_bytes - len(got[1] if got else b"")))
            machine = self._house.book.machine(self._network, guest)
            response = self._house.metadata.answer(request, machine, time.monotonic(), os.urandom(SEED_BYTES))
            await loop.sock_sendall(connection, response.encode(head_only=request.method == "HEAD"))
        await connections.linger(connection)
