"""/extensions: Cinder's API is whole, so what it once was pieced together of is a fixed list."""

from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.core.errors import NotFound
from kumoi.core.policy import allow

UPDATED: Final = "2026-11-28T00:00:00+00:00"
EXTENSIONS: Final[dict[str, str]] = {
    "os-availability-zone": "AvailabilityZones",
}


def routes() -> list[Route]:
    return [
        Route("GET", "/extensions", find, "zone.read", "volume"),
        Route("GET", "/extensions/{alias}", show, "zone.read", "volume"),
    ]


def find(request: Request) -> Response:
    allow(request.call(), "zone.read")
    return json_response({"extensions": [_extension(alias) for alias in EXTENSIONS]})


def show(request: Request) -> Response:
    allow(request.call(), "zone.read")
    alias = request.params["alias"]
    if alias not in EXTENSIONS:
        raise NotFound("storage", kind="extension", id=alias)
    return json_response({"extension": _extension(alias)})


def _extension(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {"alias": alias, "name": name, "description": name, "updated": UPDATED, "links": []}
