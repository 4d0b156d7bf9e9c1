"""Keystone's versions."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site


def routes(site: Site) -> list[Route]:
    def version(request: Request) -> dict[str, object]:
        return {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{site.url(request)}/identity/v3/"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
        }

    def versions(request: Request) -> Response:
        return json_response({"versions": {"values": [version(request)]}}, 300)

    def v3(request: Request) -> Response:
        return json_response({"version": version(request)})

    return [
        Route("GET", "/", versions, service="identity", anonymous=True, success=300),
        Route("GET", "/v3", v3, service="identity", anonymous=True),
    ]
