"""Cinder's versions and extensions."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.microversions import spelled
from kumoi.api.openstack.volume.versions import LEAST, MOST

UPDATED: Final = "2026-11-28T00:00:00Z"


def routes(site: Site) -> list[Route]:
    return [
        Route("GET", "/", partial(versions, site, 300), service="volume", anonymous=True, success=300),
        Route("GET", "/v3", partial(versions, site, 200), service="volume", anonymous=True),
    ]


def versions(site: Site, status: int, request: Request) -> Response:
    one: dict[str, Any] = {
        "id": "v3.0",
        "status": "CURRENT",
        "version": spelled(MOST),
        "min_version": spelled(LEAST),
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{site.url(request)}/volume/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
    }
    return json_response({"versions": [one]}, status)
