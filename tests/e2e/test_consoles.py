"""A real guest's consoles by the way that its user goes: a link by the API, a websocket to serve, and the guest."""

import json
import os
import signal
import struct
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.e2e.ground import Ground, until
from tests.e2e.test_kill_everything import client as openstack
from tests.e2e.test_kill_everything import cloud  # noqa: F401 - a fixture
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from kumoi.core.errors import KumoiError
from kumoi.ops.client import Client
from kumoi.ops.serial_line import line, opened

pytestmark = [pytest.mark.guest, pytest.mark.privileged, pytest.mark.timeout(600)]

BOOT_S = 180.0


def await_word(console: ClientConnection, word: bytes, patience_s: float = BOOT_S) -> None:
    got = b""
    while word not in got:
        more = console.recv(patience_s)
        assert isinstance(more, bytes)
        got += more


def exactly(console: ClientConnection, held: bytearray, size: int) -> bytes:
    """A websocket's messages as one stream."""
    while len(held) < size:
        more = console.recv(BOOT_S)
        assert isinstance(more, bytes)
        held += more
    found = bytes(held[:size])
    del held[:size]
    return found


def handshake(console: ClientConnection) -> tuple[int, int]:
    """RFB 3.8 without security; the size of the screen."""
    held = bytearray()
    assert exactly(console, held, 12) == b"RFB 003.008\n"
    console.send(b"RFB 003.008\n")
    assert 1 in exactly(console, held, exactly(console, held, 1)[0])
    console.send(b"\x01")
    assert exactly(console, held, 4) == bytes(4)
    console.send(b"\x01")
    width, height = struct.unpack(">HH", exactly(console, held, 4))
    return width, height


def types(client: Client, server: str, number: int) -> bool:
    """Whether the guest's shell did this sum; one that only begins has dropped what was typed before."""
    try:
        with opened(client, server) as console:
            console.send(f"\recho $(({number} + 2))-typed\r".encode())
            await_word(console, f"{number + 2}-typed".encode(), 10.0)
    except (KumoiError, ConnectionClosed, TimeoutError):
        return False
    return True


def log(cloud: Ground, server: str) -> str:  # noqa: F811
    client = Client(cloud.state / "clouds.yaml")
    return str(client.post(f"/compute/v2.1/servers/{server}/action", {"os-getConsoleOutput": {}})["output"])


def shown(cloud: Ground, server: str, kind: str) -> Any:  # noqa: F811
    return openstack(cloud, "console", "url", "show", f"--{kind}", server, "-f", "json")["url"]


def screen(cloud: Ground, server: str) -> str:  # noqa: F811
    """Where the page that the link names goes with its websocket, by noVNC's own rule."""
    link = urlsplit(shown(cloud, server, "novnc"))
    return f"{link.scheme}://{link.netloc}/{parse_qs(link.query)['path'][0]}"


def test_keys_reach_the_guest_and_its_screen_the_viewer(cloud: Ground) -> None:  # noqa: F811
    chosen = ("--image", "tiny", "--flavor", "m1.nano", "--network", "private")
    server = openstack(cloud, "server", "create", *chosen, "s1", "-f", "json")["id"]
    client = Client(cloud.state / "clouds.yaml")
    until(lambda: " booted" in _soon(cloud, server), BOOT_S)
    until(lambda: types(client, server, 40), BOOT_S)
    until(lambda: "42-typed" in log(cloud, server))  # QEMU writes it, whoever is on the line
    with line(client.reach, screen(cloud, server)) as console:
        assert handshake(console) > (0, 0)
    with line(client.reach, shown(cloud, server, "serial")) as console:
        console.send(b"\r")
        await_word(console, b"#")
    kill_agent(cloud)
    until(lambda: types(client, server, 50), BOOT_S)
    until(lambda: "52-typed" in log(cloud, server))


def _soon(cloud: Ground, server: str) -> str:  # noqa: F811
    """Its log; empty while it is on no host."""
    try:
        return log(cloud, server)
    except KumoiError:
        return ""


def kill_agent(cloud: Ground) -> None:  # noqa: F811
    record = json.loads((cloud.state / "ground/processes.json").read_text())
    os.kill(record["programs"]["agent"]["process"]["pid"], signal.SIGKILL)
