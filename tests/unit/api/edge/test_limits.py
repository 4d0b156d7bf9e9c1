"""Who is slow, or asks too often: hung up on, or told when to come again; nobody else is harmed."""

import asyncio
import http.client
import socket

import pytest
from tests.unit.api.edge.asgi_client import Answer, call
from tests.unit.api.edge.live_server import serving
from tests.unit.api.edge.test_app import edge, tell
from tests.unit.api.edge.test_server import download_pieces

from kumoi.api.edge.errors import TooManyTries
from kumoi.api.edge.rates import KNOWN_MOST, Rates
from kumoi.api.edge.routes import Route

HEAD = b"GET /test/v2.1/big HTTP/1.1\r\nHost: x\r\n"


def connected(address: str) -> socket.socket:
    host, _, port = address.partition(":")
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.settimeout(90)
    wire.connect((host, int(port)))
    return wire


def until_hung_up(wire: socket.socket) -> int:
    """How many bytes came."""
    came = 0
    try:
        while data := wire.recv(1 << 16):
            came += len(data)
    except ConnectionResetError:
        pass
    return came


def test_a_head_that_never_ends_is_hung_up_on_in_time() -> None:
    app = edge(Route("GET", "/big", download_pieces, anonymous=True, wait=True))
    with serving(app, head_s=0.2) as address, connected(address) as wire:
        wire.sendall(HEAD)
        assert until_hung_up(wire) == 0


def test_who_stops_reading_is_hung_up_on_and_others_are_served() -> None:
    app = edge(Route("GET", "/big", download_pieces, anonymous=True, wait=True))
    with serving(app, read_s=0.3) as address, connected(address) as wire:
        wire.sendall(HEAD + b"\r\n")
        connection = http.client.HTTPConnection(address)
        while app.registry.get_sample_value("kumoi_http_requests_total", hung_up()) is None:
            connection.request("GET", "/test/v2.1/big")
            assert len(connection.getresponse().read()) == 5 << 20
        connection.close()
        assert until_hung_up(wire) < 5 << 20


def hung_up() -> dict[str, str]:
    return {"tongue": "test", "method": "GET", "route": "/big", "status": "499"}


def test_a_project_has_its_rate_and_a_burst_and_is_told_when_to_come_again() -> None:
    now = [0.0]
    rates = Rates(2.0, lambda: now[0])
    for _ in range(20):
        rates.take_of("project/a")
    with pytest.raises(TooManyTries) as told:
        rates.take_of("project/a")
    assert told.value.facts == {"retry_after_s": 1}
    rates.take_of("project/b")
    now[0] = 0.5
    rates.take_of("project/a")
    with pytest.raises(TooManyTries):
        rates.take_of("project/a")


def test_who_is_refused_does_not_wait_longer_for_having_asked() -> None:
    now = [0.0]
    rates = Rates(0.01, lambda: now[0])
    rates.take_of("x")
    for _ in range(5):
        with pytest.raises(TooManyTries) as told:
            rates.take_of("x")
        assert told.value.facts == {"retry_after_s": 100}
    now[0] = 100.0
    rates.take_of("x")


def test_no_more_are_remembered_than_there_is_room_for() -> None:
    rates = Rates(0.01, lambda: 0.0)
    rates.take_of("first")
    for number in range(KNOWN_MOST):
        rates.take_of(str(number))
    rates.take_of("first")  # forgotten, not kept for ever


def test_a_refusal_is_429_with_retry_after() -> None:
    app = edge(Route("GET", "/word", tell("word"), anonymous=True))
    app.rates = Rates(0.1, lambda: 0.0)

    async def twice() -> tuple[Answer, Answer]:
        return await call(app, "GET", "/test/v2.1/word"), await call(app, "GET", "/test/v2.1/word")

    first, second = asyncio.run(twice())
    assert first.status == 200
    assert (second.status, second.header("retry-after")) == (429, "10")
