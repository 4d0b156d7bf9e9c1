"""When router advertisements are sent: now and then, when they change, and to whoever asks."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable
from typing import Final

from kumoi.adapters.linux.addresses import link_local
from kumoi.adapters.linux.guestd import advertisement, datagrams
from kumoi.adapters.linux.guestd.advertisement import ALL_NODES, EVERY_S
from kumoi.adapters.linux.guestd.book import Book
from kumoi.adapters.linux.guestd.datagrams import Datagram
from kumoi.adapters.linux.guestd.messages import Leg

_APART_S: Final = 3.0  # between two to everybody (MIN_DELAY_BETWEEN_RAS): one guest's questions are not others' noise
_LEAST_S: Final = EVERY_S / 3


class Advertiser:
    """The legs of one namespace by one raw socket."""

    def __init__(self, s: socket.socket, legs: tuple[Leg, ...], book: Callable[[], Book], *, routes: bool) -> None:
        self._socket = s
        self._legs = {leg.device: leg for leg in legs}
        self._book = book
        self._routes = routes
        self._told: dict[int, bytes | None] = {}
        self._told_at: dict[int, float] = {}
        self._loop = asyncio.get_running_loop()
        self._turn = self._loop.call_later(0.0, self._tell_all)

    def close(self) -> None:
        self._turn.cancel()

    def tell_news(self) -> None:
        for leg in self._legs.values():
            if self._packet(leg) != self._told.get(leg.device):
                self._tell(leg)

    def answer(self, got: Datagram) -> None:
        """Who has an address is answered alone; who has none yet with everybody."""
        leg = self._legs.get(got.device)
        if leg is None or not advertisement.is_solicitation(got.data):
            return
        if got.sender[0].startswith("fe80:"):
            self._send(leg, self._packet(leg), got.sender[0])
        elif got.sender[0] == "::" and self._loop.time() >= self._told_at.get(leg.device, 0.0) + _APART_S:
            self._tell(leg)

    def _tell_all(self) -> None:
        for leg in self._legs.values():
            self._tell(leg)
        self._turn = self._loop.call_later(random.uniform(_LEAST_S, EVERY_S), self._tell_all)  # noqa: S311 - no secret

    def _tell(self, leg: Leg) -> None:
        packet = self._told[leg.device] = self._packet(leg)
        self._told_at[leg.device] = self._loop.time()
        self._send(leg, packet, ALL_NODES)

    def _packet(self, leg: Leg) -> bytes | None:
        known = self._book().network(leg.network_id)
        return None if known is None else advertisement.advertisement(known, leg.mac, routes=self._routes)

    def _send(self, leg: Leg, packet: bytes | None, to: str) -> None:
        if packet is not None:
            with contextlib.suppress(OSError):  # the device is gone, or full: the next one comes
                datagrams.reply(self._socket, packet, (to, 0), device=leg.device, source=str(link_local(leg.mac)))
