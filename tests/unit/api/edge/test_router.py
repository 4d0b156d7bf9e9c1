"""The trie: literals before parameters, borders between tongues, and raw paths that try to climb."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumoi.api.edge.plain import render_plain
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.router import Found, Missing, Router, choose
from kumoi.api.edge.routes import Route, Tongue, Version
from kumoi.core.call import Actor
from kumoi.core.errors import Unauthenticated


def handler(_request: Request) -> Response:
    return Response()


def nobody(_request: Request) -> Actor:
    raise Unauthenticated(reason="no_credentials")


def route(method: str, path: str, **more: object) -> Route:
    return Route(method, path, handler, anonymous=True, **more)  # type: ignore[arg-type]


def tongue(name: str, prefix: str, *routes: Route) -> Tongue:
    return Tongue(name=name, prefix=prefix, routes=routes, authenticate=nobody, render_error=render_plain)


ROUTER = Router(
    [
        tongue(
            "compute",
            "/compute/v2.1",
            route("GET", "/"),
            route("GET", "/servers"),
            route("POST", "/servers"),
            route("GET", "/servers/detail"),
            route("GET", "/servers/{id}"),
            route("GET", "/servers/{id}/metadata/{key}"),
            route("GET", "/servers/detail/only"),
        ),
        tongue("versions", "/compute", route("GET", "/")),
        tongue(
            "objects",
            "/object-store/v1",
            route("GET", "/{account}/{container}"),
            route("PUT", "/{account}/{container}/{object*}"),
        ),
        tongue("web", "/", route("GET", "/{page*}")),
    ]
)


def served(method: str, path: str) -> tuple[str, str, dict[str, str]]:
    found = ROUTER.find(method, path.encode())
    assert isinstance(found, Found), found
    return found.tongue.name, found.routes[0].path, found.params


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/compute/v2.1", ("compute", "/", {})),
        ("GET", "/compute/v2.1/", ("compute", "/", {})),
        ("GET", "/compute", ("versions", "/", {})),
        ("GET", "/compute/v2.1/servers/detail", ("compute", "/servers/detail", {})),
        ("GET", "/compute/v2.1/servers/", ("compute", "/servers", {})),
        ("HEAD", "/compute/v2.1/servers", ("compute", "/servers", {})),
        ("GET", "/compute/v2.1/servers/a%20b", ("compute", "/servers/{id}", {"id": "a b"})),
        (
            "GET",
            "/compute/v2.1/servers/detail/metadata/k",
            ("compute", "/servers/{id}/metadata/{key}", {"id": "detail", "key": "k"}),
        ),
        (
            "PUT",
            "/object-store/v1/a/c/x//y%2Fz/",
            (
                "objects",
                "/{account}/{container}/{object*}",
                {"account": "a", "container": "c", "object": "x//y/z/"},
            ),
        ),
        ("GET", "/", ("web", "/{page*}", {"page": ""})),
        ("GET", "/instances/i-1", ("web", "/{page*}", {"page": "instances/i-1"})),
    ],
)
def test_served(method: str, path: str, expected: tuple[str, str, dict[str, str]]) -> None:
    assert served(method, path) == expected


@pytest.mark.parametrize(
    ("method", "path", "where", "allow"),
    [
        ("DELETE", "/compute/v2.1/servers", "compute", ["GET", "HEAD", "POST"]),
        ("GET", "/compute/v2.1/nothing", "compute", []),
        ("GET", "/compute/v2.1//servers", "compute", []),
        ("GET", "/compute/v2.1/servers/..", "compute", []),
        ("GET", "/compute/v2.1/servers/%2e%2e", "compute", []),
        ("GET", "/compute/v2.1/servers/a%2Fb", "compute", []),
        ("GET", "/compute/v2.1/servers/a%00b", "compute", []),
        ("GET", "/compute/v2.1/../v2.1/servers", "compute", []),
        ("GET", "/compute/v9", "versions", []),
        ("PUT", "/elsewhere", "web", ["GET", "HEAD"]),
    ],
)
def test_not_served(method: str, path: str, where: str, allow: list[str]) -> None:
    missing = ROUTER.find(method, path.encode())
    assert isinstance(missing, Missing)
    assert missing.tongue is not None
    assert (missing.tongue.name, missing.allow) == (where, allow)


def test_text_that_is_not_utf8_is_nowhere() -> None:
    assert ROUTER.find("GET", b"/compute/v2.1/servers/%FF") == Missing(None)


@given(st.binary(max_size=80))
def test_any_bytes_are_served_or_missing(raw: bytes) -> None:
    assert isinstance(ROUTER.find("GET", b"/" + raw), Found | Missing)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=6))
def test_a_parameter_is_never_a_path(segments: list[str]) -> None:
    from urllib.parse import quote

    path = "/compute/v2.1/servers/" + "/".join(quote(s, safe="") for s in segments)
    found = ROUTER.find("GET", path.encode())
    if isinstance(found, Found):
        values = [v for k, v in found.params.items() if k != "page"]
        assert not any("/" in v or "\0" in v or v in {"", ".", ".."} for v in values)


@pytest.mark.parametrize(("version", "expected"), [(None, "a"), ((2, 1), "a"), ((2, 50), None), ((2, 60), "b")])
def test_choice_by_version(version: Version | None, expected: str | None) -> None:
    old = route("GET", "/x", max_version=(2, 35), service="a")
    new = route("GET", "/x", min_version=(2, 60), service="b")
    chosen = choose([old, new], version)
    assert (chosen.service if chosen else None) == expected


@pytest.mark.parametrize(
    "routes",
    [
        [route("GET", "/x/{id}"), route("POST", "/x/{name}")],
        [route("GET", "/x"), route("GET", "/x")],
        [route("GET", "/x", min_version=(2, 5)), route("GET", "/x", max_version=(2, 5))],
        [route("POST", "/x", body_key="a"), route("POST", "/x", body_key="b", pool="hash")],
    ],
)
def test_declarations_that_contradict_are_refused(routes: list[Route]) -> None:
    with pytest.raises(ValueError, match="/x"):
        Router([tongue("t", "/t", *routes)])


def test_every_route_can_be_listed() -> None:
    listed = {(t.name, r.method, r.path) for t, r in ROUTER}
    assert ("compute", "GET", "/servers/{id}/metadata/{key}") in listed
    assert len(listed) == 11


def test_a_name_that_is_missing_is_not_the_list() -> None:
    named = Router([tongue("a", "/a", route("GET", "/servers"), route("DELETE", "/servers/{id}"))])
    assert isinstance(named.find("GET", b"/a/servers/"), Found)
    nobody_named = named.find("DELETE", b"/a/servers/")
    assert isinstance(nobody_named, Missing)
    assert nobody_named.allow == []
    without_slash = named.find("DELETE", b"/a/servers")
    assert isinstance(without_slash, Missing)
    assert "GET" in without_slash.allow
