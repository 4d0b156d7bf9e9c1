"""Frames between agent and guestd: whole again however they were cut."""

import os
import socket

import pytest

from kumoi.adapters.linux.guestd import messages
from kumoi.adapters.linux.guestd.messages import Done, Frames, Give, Kind, Publish

KINDS: tuple[Kind, ...] = ("dhcp", "dns", "dns_stream", "http")


def give(room: str) -> Give:
    return Give(entry="network/n", room=room, kinds=KINDS, legs=())


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def test_a_frame_in_pieces_is_a_frame() -> None:
    a, b = pair()
    with a, b:
        messages.send(a, Done(digest="d"))
        sent = b.recv(1000)
        frames = Frames()
        for i in range(len(sent)):
            assert frames.next() is None
            a.sendall(sent[i : i + 1])
            assert frames.receive(b)
        frame = frames.next()
        assert frame is not None
        assert messages.for_agent(frame) == Done(digest="d")


def test_sockets_come_with_their_frame_though_others_follow() -> None:
    a, b = pair()
    kept = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in KINDS]
    with a, b:
        for room in ("1", "2"):
            numbers = tuple(s.fileno() for s in kept)
            messages.send(a, give(room), numbers)
        messages.send(a, Publish(served=frozenset(), networks=(), guests={}, digest="d"))
        a.shutdown(socket.SHUT_WR)
        frames = Frames()
        while frames.receive(b):
            pass
        seen: list[str] = []
        while (frame := frames.next()) is not None:
            message = messages.for_guestd(frame)
            if isinstance(message, Give):
                seen.append(message.room)
                for s in frames.descriptors(len(message.kinds)):
                    assert s.type == socket.SOCK_DGRAM
                    s.close()
        assert seen == ["1", "2"]
    for s in kept:
        s.close()


def test_sockets_that_did_not_come_are_missed_and_spare_ones_are_closed() -> None:
    a, b = pair()
    with a, b:
        reading, writing = os.pipe()
        messages.send(a, give("1"), (writing,))
        os.close(writing)
        frames = Frames()
        frames.receive(b)
        with pytest.raises(ValueError, match="missing"):
            frames.descriptors(len(KINDS))
        frames.close()
        assert os.read(reading, 1) == b""  # nobody holds the other end any more
        os.close(reading)


def test_a_frame_without_end_is_refused() -> None:
    a, b = pair()
    with a, b:
        a.sendall(b"\xff\xff\xff\xff")
        frames = Frames()
        frames.receive(b)
        with pytest.raises(ValueError, match="large"):
            frames.next()
