"""`kumoi ssh`: which address of a guest, and from where."""

import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from kumoi.cmd.ssh import Way, find_way, knock
from kumoi.core.errors import NotFound, Unauthenticated, Unavailable
from kumoi.runtime.state_folder import StateFolder

FIXED = {"addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed"}
FLOATING = {"addr": "172.24.4.9", "OS-EXT-IPS:type": "floating"}
SERVERS = [
    {"id": "s1", "name": "web", "addresses": {"net": [FIXED, FLOATING]}},
    {"id": "s2", "name": "db", "addresses": {"net": [FIXED]}},
]
PORTS = [{"network_id": "n1", "fixed_ips": [{"ip_address": "10.0.0.5"}]}]


class Api(BaseHTTPRequestHandler):
    """As much of a cloud as is asked for."""

    def do_POST(self) -> None:
        body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
        right = body["auth"]["identity"]["password"]["user"]["password"] == "right"
        self.answer(201 if right else 401, {}, token="t1")

    def do_GET(self) -> None:
        assert self.headers["X-Auth-Token"] == "t1"
        nouns = {"servers": SERVERS, "ports": PORTS}
        self.answer(200, {k: v for k, v in nouns.items() if f"/{k}" in self.path})

    def answer(self, status: int, body: object, token: str = "") -> None:
        data = msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Subject-Token", token)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFolder]:
    with HTTPServer(("127.0.0.1", 0), Api) as api:
        thread = threading.Thread(target=api.serve_forever)
        thread.start()
        folder = StateFolder(tmp_path)
        write(folder, f"http://127.0.0.1:{api.server_port}/identity/v3", "right")
        yield folder
        api.shutdown()
        thread.join()


def write(folder: StateFolder, url: str, password: str) -> None:
    auth = {
        "auth_url": url,
        "username": "admin",
        "password": password,
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    folder.clouds_yaml.write_bytes(msgspec.json.encode({"clouds": {"kumoi-admin": {"auth": auth}}}))


def test_the_public_address_by_name_or_id(state: StateFolder) -> None:
    assert find_way(state, "web") == find_way(state, "s1") == Way(address="172.24.4.9")


def test_without_one_from_the_network_s_own_namespace(state: StateFolder) -> None:
    with pytest.raises(Unavailable):
        find_way(state, "db")
    (state.root / "run/netns/qdhcp-n1").mkdir(parents=True)
    assert find_way(state, "db") == Way(address="10.0.0.5", netns="qdhcp-n1")


def test_an_address_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_way(StateFolder(tmp_path), "172.24.4.7") == Way(address="172.24.4.7")


def test_refusals_are_told_apart(state: StateFolder) -> None:
    with pytest.raises(NotFound):
        find_way(state, "nobody")
    url = msgspec.json.decode(state.clouds_yaml.read_bytes())["clouds"]["kumoi-admin"]["auth"]["auth_url"]
    write(state, url, "wrong")
    with pytest.raises(Unauthenticated):
        find_way(state, "web")
    write(state, "http://127.0.0.1:1/identity/v3", "right")
    with pytest.raises(Unavailable):
        find_way(state, "web")
    state.clouds_yaml.unlink()
    with pytest.raises(Unavailable):
        find_way(state, "web")


REFUSED = "import sys; sys.exit('kumoi: 10.0.0.5 port 22: No route to host')"
HANDED_OVER = """
import socket
ours, theirs = socket.socketpair()
theirs.sendall({banner!r})
theirs.shutdown(socket.SHUT_WR)
with socket.socket(fileno=1) as ssh:
    socket.send_fds(ssh, [b"x"], [ours.fileno()])
"""


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        (REFUSED, "No route to host"),
        (HANDED_OVER.format(banner=b"SSH-2.0-x"), None),
        (HANDED_OVER.format(banner=b"HTTP"), "no ssh"),
    ],
)
def test_a_guest_lets_in_once_it_speaks_ssh(program: str, refusal: str | None) -> None:
    assert knock((sys.executable, "-c", program), time.monotonic() + 30) == refusal
