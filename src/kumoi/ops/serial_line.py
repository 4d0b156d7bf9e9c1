"""A server's serial line for this terminal: opened by a link like any other client's, key by key.

What does not belong here: arguments and refusals as sentences (cmd/console).
"""

import os
import select
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kumoi.core.errors import Unavailable
from kumoi.ops.client import Client
from kumoi.ops.reach import Reach

LEAVE: Final = b"\x1d"  # Ctrl-]
_PATIENCE_S: Final = 30.0
_KEYS: Final = 4096
_BINARY: Final = Subprotocol("binary")


@contextmanager
def opened(client: Client, server_id: str) -> Iterator[ClientConnection]:
    """The line of a running server. Raises KumoiError."""
    wish = {"os-getSerialConsole": {"type": "serial"}}
    link = client.post(f"/compute/v2.1/servers/{server_id}/action", wish)["console"]["url"]
    with line(client.reach, link) as connection:
        yield connection


@contextmanager
def line(reach: Reach, link: str) -> Iterator[ClientConnection]:
    """Behind a link, the way that we know: what the link says first may be for others than us."""
    where = urlsplit(link)
    target = f"{reach.url('ws')}{where.path}?{where.query}"
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(
                connect(
                    target,
                    proxy=None,
                    compression=None,
                    subprotocols=[_BINARY],
                    open_timeout=_PATIENCE_S,
                    ssl=reach.context(),
                )
            )
        except (OSError, WebSocketException) as e:
            raise Unavailable("api", what="api", reason="no_answer", detail=str(e)) from e
        yield connection


def attach(connection: ClientConnection, keys: int, screen: int) -> str:
    """Until LEAVE is typed or the line ends; why it ended, empty for the former. `keys`, `screen`: descriptors."""
    ended, bell = os.pipe()
    hearing = threading.Thread(target=_hear, args=(connection, screen, bell), daemon=True)
    hearing.start()
    try:
        while keys in select.select([keys, ended], [], [])[0]:
            typed = os.read(keys, _KEYS)
            before, left, _ = typed.partition(LEAVE)
            if before:
                connection.send(before)
            if left or not typed:
                return ""
    except ConnectionClosed:
        pass
    finally:
        connection.close()
        hearing.join()
        os.close(ended)
        os.close(bell)
    return connection.close_reason or "the connection was lost"


@contextmanager
def raw(terminal: int) -> Iterator[None]:
    """Every key as it is pressed, none with a meaning here."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _hear(connection: ClientConnection, screen: int, bell: int) -> None:
    try:
        for message in connection:
            data = message if isinstance(message, bytes) else message.encode()
            while data:
                data = data[os.write(screen, data) :]
    except (ConnectionClosed, OSError):
        pass
    finally:
        os.write(bell, b"\0")
