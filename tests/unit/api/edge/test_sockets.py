"""Websockets through the whole edge, on a real socket and with a client that is not ours."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Coroutine
from socket import create_server
from typing import Any

import pytest
from tests.unit.api.edge.live_server import serving
from tests.unit.api.edge.test_app import TOKEN, UUID, authenticate, render_error
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kumoi.api.edge.app import Edge
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.server import server
from kumoi.api.edge.sockets import MESSAGE_MOST, SocketRules, shortened
from kumoi.core.errors import NotFound, Unavailable


async def echo(request: Request) -> None:
    await request.socket.accept("binary")
    while (data := await request.socket.receive()) is not None:
        await request.socket.send(data + request.params["end"].encode())


async def refuse(request: Request) -> None:
    raise NotFound("compute", kind="instance", id=request.params["id"])


async def refuse_late(request: Request) -> None:
    await request.socket.accept()
    await request.socket.receive()
    raise NotFound("compute", kind="instance", id="9")


async def fail(request: Request) -> None:
    await request.socket.accept()
    raise RuntimeError("our own fault")


async def page(_request: Request) -> Response:
    return json_response({"page": True})


def edge(*extra: Route, **rules: Any) -> Edge:
    tongue = Tongue(
        name="test",
        prefix="/test",
        routes=[
            Route("WEBSOCKET", "/echo/{end}", echo, wait=True, anonymous=True),
            Route("GET", "/echo/{end}", page, wait=True, anonymous=True),
            Route("WEBSOCKET", "/mine/{end}", echo, "things.read", wait=True),
            Route("WEBSOCKET", "/gone/{id}", refuse, wait=True, anonymous=True),
            Route("WEBSOCKET", "/late", refuse_late, wait=True, anonymous=True),
            Route("WEBSOCKET", "/broken", fail, wait=True, anonymous=True),
            *extra,
        ],
        authenticate=authenticate,
        render_error=render_error,
    )
    app = Edge([tongue], now=lambda: 1_000_000.0, new_id=lambda: UUID)
    app.sockets = SocketRules(**rules)
    return app


def talk(
    work: Callable[[ClientConnection], Coroutine[Any, Any, Any]], path: str, app: Edge | None = None, **more: Any
) -> Any:
    """What `work` returns, given a websocket to this path."""
    with serving(app or edge()) as address:

        async def connected() -> Any:
            async with connect(f"ws://{address}{path}", proxy=None, **more) as socket:
                return await work(socket)

        return asyncio.run(connected())


async def hello(socket: ClientConnection) -> tuple[bytes | str, str | None]:
    await socket.send(b"hello")
    return await socket.recv(), socket.subprotocol


async def ended(socket: ClientConnection) -> tuple[int, str]:
    with contextlib.suppress(ConnectionClosed):
        await socket.send(b"and now")
        await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def refused(path: str, app: Edge | None = None, **more: Any) -> Any:
    with pytest.raises(InvalidStatus) as answer:
        talk(hello, path, app, **more)
    return answer.value.response


def test_bytes_go_both_ways() -> None:
    assert talk(hello, "/test/echo/%21") == (b"hello!", None)


def test_text_is_bytes_too() -> None:
    async def say(socket: ClientConnection) -> bytes | str:
        await socket.send("雲")
        return await socket.recv()

    assert talk(say, "/test/echo/!") == "雲!".encode()


def test_a_subprotocol_is_chosen_of_those_offered() -> None:
    assert talk(hello, "/test/echo/!", subprotocols=["base64", "binary"]) == (b"hello!", "binary")


def test_the_caller_is_asked_who_he_is() -> None:
    answer = refused("/test/mine/!")
    assert (answer.status_code, json.loads(answer.body)["code"]) == (401, "unauthenticated")
    assert answer.headers["x-openstack-request-id"] == f"req-{UUID}"
    assert talk(hello, "/test/mine/!", additional_headers=[TOKEN]) == (b"hello!", None)


def test_a_refusal_before_it_began_is_an_answer() -> None:
    answer = refused("/test/gone/7")
    assert answer.status_code == 404
    assert "7" in json.loads(answer.body)["message"]
    assert refused("/test/nowhere").status_code == 404
    assert refused("/healthz").status_code == 405


def test_a_refusal_after_it_began_ends_it_with_a_sentence() -> None:
    code, reason = talk(ended, "/test/late")
    assert (code, reason) == (4404, "No instance 9 was found.")
    code, reason = talk(ended, "/test/late", additional_headers=[("accept-language", "ja")])
    assert code == 4404
    assert "9" in reason
    assert reason != "No instance 9 was found."


def test_our_own_fault_is_named_by_its_request_id() -> None:
    code, reason = talk(ended, "/test/broken")
    assert code == 4500
    assert UUID in reason


def test_a_page_of_another_site_is_refused() -> None:
    app = edge(origins=("https://cloud.example/",))
    assert refused("/test/echo/!", app, origin="https://evil.example").status_code == 403
    assert refused("/test/echo/!", app, origin="null").status_code == 403
    assert talk(hello, "/test/echo/!", app, origin="https://cloud.example") == (b"hello!", None)
    with serving(edge()) as address:

        async def own() -> Any:
            async with connect(f"ws://{address}/test/echo/!", proxy=None, origin=f"http://{address}") as socket:
                return await hello(socket)

        assert asyncio.run(own()) == (b"hello!", None)


def test_a_message_has_a_limit() -> None:
    async def shout(socket: ClientConnection) -> int:
        await socket.send(bytes(MESSAGE_MOST + 1))
        with contextlib.suppress(ConnectionClosed):
            await socket.recv()
        assert socket.close_code is not None
        return socket.close_code

    assert talk(shout, "/test/echo/!") == 1009


def test_there_is_a_most_of_websockets() -> None:
    app = edge(most=1)
    with serving(app) as address:

        async def two() -> int:
            async with connect(f"ws://{address}/test/echo/!", proxy=None) as first:
                await first.send(b"x")
                await first.recv()
                with pytest.raises(InvalidStatus) as second:
                    await connect(f"ws://{address}/test/echo/!", proxy=None)
                return second.value.response.status_code

        assert asyncio.run(two()) == 503


def test_who_sends_faster_than_it_is_taken_has_to_wait() -> None:
    """The handler receives nothing: what the caller can get rid of is bounded."""

    async def deaf(request: Request) -> None:
        await request.socket.accept()
        await asyncio.Event().wait()

    async def push(socket: ClientConnection) -> int:
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 256 << 20:
                async with asyncio.timeout(2.0):
                    await socket.send(bytes(1 << 16))
                sent += 1 << 16
        socket.transport.abort()
        return sent

    app = edge(Route("WEBSOCKET", "/deaf", deaf, wait=True, anonymous=True))
    assert talk(push, "/test/deaf", app) < 64 << 20


def test_a_query_is_told_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)  # this side's own
    talk(hello, "/test/echo/!?token=very-secret")
    refused("/test/gone/7?token=very-secret")
    assert "very-secret" not in caplog.text


def test_plain_requests_to_the_same_path_are_answered() -> None:
    with serving(edge()) as address:

        async def get(path: str) -> bytes:
            reader, writer = await asyncio.open_connection(*address.split(":"))
            writer.write(f"GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer

        assert b'{"page":true}' in asyncio.run(get("/test/echo/!"))
        assert asyncio.run(get("/test/late")).startswith(b"HTTP/1.1 404")


def test_they_are_counted() -> None:
    app = edge()
    talk(hello, "/test/echo/!", app)
    registry = app.registry
    labels = {"tongue": "test", "route": "/echo/{end}", "code": "1000"}
    assert registry.get_sample_value("kumoi_websockets_ended_total", labels) == 1
    assert registry.get_sample_value("kumoi_websockets", {"edge": "api"}) == 0


def test_a_server_that_stops_ends_them() -> None:
    async def stop() -> int | None:
        app = edge()
        listening = create_server(("127.0.0.1", 0))
        running = server(app)
        stopping = asyncio.create_task(running.serve(sockets=[listening]))
        async with connect(f"ws://127.0.0.1:{listening.getsockname()[1]}/test/echo/!", proxy=None) as socket:
            await socket.send(b"x")
            await socket.recv()
            running.should_exit = True
            with contextlib.suppress(ConnectionClosed):
                await socket.recv()
            await stopping
            listening.close()
            return socket.close_code

    assert asyncio.run(stop()) == 1012


@pytest.mark.parametrize("sentence", ["short", "x" * 200, "雲" * 80, ""])
def test_a_reason_fits_a_close_frame(sentence: str) -> None:
    short = shortened(sentence)
    assert len(short.encode()) <= 123
    assert sentence.startswith(short.removesuffix("…"))


def test_unavailable_is_4503() -> None:
    async def busy(request: Request) -> None:
        await request.socket.accept()
        raise Unavailable("host", what="agent", retry_after_s=5)

    app = edge(Route("WEBSOCKET", "/busy", busy, wait=True, anonymous=True))
    assert talk(ended, "/test/busy", app)[0] == 4503
