"""Bytes between guests and control: both ways, bounded, ended from either side, many at once."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.contract.compute.sandbox import wait_for

from kumoi.adapters.fake.clock import FakeClock
from kumoi.adapters.stream_local import LocalStream
from kumoi.agent.pump import HELD_BYTES, SILENCE_S, STALL_S, Line, Pump
from kumoi.contracts.link import Received


class Console:
    """One line and what is on either end of it."""

    def __init__(self, pump: Pump, stream: LocalStream | None = None) -> None:
        self.stream = stream or LocalStream()
        self.guest, ours = socket.socketpair()
        self.ended = threading.Event()
        for one in (self.guest, self.stream.theirs):
            one.settimeout(90.0)
        self.line: Line = pump.join(ours, self.stream, self.ended.set)

    @property
    def viewer(self) -> socket.socket:
        return self.stream.theirs

    def close(self) -> None:
        self.guest.close()
        self.viewer.close()
        assert self.ended.wait(30.0)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pump = Pump(self.clock)
        self.consoles: list[Console] = []

    def console(self, stream: LocalStream | None = None) -> Console:
        self.consoles.append(Console(self.pump, stream))
        return self.consoles[-1]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for console in bench.consoles:
        console.close()


def fill(one: socket.socket, most: int = 64 << 20) -> int:
    """Send until there is no room any more; how much went."""
    one.settimeout(1.0)
    sent = 0
    try:
        while sent < most:
            sent += one.send(bytes(1 << 16))
    except TimeoutError:
        pass
    one.settimeout(90.0)
    return sent


def drain(one: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(one.recv(min(size, 1 << 20)))


def in_time(bench: Bench, happened: Callable[[], bool], seconds: float) -> None:
    """Let so much virtual time pass; the pump looks at its clock once a second."""
    bench.clock.advance(seconds)
    wait_for(happened, 30.0)


def test_bytes_go_both_ways(bench: Bench) -> None:
    console = bench.console()
    console.viewer.sendall(b"key")
    assert console.guest.recv(10) == b"key"
    console.guest.sendall(b"echo")
    assert console.viewer.recv(10) == b"echo"


def test_what_came_early_comes_first(bench: Bench) -> None:
    stream = LocalStream()
    stream.early = b"typed while it rang "
    console = bench.console(stream)
    console.viewer.sendall(b"and after")
    got = b""
    while len(got) < 29:
        got += console.guest.recv(100)
    assert got == b"typed while it rang and after"


def test_a_guest_that_ends_is_told_after_its_last_words(bench: Bench) -> None:
    console = bench.console()
    console.guest.sendall(b"reboot: Power down")
    console.guest.close()
    assert console.viewer.recv(100) == b"reboot: Power down"
    assert console.viewer.recv(100) == b""
    assert console.ended.wait(30.0)
    assert console.stream.end == "guest_ended"


def test_a_viewer_that_leaves_lets_the_guest_go(bench: Bench) -> None:
    console = bench.console()
    console.viewer.close()
    assert console.guest.recv(10) == b""
    assert console.ended.wait(30.0)


def test_a_line_is_ended_with_its_reason(bench: Bench) -> None:
    console = bench.console()
    console.line.end("taken_over")
    assert console.guest.recv(10) == b""
    assert console.viewer.recv(10) == b""
    assert console.stream.end == "taken_over"


def test_neither_side_fills_our_memory_and_nothing_is_lost(bench: Bench) -> None:
    for fast, slow in ((lambda c: c.guest, lambda c: c.viewer), (lambda c: c.viewer, lambda c: c.guest)):
        console = bench.console()
        sent = fill(fast(console))
        assert sent < HELD_BYTES + (8 << 20)  # ours, and the kernel's two buffers
        drain(slow(console), sent)
        fast(console).sendall(b"on it goes")
        assert slow(console).recv(100) == b"on it goes"


def test_a_viewer_that_takes_nothing_lets_the_guest_go_on(bench: Bench) -> None:
    console = bench.console()
    fill(console.guest)
    in_time(bench, lambda: console.stream.end == "too_slow", STALL_S + 1)
    with pytest.raises(ConnectionError):  # nobody is on the line any more: QEMU drops what nobody reads
        fill(console.guest)


def test_a_silent_control_is_given_up(bench: Bench) -> None:
    console = bench.console()
    console.viewer.sendall(b"x")
    assert console.guest.recv(10) == b"x"
    in_time(bench, console.ended.is_set, SILENCE_S + 1)
    assert console.guest.recv(10) == b""


def test_many_at_once_each_hears_its_own(bench: Bench) -> None:
    consoles = [bench.console() for _ in range(50)]
    for number, console in enumerate(consoles):
        console.viewer.sendall(f"to {number}".encode())
        console.guest.sendall(f"from {number}".encode())
    for number, console in enumerate(consoles):
        assert console.guest.recv(100) == f"to {number}".encode()
        assert console.viewer.recv(100) == f"from {number}".encode()


def test_the_fault_of_one_ends_no_other(bench: Bench) -> None:
    class Broken(LocalStream):
        def unwrap(self, came: bytes) -> Received:
            raise ValueError("no such frame")

    good, bad = bench.console(), bench.console(Broken())
    bad.viewer.sendall(b"?")
    assert bad.ended.wait(30.0)
    good.viewer.sendall(b"key")
    assert good.guest.recv(10) == b"key"


def test_a_pump_that_stops_says_so(bench: Bench) -> None:
    console = bench.console()
    console.viewer.sendall(b"x")
    assert console.guest.recv(10) == b"x"
    bench.pump.stop()
    assert console.viewer.recv(10) == b""
    assert console.stream.end == "host_stops"
