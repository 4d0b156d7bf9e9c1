"""The consoles of the compute contract: the serial line and the screen, the same for every driver."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import pytest
from tests.contract.compute.rigs import Rig
from tests.contract.compute.sandbox import wait_for

from kumoi.contracts.compute import Machine
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import WrongState

PATIENCE_S = 180.0


@pytest.fixture
def booted(rig: Rig) -> Machine:
    machine = rig.machine()
    rig.compute.ensure(machine)
    rig.compute.start(machine, 1)
    rig.wait_up(machine.id)
    return machine


@contextmanager
def console(rig: Rig, machine: Machine, kind: ConsoleKind) -> Iterator[socket.socket]:
    with rig.compute.open_console(machine.id, kind) as opened:
        opened.settimeout(PATIENCE_S)
        yield opened


def echoed(line: socket.socket, word: bytes) -> None:
    """Whoever reads there, a login or a shell: its terminal echoes."""
    line.sendall(b"\r" + word)
    got = b""
    while word not in got:
        more = line.recv(4096)
        assert more, got
        got += more


def exactly(screen: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = screen.recv(size - len(got))
        assert more, got
        got += more
    return got


def handshake(screen: socket.socket) -> tuple[int, int]:
    """RFB 3.8 without security, as RFC 6143 §7 has it; the size of the screen."""
    assert exactly(screen, 12) == b"RFB 003.008\n"
    screen.sendall(b"RFB 003.008\n")
    kinds = exactly(screen, exactly(screen, 1)[0])
    assert 1 in kinds  # None
    screen.sendall(b"\x01")
    assert exactly(screen, 4) == bytes(4)
    screen.sendall(b"\x01")  # shared
    width, height = struct.unpack(">HH", exactly(screen, 4))
    exactly(screen, 16)
    exactly(screen, struct.unpack(">I", exactly(screen, 4))[0])
    return width, height


def picture(screen: socket.socket, size: tuple[int, int]) -> bytes:
    """One whole picture, raw, 32 bits a pixel."""
    screen.sendall(struct.pack(">BxHi", 2, 1, 0))
    screen.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, *size))
    assert exactly(screen, 2) == b"\0\0"
    pixels = b""
    for _ in range(struct.unpack(">H", exactly(screen, 2))[0]):
        _, _, width, height, encoding = struct.unpack(">HHHHi", exactly(screen, 12))
        assert encoding == 0
        pixels += exactly(screen, 4 * width * height)
    return pixels


def test_what_is_typed_on_the_serial_line_is_answered_and_logged(rig: Rig, booted: Machine) -> None:
    with console(rig, booted, "serial") as line:
        echoed(line, b"nobody-i-know")
    wait_for(lambda: b"nobody-i-know" in rig.compute.console(booted.id, 1 << 16))


def test_the_serial_line_passes_to_the_next_one(rig: Rig, booted: Machine) -> None:
    first = rig.compute.open_console(booted.id, "serial")
    first.settimeout(PATIENCE_S)
    echoed(first, b"here")
    second = rig.compute.open_console(booted.id, "serial")
    second.settimeout(PATIENCE_S)
    first.close()
    with second:
        echoed(second, b"here")


def test_a_new_process_opens_consoles_of_guests_that_run(rig: Rig, booted: Machine) -> None:
    rig.reopen()
    with console(rig, booted, "serial") as line, console(rig, booted, "vnc") as screen:
        echoed(line, b"here")
        assert handshake(screen) > (0, 0)


def test_several_look_at_one_screen(rig: Rig, booted: Machine) -> None:
    with console(rig, booted, "vnc") as one, console(rig, booted, "vnc") as other:
        size = handshake(one)
        assert handshake(other) == size
        seen = picture(one, size)
        assert len(seen) == 4 * size[0] * size[1]
        assert len(set(seen)) > 1, "one colour is no picture"
        one.sendall(struct.pack(">BBxxI", 4, 1, 0x61) + struct.pack(">BBxxI", 4, 0, 0x61))
        assert picture(other, size)


def test_consoles_end_with_the_power(rig: Rig, booted: Machine) -> None:
    with console(rig, booted, "serial") as line, console(rig, booted, "vnc") as screen:
        handshake(screen)
        echoed(line, b"here")
        rig.compute.stop(booted.id, hard=True)
        for opened in (line, screen):
            while opened.recv(4096):
                pass


def test_what_is_off_or_absent_has_no_console(rig: Rig) -> None:
    machine = rig.machine()
    for status in ("missing", "off"):
        for kind in get_args(ConsoleKind):
            with pytest.raises(WrongState) as refused:
                rig.compute.open_console(machine.id, kind)
            assert refused.value.facts["status"] == status
        rig.compute.ensure(machine)


def test_a_reset_keeps_the_consoles_of_the_next_boot(rig: Rig, booted: Machine) -> None:
    rig.compute.reset(booted.id, hard=True)
    rig.wait_up(booted.id)
    with console(rig, booted, "serial") as line:
        echoed(line, b"here")
    # The line has a letter a moment before the log has it.
    wait_for(lambda: b"here" in rig.compute.console(booted.id, 1 << 16))
