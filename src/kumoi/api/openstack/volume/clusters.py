"""/clusters and /workers: Cinder's own inner parts. Here are none of the first, and nothing to clean up after the
second: what a host left half done, it finds and does when it is back."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.core.errors import NotFound
from kumoi.core.policy import allow


def routes() -> list[Route]:
    at = partial(Route, service="volume", min_version=(3, 7))
    return [
        at("GET", "/clusters", find, "host.read"),
        at("GET", "/clusters/detail", find, "host.read"),
        at("GET", "/clusters/{name}", partial(miss, "host.read"), "host.read"),
        at("PUT", "/clusters/{name}", partial(miss, "host.update"), "host.update"),
        Route("POST", "/workers/cleanup", clean, "host.update", "volume", success=202, min_version=(3, 24)),
    ]


def find(request: Request) -> Response:
    allow(request.call(), "host.read")
    return json_response({"clusters": []})


def miss(action: str, request: Request) -> Response:
    allow(request.call(), action)
    raise NotFound("storage", kind="cluster", id=request.params["name"])


def clean(request: Request) -> Response:
    allow(request.call(), "host.update")
    return json_response({"cleaning": [], "unavailable": []}, 202)
