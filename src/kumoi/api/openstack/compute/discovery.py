"""Nova's versions."""

from functools import partial

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute.versions import LEAST, MOST


def routes(site: Site) -> list[Route]:
    return [
        Route("GET", "/", partial(versions, site), service="compute", anonymous=True),
        Route("GET", "/v2.1", partial(v21, site), service="compute", anonymous=True),
    ]


def version(site: Site, request: Request) -> dict[str, object]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": f"{MOST[0]}.{MOST[1]}",
        "min_version": f"{LEAST[0]}.{LEAST[1]}",
        "updated": "2013-07-23T11:33:21Z",
        "links": [{"rel": "self", "href": f"{site.url(request)}/compute/v2.1/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}],
    }


def versions(site: Site, request: Request) -> Response:
    return json_response({"versions": [version(site, request)]})


def v21(site: Site, request: Request) -> Response:
    return json_response({"version": version(site, request)})
