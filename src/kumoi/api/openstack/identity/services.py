"""/v3/services, /v3/endpoints, /v3/regions: read-only, for they are this program."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import INTERFACES, SERVICES, Service, Site, endpoint
from kumoi.api.openstack.identity.paging import page
from kumoi.core.errors import NotFound


def routes(site: Site) -> list[Route]:
    return [
        Route("GET", "/v3/services", services, "identity.read_own", "identity"),
        Route("GET", "/v3/services/{id}", service, "identity.read_own", "identity"),
        Route("GET", "/v3/endpoints", partial(endpoints, site), "identity.read_own", "identity"),
        Route("GET", "/v3/regions", partial(regions, site), "identity.read_own", "identity"),
        Route("GET", "/v3/regions/{id}", partial(one_region, site), "identity.read_own", "identity"),
    ]


def services(request: Request) -> Response:
    wanted = [s for s in SERVICES if request.arg("type", s.type) == s.type and request.arg("name", s.name) == s.name]
    return page(request, "services", wanted, _render)


def service(request: Request) -> Response:
    for one in SERVICES:
        if one.id == request.params["id"]:
            return json_response({"service": _render(request, one)})
    raise NotFound("identity", kind="service", id=request.params["id"])


def all_endpoints(site: Site, request: Request) -> list[dict[str, Any]]:
    base = site.url(request)
    return [
        endpoint(site, base, s, i, owner=True)
        for s in SERVICES
        if request.arg("service_id", s.id) == s.id
        for i in INTERFACES
        if request.arg("interface", i) == i
    ]


def endpoints(site: Site, request: Request) -> Response:
    return page(request, "endpoints", all_endpoints(site, request), lambda _request, shown: shown)


def region(site: Site, _request: Request) -> dict[str, Any]:
    return {"id": site.region, "description": "", "parent_region_id": None}


def regions(site: Site, request: Request) -> Response:
    return page(request, "regions", [site.region], lambda r, _name: region(site, r))


def one_region(site: Site, request: Request) -> Response:
    if request.params["id"] != site.region:
        raise NotFound("identity", kind="region", id=request.params["id"])
    return json_response({"region": region(site, request)})


def _render(request: Request, service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "type": service.type,
        "name": service.name,
        "enabled": True,
        "links": {"self": f"{request.base_url}/identity/v3/services/{service.id}"},
    }
