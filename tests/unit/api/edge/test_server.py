"""The edge behind real sockets: what only a server and a parser can do to it."""

import http.client
import os
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.unit.api.edge.live_server import serving
from tests.unit.api.edge.test_app import edge

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.streams import pieces

TOKEN = {"X-Auth-Token": "good"}
BIG = os.urandom(1 << 20) * 5


async def download_pieces(request: Request) -> Response:
    source = (BIG[i : i + (1 << 20)] for i in range(0, len(BIG), 1 << 20))
    return Response(stream=pieces(iter(source), request.run_in), length=len(BIG))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = edge(Route("GET", "/big", download_pieces, anonymous=True, wait=True))
    with serving(app) as address:
        yield address


def test_a_connection_serves_many_requests_whatever_was_wrong_with_one(address: str) -> None:
    connection = http.client.HTTPConnection(address)
    asked = [
        ("GET", "/test/v2.1/hello", None, {}, 200),
        ("POST", "/test/v2.1/nothing", b"x" * 1000, TOKEN, 404),
        ("POST", "/test/v2.1/things", b"x" * 1000, TOKEN, 413),
        ("HEAD", "/test/v2.1/hello", None, {}, 200),
        ("POST", "/test/v2.1/things", b'{"name": "a"}', TOKEN, 201),
        ("GET", "/test/v2.1/%2e%2e/%2e%2e/etc/passwd", None, {}, 404),
    ]
    for method, path, body, headers, status in asked:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, path
    connection.close()


def test_a_large_download_arrives_whole(address: str) -> None:
    connection = http.client.HTTPConnection(address)
    connection.request("GET", "/test/v2.1/big")
    assert connection.getresponse().read() == BIG
    connection.close()


def test_chunked_upload(address: str) -> None:
    connection = http.client.HTTPConnection(address)
    connection.request("PUT", "/test/v2.1/blob", iter([b"x" * 3000] * 3), TOKEN, encode_chunked=True)
    assert connection.getresponse().read() == b"9000"
    connection.close()


def test_a_body_that_is_too_large_is_never_asked_for(address: str) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=90) as wire:
        head = "POST /test/v2.1/things HTTP/1.1\r\nHost: x\r\nX-Auth-Token: good\r\n"
        wire.sendall(f"{head}Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n".encode())
        got = b""
        while more := wire.recv(65536):
            got += more
    assert got.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in got


def test_who_hangs_up_during_a_download_harms_nobody(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=90) as wire:
            wire.sendall(b"GET /test/v2.1/big HTTP/1.1\r\nHost: x\r\n\r\n")
            wire.recv(1000)
    test_a_large_download_arrives_whole(address)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /test/v2.1/hello HTTP/1.1\r\nHost: x\r\nX-A: \x01\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://other/test/v2.1/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"OPTIONS /test/v2.1/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /test/v2.1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ],
)
def test_odd_bytes_are_answered_or_hung_up_on(address: str, raw: bytes) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=90) as wire:
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        got = b""
        while more := wire.recv(65536):
            got += more
    assert b" 500 " not in got.split(b"\r\n")[0]
    connection = http.client.HTTPConnection(address)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_head_without_end_is_hung_up_on(address: str) -> None:
    host, _, port = address.partition(":")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=90) as wire:
        wire.sendall(b"GET /test/v2.1/hello HTTP/1.1\r\n")
        try:
            while sent < 64 << 20:
                sent += wire.send(b"X-Filler: " + b"x" * 4000 + b"\r\n")
        except OSError:
            pass
    assert sent < 64 << 20


def test_a_long_poll_ends_when_the_server_stops() -> None:
    begun = threading.Event()
    answers: list[tuple[int, str | None]] = []

    async def poll(_request: Request) -> Response:
        ticket = app.waiters.ticket(["k"])
        begun.set()
        await ticket.wait(3600)
        raise AssertionError("nobody wakes this key")

    app = edge(Route("GET", "/poll", poll, anonymous=True, wait=True))

    def ask(address: str) -> None:
        connection = http.client.HTTPConnection(address)
        connection.request("GET", "/test/v2.1/poll")
        answer = connection.getresponse()
        answers.append((answer.status, answer.getheader("retry-after")))
        connection.close()

    with serving(app) as address:
        asking = threading.Thread(target=ask, args=[address])
        asking.start()
        assert begun.wait(30)
    asking.join()
    assert answers == [(503, "1")]
