"""Glance's versions."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site

# Every minor version up to here is true of what is offered.
VERSIONS = ("v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0")


def routes(site: Site) -> list[Route]:
    return [
        Route("GET", "/", partial(versions, site), service="image", anonymous=True, success=300),
        Route("GET", "/versions", partial(versions, site), service="image", anonymous=True),
        Route("GET", "/v2", partial(versions, site), service="image", anonymous=True),
    ]


def versions(site: Site, request: Request) -> Response:
    link = [{"rel": "self", "href": f"{site.url(request)}/image/v2/"}]
    shown = [{"id": v, "status": "CURRENT" if v == VERSIONS[0] else "SUPPORTED", "links": link} for v in VERSIONS]
    return json_response({"versions": shown}, 300 if request.raw_path.rstrip(b"/").endswith(b"image") else 200)
