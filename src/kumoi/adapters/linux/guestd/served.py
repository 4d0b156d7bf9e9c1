"""One namespace as guestd serves it: its sockets, and what happens when something comes.

A network's has them all; a router's only advertises its legs. What does not belong here: what is answered.
"""

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

from kumoi.adapters.linux.addresses import link_local
from kumoi.adapters.linux.guestd import connections, datagrams, dhcp, dhcp6, dns, http
from kumoi.adapters.linux.guestd.advertising import Advertiser
from kumoi.adapters.linux.guestd.book import Book
from kumoi.adapters.linux.guestd.connections import Connections
from kumoi.adapters.linux.guestd.forwarding import Others
from kumoi.adapters.linux.guestd.messages import Give, Kind, Leg
from kumoi.adapters.linux.guestd.metadata import Metadata
from kumoi.adapters.linux.guestd.openstack import SEED_BYTES

_BROADCAST: Final = "255.255.255.255"
_STREAM_LIMIT: Final = 65_535


class House:
    """What all namespaces share. `book` is replaced at every publication."""

    def __init__(self, others: Others, failed: Callable[[BaseException], None]) -> None:
        self.book = Book((), {})
        self.metadata = Metadata(os.urandom(32))
        self.connections = Connections(failed)
        self.others = others
        self.failed = failed
        self.questions: set[asyncio.Task[None]] = set()


class Served:
    """Reads its sockets while it lives; `room` tells in which namespace, with which devices, they were made."""

    def __init__(self, house: House, give: Give, sockets: list[socket.socket]) -> None:
        self.room = give.room
        self._house = house
        self._sockets = sockets
        self._legs = {leg.device: leg for leg in give.legs}
        self._first = give.legs[0]
        self._network = self._first.network_id
        self._advertiser: Advertiser | None = None
        loop = asyncio.get_running_loop()
        actions: dict[Kind, Callable[[socket.socket], None]] = {
            "dhcp": self._dhcp, "dhcp6": self._dhcp6, "dns": self._dns_datagram, "dns_stream": self._dns_stream,
            "http": self._http, "advertise": self._solicited,
        }  # fmt: skip
        for s, kind in zip(sockets, give.kinds, strict=True):
            s.setblocking(False)
            loop.add_reader(s, self._safely, actions[kind], s)
            if kind == "advertise":
                routes = give.entry.startswith("vpc/")
                self._advertiser = Advertiser(s, give.legs, lambda: self._house.book, routes=routes)

    def published(self) -> None:
        """The book was replaced: who was advertised something else is told at once."""
        if self._advertiser is not None:
            self._advertiser.tell_news()

    def close(self) -> None:
        if self._advertiser is not None:
            self._advertiser.close()
        loop = asyncio.get_running_loop()
        for s in self._sockets:
            loop.remove_reader(s)
            s.close()

    def _safely(self, action: Callable[[socket.socket], None], s: socket.socket) -> None:
        try:
            action(s)
        except Exception as e:  # noqa: BLE001 - what one guest sends must not end the others' service
            self._house.failed(e)

    # --- addresses and routers -----------------------------------------------------------------

    def _dhcp(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            request = dhcp.parse(got.data)
            if request is None:
                continue
            reply = dhcp.answer(request, self._house.book.by_mac(self._network, request.mac_text))
            if reply is not None:
                to = (reply.to or _BROADCAST, dhcp.CLIENT_PORT)
                self._send(s, reply.packet, to, got.device, reply.source)

    def _dhcp6(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            request, leg = dhcp6.parse(got.data), self._legs.get(got.device)
            if request is None or leg is None:
                continue
            place = self._house.book.by_address(self._network, got.sender[0])
            reply = dhcp6.answer(request, place, dhcp6.duid(leg.mac))
            if reply is not None:
                self._send(s, reply, (got.sender[0], dhcp6.CLIENT_PORT), got.device, _own(leg))

    def _solicited(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            if self._advertiser is not None:
                self._advertiser.answer(got)

    # --- names ---------------------------------------------------------------------------------

    def _dns_datagram(self, s: socket.socket) -> None:
        for got in datagrams.receive(s):
            query = dns.parse(got.data)
            names = self._house.book.names(self._network)
            if query is None or names is None:
                continue
            answer = dns.answer(query, names, forwards=bool(self._house.others))
            if answer is not None:
                self._send(s, answer, got.sender, got.device, got.to)
            else:
                task = asyncio.get_running_loop().create_task(self._ask_others(s, got, query))
                self._house.questions.add(task)
                task.add_done_callback(self._house.questions.discard)

    async def _ask_others(self, s: socket.socket, got: datagrams.Datagram, query: dns.Query) -> None:
        answer = await self._house.others.ask(got.data, stream=False) or dns.failed(query)
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
            answer = dns.answer(query, names, limit=_STREAM_LIMIT, forwards=bool(self._house.others))
            if answer is None:
                answer = await self._house.others.ask(packet, stream=True) or dns.failed(query)
            await loop.sock_sendall(connection, struct.pack("!H", len(answer)) + answer)

    # --- metadata ------------------------------------------------------------------------------

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
            if response.hops:
                connections.limit_hops(connection, response.hops)
            await loop.sock_sendall(connection, response.encode(head_only=request.method == "HEAD"))
        await connections.linger(connection)


def _own(leg: Leg) -> str:
    return str(link_local(leg.mac))
