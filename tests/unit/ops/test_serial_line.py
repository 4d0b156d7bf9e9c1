"""A serial line in a terminal: keys out, words in, Ctrl-] leaves, an end has its reason."""

import os
import pty
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.contract.compute.sandbox import wait_for
from websockets.sync.server import ServerConnection, serve

from kumoi.core.errors import Unavailable
from kumoi.ops import serial_line
from kumoi.ops.reach import Reach


@contextmanager
def served(talk: Callable[[ServerConnection], None]) -> Iterator[tuple[Reach, str]]:
    """The way to a server, and a link to a console there."""
    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.socket.getsockname()
        try:
            yield Reach(host=host, port=port), "https://cloud.example/console/serial?token=t1"
        finally:
            server.shutdown()
            thread.join()


def echo(connection: ServerConnection) -> None:
    assert connection.request is not None
    assert connection.request.path == "/console/serial?token=t1"
    for message in connection:
        connection.send(message)


def refuse(connection: ServerConnection) -> None:
    connection.close(4401, "used already")


class Terminal:
    """A pseudo-terminal with somebody before it."""

    def __init__(self) -> None:
        self.person, self.end = pty.openpty()

    def read(self, wanted: bytes) -> None:
        got = b""
        while wanted not in got:
            got += os.read(self.person, 4096)

    def close(self) -> None:
        os.close(self.person)
        os.close(self.end)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def attach(terminal: Terminal, reach: Reach, link: str) -> str:
    with serial_line.line(reach, link) as connection, serial_line.raw(terminal.end):
        return serial_line.attach(connection, terminal.end, terminal.end)


def test_keys_go_out_and_words_come_in_until_one_leaves(terminal: Terminal) -> None:
    before = termios.tcgetattr(terminal.end)
    ends: list[str] = []
    with served(echo) as (reach, link):
        thread = threading.Thread(target=lambda: ends.append(attach(terminal, reach, link)))
        thread.start()
        wait_for(lambda: not termios.tcgetattr(terminal.end)[3] & termios.ICANON, 30.0)
        os.write(terminal.person, b"\x03ls\r")  # Ctrl-C is the guest's
        terminal.read(b"\x03ls\r")
        os.write(terminal.person, b"\x1dnot this")
        thread.join(30.0)
    assert ends == [""]
    assert termios.tcgetattr(terminal.end) == before


def test_a_line_that_ends_says_why(terminal: Terminal) -> None:
    with served(refuse) as (reach, link):
        assert attach(terminal, reach, link) == "used already"


def test_nobody_there(terminal: Terminal) -> None:
    with served(echo) as (reach, link):
        pass
    with pytest.raises(Unavailable):
        attach(terminal, reach, link)
