"""Keystone's versions."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site


def routes(site: Site) -> list[Route]:
    return [
        Route("GET", "/", partial(versions, site), service="identity", anonymous=True, success=300),
        Route("GET", "/v3", partial(v3, site), service="identity", anonymous=True),
    ]


def version(site: Site, request: Request) -> dict[str, object]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{site.url(request)}/identity/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


def versions(site: Site, request: Request) -> Response:
    return json_response({"versions": {"values": [version(site, request)]}}, 300)


def v3(site: Site, request: Request) -> Response:
    return json_response({"version": version(site, request)})
