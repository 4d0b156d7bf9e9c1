"""The link's stream verb, in the process and over the wire: the host dials, bytes go both ways, an end has a word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.contract.link.conftest import Peer, Rig
from tests.contract.link.test_link import HELLO, asking

from kumoi.contracts.link import Received, Stream
from kumoi.core.errors import NotFound
from kumoi.core.ids import InstanceId
from kumoi.core.plan import Ask


class Host:
    """A host's end, without a pump."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        stream.socket.settimeout(90.0)

    def send(self, data: bytes) -> None:
        self.stream.socket.sendall(self.stream.wrap(data))

    def receive(self) -> Received:
        """What comes next, pings answered."""
        received = Received(data=self.stream.early)
        while not (received.data or received.ended):
            received = self.stream.unwrap(self.stream.socket.recv(1 << 16))
            if received.answer:
                self.stream.socket.sendall(received.answer)
        self.stream.early = b""
        return received

    def bytes(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += self.receive().data
        return got


@contextmanager
def dialled(rig: Rig) -> Iterator[tuple[Host, Peer]]:
    welcome = rig.link.hello(HELLO)
    ask = Ask(id="ask-1", kind="serial", instance_id=InstanceId("i"))
    coming = rig.cloud.house.asks.call(welcome.host_id, ask)
    assert rig.link.fetch(asking(welcome)).asks == (ask,)
    host = Host(rig.link.stream("ask-1"))
    peer = rig.peer(coming.result(30.0))
    try:
        yield host, peer
    finally:
        host.stream.socket.close()
        peer.leave()


def received(peer: Peer, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = peer.receive()
        assert more, got
        got += more
    return got


def test_bytes_go_both_ways_as_they_are(rig: Rig) -> None:
    every = bytes(range(256)) * 300
    with dialled(rig) as (host, peer):
        peer.send(b"\0key\xff")
        assert host.bytes(5) == b"\0key\xff"
        host.send(every)
        assert received(peer, len(every)) == every


def test_what_was_said_at_once_is_not_lost(rig: Rig) -> None:
    with dialled(rig) as (host, peer):
        for number in range(20):
            peer.send(f"{number:02}".encode())
        assert host.bytes(40) == b"".join(f"{n:02}".encode() for n in range(20))


def test_the_host_says_why_it_ends(rig: Rig) -> None:
    with dialled(rig) as (host, peer):
        host.send(b"last words")
        host.stream.socket.sendall(host.stream.farewell("taken_over"))
        host.stream.socket.close()
        assert received(peer, 10) == b"last words"
        assert peer.receive() == b""
        assert peer.end() == "taken_over"


def test_the_host_hears_that_the_other_has_left(rig: Rig) -> None:
    with dialled(rig) as (host, peer):
        peer.send(b"bye")
        assert host.bytes(3) == b"bye"
        peer.leave()
        assert host.receive().ended


def test_a_host_that_dies_is_noticed(rig: Rig) -> None:
    with dialled(rig) as (host, peer):
        host.stream.socket.close()
        assert peer.receive() == b""


def test_nobody_waits_twice_or_any_more(rig: Rig) -> None:
    welcome = rig.link.hello(HELLO)
    with dialled(rig), pytest.raises(NotFound):
        rig.link.stream("ask-1")
    ask = Ask(id="ask-2", kind="vnc", instance_id=InstanceId("i"))
    rig.cloud.house.asks.call(welcome.host_id, ask).cancel()
    with pytest.raises(NotFound):
        rig.link.stream("ask-2")
