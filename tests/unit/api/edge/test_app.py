"""The application end to end, without sockets: routing, bodies, callers, errors, ids, hang-ups."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.api.edge.asgi_client import Answer, Caller, call, scope_of

from kumoi.api.edge.app import Edge
from kumoi.api.edge.errors import status_of
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route, Tongue, Version
from kumoi.api.edge.text import say
from kumoi.core.call import Actor
from kumoi.core.errors import Invalid, KumoiError, NotFound, Unauthenticated
from kumoi.core.ids import ProjectId, UserId

UUID = "0b1e5d3a-7c56-4f0e-9a50-3b1f6f3d2c11"


class CreateThing(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size_gib: int = 1


def authenticate(request: Request) -> Actor:
    if request.header("x-auth-token") != "good":
        raise Unauthenticated(reason="no_credentials")
    return Actor(user_id=UserId("u1"), user_name="ann", project_id=ProjectId("p1"))


def render_error(request: Request, error: KumoiError) -> Response:
    return json_response({"code": error.code, "message": say(error, request.locale)}, status_of(error))


def version(request: Request) -> Version | None:
    text = request.header("version", "2.1")
    assert text is not None
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise Invalid(field="version", reason="format")
    return int(major), int(minor)


def show(request: Request) -> Response:
    who = request.call().actor.user_name
    return json_response({"id": request.params["id"], "who": who, "query": request.query})


def missing(request: Request) -> Response:
    raise NotFound("compute", kind="instance", id=request.params["id"])


def create(request: Request) -> Response:
    thing = request.json(CreateThing)
    return json_response({"name": thing.name, "size_gib": thing.size_gib}, 201)


def broken(_request: Request) -> Response:
    raise ZeroDivisionError


def tell(word: str) -> Callable[[Request], Response]:
    return lambda _request: json_response(word)


async def sized(request: Request) -> Response:
    size = 0
    async for chunk in request.chunks():
        size += len(chunk)
    return json_response(size)


class Slow:
    """A waiting handler whose end is seen from outside."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False

    async def __call__(self, _request: Request) -> Response:
        self.begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return no_content()


class Endless:
    """A stream without end, that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            self.closed = True


def routes(extra: list[Route]) -> list[Route]:
    return [
        Route("GET", "/things/{id}", show, "things.read"),
        Route("DELETE", "/things/{id}", missing, "things.delete"),
        Route("POST", "/things", create, "things.create", body_limit=100),
        Route("GET", "/broken", broken, anonymous=True),
        Route("GET", "/hello", tell("hello"), anonymous=True),
        Route("POST", "/things/{id}/action", tell("started"), "things.power", body_key="start"),
        Route("POST", "/things/{id}/action", tell("stopped"), "things.power", body_key="stop"),
        Route("GET", "/old", tell("old"), "things.read", max_version=(2, 35)),
        Route("GET", "/old", tell("new"), "things.read", min_version=(2, 40)),
        Route("PUT", "/blob", sized, "things.write", wait=True, streamed=True, body_limit=10_000),
        *extra,
    ]


def edge(*extra: Route) -> Edge:
    tongue = Tongue(
        name="test",
        prefix="/test/v2.1",
        routes=routes(list(extra)),
        authenticate=authenticate,
        render_error=render_error,
        version=version,
        headers=lambda r: [("vary", "version")],
    )
    return Edge([tongue], now=lambda: 1_000_000.0, new_id=lambda: UUID)


TOKEN = ("X-Auth-Token", "good")


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


def test_a_handler_sees_params_query_and_caller() -> None:
    answer = run(call(edge(), "GET", "/test/v2.1/things/a%2Db?x=1&y=&x=%E9%9B%B2", [TOKEN]))
    assert answer.status == 200
    assert answer.json() == {"id": "a-b", "who": "ann", "query": [["x", "1"], ["y", ""], ["x", "雲"]]}
    assert answer.header("content-type") == "application/json"
    assert answer.header("vary") == "version"
    assert answer.header("x-openstack-request-id") == f"req-{UUID}"


def test_head_has_the_headers_of_get_and_no_body() -> None:
    got = run(call(edge(), "GET", "/test/v2.1/things/a", [TOKEN]))
    head = run(call(edge(), "HEAD", "/test/v2.1/things/a", [TOKEN]))
    assert head.body == b""
    assert head.header("content-length") == got.header("content-length")


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/test/v2.1/things/a", [], 401),
        ("GET", "/test/v2.1/nothing", [TOKEN], 404),
        ("GET", "/elsewhere", [], 404),
        ("PATCH", "/test/v2.1/things/a", [TOKEN], 405),
        ("DELETE", "/test/v2.1/things/a", [TOKEN], 404),
        ("GET", "/test/v2.1/hello", [("version", "x")], 400),
        ("GET", "/test/v2.1/things/a?x=%FF", [TOKEN], 400),
        ("GET", "/test/v2.1/hello", [("x-long", "x" * 70_000)], 431),
        ("POST", "/test/v2.1/things", [TOKEN, ("content-length", "101")], 413),
        ("POST", "/test/v2.1/things", [TOKEN, ("content-length", "-1")], 400),
    ],
)
def test_refusals(method: str, target: str, headers: list[tuple[str, str]], status: int) -> None:
    answer = run(call(edge(), method, target, headers))
    assert answer.status == status
    assert answer.header("x-openstack-request-id") == f"req-{UUID}"


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = run(call(edge(), "PATCH", "/test/v2.1/things/a", [TOKEN]))
    assert answer.header("allow") == "DELETE, GET, HEAD"


def test_a_body_becomes_a_value() -> None:
    answer = run(call(edge(), "POST", "/test/v2.1/things", [TOKEN], b'{"name": "a", "size_gib": 2}'))
    assert (answer.status, answer.json()) == (201, {"name": "a", "size_gib": 2})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The body is not valid JSON."),
        (b'{"name": "\xff"}', "The body is not valid JSON."),
        (b"", "The body is not valid JSON."),
        (b"{}", "Invalid input: name is required."),
        (b'{"name": 1}', "Invalid input for name: str is expected, not int."),
        (b'{"name": "a", "x": 1}', "Invalid input: x is not known here."),
    ],
)
def test_a_wrong_body_names_the_field(body: bytes, message: str) -> None:
    answer = run(call(edge(), "POST", "/test/v2.1/things", [TOKEN], body))
    assert (answer.status, answer.json()["message"]) == (400, message)


def test_a_body_of_endless_depth_is_refused() -> None:
    deep = b'{"start": ' + b"[" * 500_000
    answer = run(call(edge(), "POST", "/test/v2.1/things/a/action", [TOKEN], deep))
    assert answer.status == 400


@given(st.binary(max_size=99) | st.text(max_size=30).map(lambda t: f'{{"name": "{t}"}}'.encode()))
def test_any_body_is_taken_or_refused(body: bytes) -> None:
    async def scenario() -> Answer:
        app = edge()
        try:
            return await call(app, "POST", "/test/v2.1/things", [TOKEN], body)
        finally:
            app.close()

    assert run(scenario()).status in {201, 400}


def test_undeclared_length_is_limited_too() -> None:
    async def scenario() -> Answer:
        caller = Caller([b"x" * 60, b"x" * 60, b""])
        scope = scope_of("POST", "/test/v2.1/things", [TOKEN, ("transfer-encoding", "chunked")])
        await edge()(scope, caller.receive, caller.send)
        return caller.answer()

    answer = run(scenario())
    assert answer.status == 413
    assert answer.header("connection") == "close"


def test_an_action_is_chosen_by_the_bodys_key() -> None:
    path = "/test/v2.1/things/a/action"
    assert run(call(edge(), "POST", path, [TOKEN], b'{"stop": null}')).json() == "stopped"
    assert run(call(edge(), "POST", path, [TOKEN], b'{"dance": {}}')).json()["message"] == ("There is no action dance.")
    for body in (b"", b"[]", b"{}", b'{"start": 1, "stop": 1}', b"\xff"):
        assert run(call(edge(), "POST", path, [TOKEN], body)).status in {400, 404}


@pytest.mark.parametrize(("at", "said"), [("2.1", "old"), ("2.35", "old"), ("2.40", "new")])
def test_a_route_is_chosen_by_version(at: str, said: str) -> None:
    assert run(call(edge(), "GET", "/test/v2.1/old", [TOKEN, ("version", at)])).json() == said


def test_between_its_versions_a_route_is_not_there() -> None:
    assert run(call(edge(), "GET", "/test/v2.1/old", [TOKEN, ("version", "2.37")])).status == 404


def test_our_own_fault_tells_the_request_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = run(call(edge(), "GET", "/test/v2.1/broken"))
    assert answer.status == 500
    assert f"req-{UUID}" in answer.json()["message"]
    assert b"Zero" not in answer.body


def test_japanese_is_spoken() -> None:
    headers = [TOKEN, ("accept-language", "fr, ja;q=0.8, en;q=0.2")]
    answer = run(call(edge(), "DELETE", "/test/v2.1/things/a", headers))
    assert answer.json()["message"] == "インスタンス a は見つかりません。"


def test_a_streamed_body_is_read_in_chunks() -> None:
    async def scenario(parts: list[bytes]) -> Answer:
        caller = Caller(parts)
        scope = scope_of("PUT", "/test/v2.1/blob", [TOKEN, ("transfer-encoding", "chunked")])
        await edge()(scope, caller.receive, caller.send)
        return caller.answer()

    assert run(scenario([b"x" * 4000, b"y" * 4000, b""])).json() == 8000
    assert run(scenario([b"x" * 4000] * 4)).status == 413


def test_an_upload_is_refused_before_it_is_read() -> None:
    async def scenario() -> tuple[Answer, int]:
        caller = Caller([b"x"] * 5)
        scope = scope_of("PUT", "/test/v2.1/blob", [("transfer-encoding", "chunked")])
        await edge()(scope, caller.receive, caller.send)
        return caller.answer(), len(caller._parts)

    answer, unread = asyncio.run(scenario())
    assert (answer.status, unread) == (401, 5)
    assert answer.header("connection") == "close"


def test_a_waiting_handler_ends_with_its_caller() -> None:
    async def scenario() -> bool:
        slow = Slow()
        app = edge(Route("GET", "/slow", slow, anonymous=True, wait=True))
        caller = Caller([])
        exchange = asyncio.create_task(app(scope_of("GET", "/test/v2.1/slow"), caller.receive, caller.send))
        await slow.begun.wait()
        caller.hung_up.set()
        await exchange
        return slow.cancelled and not caller.sent

    assert asyncio.run(scenario())


def test_a_stream_ends_with_its_caller() -> None:
    async def scenario() -> bool:
        endless = Endless()
        app = edge(Route("GET", "/endless", lambda _: Response(stream=endless.chunks()), anonymous=True))
        caller = Caller([])
        exchange = asyncio.create_task(app(scope_of("GET", "/test/v2.1/endless"), caller.receive, caller.send))
        while len(caller.sent) < 10:
            await asyncio.sleep(0)
        caller.hung_up.set()
        await exchange
        return endless.closed

    assert asyncio.run(scenario())


def test_a_stream_is_closed_unread_for_head() -> None:
    endless = Endless()
    app = edge(
        Route(
            "GET",
            "/endless",
            lambda _: Response(stream=endless.chunks(), length=5),
            anonymous=True,
        )
    )
    answer = run(call(app, "HEAD", "/test/v2.1/endless"))
    assert (answer.body, answer.header("content-length")) == (b"", "5")


def test_callers_request_id_is_kept_when_it_is_one() -> None:
    seen: list[str | None] = []

    def keep(request: Request) -> Response:
        seen.append(request.global_id)
        return no_content()

    for sent in (f"req-{UUID}", "req-nonsense", "req-" + "x" * 500):
        app = edge(Route("GET", "/keep", keep, anonymous=True))
        run(call(app, "GET", "/test/v2.1/keep", [("x-openstack-request-id", sent)]))
    assert seen == [f"req-{UUID}", None, None]


def test_health_and_the_count_of_requests() -> None:
    app = edge()

    async def scenario() -> Answer:
        await call(app, "GET", "/test/v2.1/hello")
        return await call(app, "GET", "/healthz")

    assert asyncio.run(scenario()).json() == {"ok": True, "wrong": []}
    labels = {"method": "GET", "route": "/hello", "status": "200", "tongue": "test"}
    assert app.registry.get_sample_value("kumoi_http_requests_total", labels) == 1.0


def test_sickness_is_503() -> None:
    app = Edge([], now=lambda: 0.0, new_id=lambda: UUID, health=lambda: ["store_unavailable"])
    answer = run(call(app, "GET", "/healthz"))
    assert (answer.status, answer.json()["wrong"]) == (503, ["store_unavailable"])
