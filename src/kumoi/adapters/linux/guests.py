"""The agent's side of guestd: sockets opened in the networks' namespaces and handed over, and what guests may be told.

guestd has no right to open them; it keeps serving while the agent is away, and asks for them again after its own death
by saying hello without any. What does not belong here: answering (`guestd`).
"""

import contextlib
import hashlib
import select
import socket
import threading
from pathlib import Path
from typing import Final

import msgspec

from kumoi.adapters.linux import asked
from kumoi.adapters.linux.asked import Room
from kumoi.adapters.linux.guestd import messages
from kumoi.adapters.linux.guestd.messages import Done, Frames, Give, Hello, Kind, Publish, ToAgent
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.errors import Unavailable
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId
from kumoi.core.plan import VpcEntry

_PATIENCE_S: Final = 20.0


class LinuxGuestServices:
    """`contracts.guests.GuestServices` by guestd at `path`. Raises Unavailable while it does not answer.

    `without`: what others answer."""

    def __init__(self, path: Path, http_proxy: str = "", *, without: frozenset[Kind] = frozenset()) -> None:
        self._path = path
        self._without = without
        self._http_proxy = http_proxy
        self._lock = threading.Lock()
        self._guestd: socket.socket | None = None
        self._frames = Frames()
        self._handed: dict[str, str] = {}
        self._digest = ""

    def publish(
        self,
        networks: tuple[GuestNetwork, ...],
        guests: dict[InstanceId, GuestData],
        routers: tuple[VpcEntry, ...] = (),
    ) -> None:
        with self._lock:
            try:
                self._publish(networks, guests, asked.wanted(networks, routers, self._without))
            except (OSError, ValueError) as e:
                self._hang_up()
                raise Unavailable("network", what="guestd", said=str(e)) from e

    def close(self) -> None:
        with self._lock:
            self._hang_up()

    def _publish(
        self, networks: tuple[GuestNetwork, ...], guests: dict[InstanceId, GuestData], wanted: dict[str, Room]
    ) -> None:
        guestd = self._called()
        told = (networks, guests, self._http_proxy)
        digest = hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()
        handed = {entry: room.tells for entry, room in wanted.items()}
        for entry, room in wanted.items():
            if self._handed.get(entry) != room.tells:
                with contextlib.ExitStack() as opened:
                    numbers = tuple(opened.enter_context(s).fileno() for s in room.opened())
                    give = Give(entry=entry, room=room.tells, kinds=room.kinds, legs=room.legs)
                    messages.send(guestd, give, numbers)
        if self._handed == handed and self._digest == digest:
            return
        # A namespace that went is one whose sockets guestd must let go of, or it stays.
        served = frozenset(wanted)
        messages.send(
            guestd,
            Publish(served=served, networks=networks, guests=guests, digest=digest, http_proxy=self._http_proxy),
        )
        answer = self._heard(guestd)
        if not isinstance(answer, Done) or answer.digest != digest:
            raise ConnectionError("guestd answered something else")
        self._handed, self._digest = handed, digest

    def _called(self) -> socket.socket:
        """The connection; a new one where guestd, or the connection, is another one now."""
        if self._guestd is not None and not _speaks(self._guestd):
            return self._guestd
        self._hang_up()
        guestd = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._guestd, self._frames = guestd, Frames()
        guestd.settimeout(_PATIENCE_S)
        guestd.connect(str(self._path))
        hello = self._heard(guestd)
        if not isinstance(hello, Hello):
            raise ConnectionError("guestd said no hello")
        self._handed, self._digest = dict(hello.sockets), hello.digest
        return guestd

    def _heard(self, guestd: socket.socket) -> ToAgent:
        while (frame := self._frames.next()) is None:
            if not self._frames.receive(guestd):
                raise ConnectionError("guestd hung up")
        return messages.for_agent(frame)

    def _hang_up(self) -> None:
        if self._guestd is not None:
            self._guestd.close()
            self._guestd = None


def _speaks(guestd: socket.socket) -> bool:
    """Unasked it says nothing, so what can be read is its end."""
    poll = select.poll()
    poll.register(guestd, select.POLLIN)
    return bool(poll.poll(0))
