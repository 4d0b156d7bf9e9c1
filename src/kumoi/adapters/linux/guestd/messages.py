"""What agent and guestd say to each other: frames of JSON on a stream, with the descriptors of sockets beside some.

What does not belong here: opening sockets (`guests`), using them (`server`).
"""

import array
import contextlib
import os
import socket
import struct
from typing import Final, Literal

import msgspec

from kumoi.contracts.guests import GuestNetwork
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import InstanceId, NetworkId

Kind = Literal["dhcp", "dhcp6", "dns", "dns_stream", "http", "advertise"]
MOST_SOCKETS: Final = 6
FRAME_LIMIT: Final = 1 << 28
_HEAD: Final = struct.Struct("!I")


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A device in a namespace by which a network is reached: its index there and its MAC."""

    network_id: NetworkId
    device: int
    mac: str


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello", tag_field="kind"):
    """guestd → agent, first: the sockets it has (entry id → room, as in Give), and what it was told last."""

    sockets: dict[str, str]
    digest: str


class Give(msgspec.Struct, frozen=True, kw_only=True, tag="give", tag_field="kind"):
    """agent → guestd, with a descriptor for each of `kinds`: the sockets of a network's or a router's namespace.

    `entry`: its entry id. `room` tells the namespace and its devices from all others.
    """

    entry: str
    room: str
    kinds: tuple[Kind, ...]
    legs: tuple[Leg, ...]


class Publish(msgspec.Struct, frozen=True, kw_only=True, tag="publish", tag_field="kind"):
    """agent → guestd: everything, from now on. Sockets of entries that are not in `served` are closed."""

    served: frozenset[str]
    networks: tuple[GuestNetwork, ...]
    guests: dict[InstanceId, GuestData]
    digest: str
    http_proxy: str = ""


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done", tag_field="kind"):
    """guestd → agent: published, and true from now on."""

    digest: str


ToGuestd = Give | Publish
ToAgent = Hello | Done
_to_guestd: Final = msgspec.json.Decoder(ToGuestd)
_to_agent: Final = msgspec.json.Decoder(ToAgent)


def for_guestd(frame: bytes) -> ToGuestd:
    message: ToGuestd = _to_guestd.decode(frame)
    return message


def for_agent(frame: bytes) -> ToAgent:
    message: ToAgent = _to_agent.decode(frame)
    return message


def send(s: socket.socket, message: ToGuestd | ToAgent, descriptors: tuple[int, ...] = ()) -> None:
    body = msgspec.json.encode(message)
    data = memoryview(_HEAD.pack(len(body)) + body)
    # The kernel keeps descriptors with the first byte they were sent with.
    sent = socket.send_fds(s, [data], list(descriptors)) if descriptors else 0
    s.sendall(data[sent:])


class Frames:
    """Bytes and descriptors in, whole frames out."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._descriptors: list[int] = []

    def receive(self, s: socket.socket) -> bool:
        """Take what is there; False at the end of the stream."""
        data, ancillary, _flags, _address = s.recvmsg(1 << 18, socket.CMSG_SPACE(MOST_SOCKETS * 4))
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                found = array.array("i")
                found.frombytes(content[: len(content) - len(content) % found.itemsize])
                self._descriptors.extend(found)
        self._data += data
        return bool(data)

    def next(self) -> bytes | None:
        """A whole frame, if there is one. Raises ValueError where none can come of it."""
        if len(self._data) < _HEAD.size:
            return None
        (length,) = _HEAD.unpack_from(self._data)
        if length > FRAME_LIMIT:
            raise ValueError("frame too large")
        end = _HEAD.size + length
        if len(self._data) < end:
            return None
        frame = bytes(self._data[_HEAD.size : end])
        del self._data[:end]
        return frame

    def descriptors(self, count: int) -> list[socket.socket]:
        """The sockets that came with the frame. Raises ValueError where they are too few."""
        if len(self._descriptors) < count:
            raise ValueError("descriptors missing")
        taken, self._descriptors = self._descriptors[:count], self._descriptors[count:]
        return [socket.socket(fileno=fd) for fd in taken]

    def close(self) -> None:
        for fd in self._descriptors:
            with contextlib.suppress(OSError):
                os.close(fd)
