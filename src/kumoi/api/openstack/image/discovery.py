"""Glance's versions."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site

# What these minor versions brought is true of what is offered; 2.14 and 2.16 are of a cache, which there is none of.
VERSIONS = tuple(f"v2.{minor}" for minor in (17, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))


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
