"""/v3/services and /v3/endpoints: this program's own, which stay as they are, and those that were entered."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import INTERFACES, Service, Site, endpoint, other_endpoint, own
from kumoi.api.openstack.identity.paging import page
from kumoi.app.house import House
from kumoi.app.identity import catalog
from kumoi.core.catalog import Interface, OtherEndpoint, OtherService
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import EndpointId, ServiceId


class _Service(msgspec.Struct):
    type: str
    name: str | None = ""
    description: str | None = ""
    enabled: bool = True


class ServiceBody(msgspec.Struct):
    service: _Service


class _ServiceChange(msgspec.Struct):
    type: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class ServiceChangeBody(msgspec.Struct):
    service: _ServiceChange


class _Endpoint(msgspec.Struct):
    service_id: str
    interface: Interface
    url: str
    region: str | None = None
    region_id: str | None = None
    enabled: bool = True


class EndpointBody(msgspec.Struct):
    endpoint: _Endpoint


class _EndpointChange(msgspec.Struct):
    service_id: str | msgspec.UnsetType = msgspec.UNSET
    interface: Interface | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET
    region: str | msgspec.UnsetType | None = msgspec.UNSET
    region_id: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class EndpointChangeBody(msgspec.Struct):
    endpoint: _EndpointChange


def routes(house: House, site: Site) -> list[Route]:
    return [
        Route("GET", "/v3/services", partial(services, house, site), "identity.read_own", "identity"),
        Route("POST", "/v3/services", partial(create_service, house), "identity.write", "identity",
              body_type=ServiceBody, success=201),
        Route("GET", "/v3/services/{id}", partial(service, house, site), "identity.read_own", "identity"),
        Route("PATCH", "/v3/services/{id}", partial(update_service, house, site), "identity.write", "identity",
              body_type=ServiceChangeBody),
        Route("DELETE", "/v3/services/{id}", partial(delete_service, house, site), "identity.write", "identity",
              success=204),
        Route("GET", "/v3/endpoints", partial(endpoints, house, site), "identity.read_own", "identity"),
        Route("POST", "/v3/endpoints", partial(create_endpoint, house, site), "identity.write", "identity",
              body_type=EndpointBody, success=201),
        Route("GET", "/v3/endpoints/{id}", partial(one_endpoint, house, site), "identity.read_own", "identity"),
        Route("PATCH", "/v3/endpoints/{id}", partial(update_endpoint, house, site), "identity.write", "identity",
              body_type=EndpointChangeBody),
        Route("DELETE", "/v3/endpoints/{id}", partial(delete_endpoint, house, site), "identity.write", "identity",
              success=204),
    ]  # fmt: skip


def services(house: House, site: Site, request: Request) -> Response:
    shown = [_of_service(request, s) for s in site.services]
    shown += [_of_service(request, s) for s in catalog.others(house, request.call()).services]
    return page(request, "services", _matching(request, shown, ("type", "name")), lambda _request, one: one)


def service(house: House, site: Site, request: Request) -> Response:
    every: list[Service | OtherService] = [*site.services, *catalog.others(house, request.call()).services]
    for one in every:
        if one.id == request.params["id"]:
            return json_response({"service": _of_service(request, one)})
    raise NotFound("identity", kind="service", id=request.params["id"])


def create_service(house: House, request: Request) -> Response:
    new = request.json(ServiceBody).service
    wish = OtherService(
        id=ServiceId(""), type=new.type, name=new.name or "", description=new.description or "", enabled=new.enabled
    )
    return json_response({"service": _of_service(request, catalog.create_service(house, request.call(), wish))}, 201)


def update_service(house: House, site: Site, request: Request) -> Response:
    changes = _changes(request.json(ServiceChangeBody).service)
    done = catalog.update_service(house, request.call(), own(site), request.params["id"], changes)
    return json_response({"service": _of_service(request, done)})


def delete_service(house: House, site: Site, request: Request) -> Response:
    catalog.delete_service(house, request.call(), own(site), request.params["id"])
    return no_content()


def endpoints(house: House, site: Site, request: Request) -> Response:
    shown = _matching(request, _endpoints(house, site, request), ("service_id", "interface", "region_id"))
    return page(request, "endpoints", shown, lambda _request, one: one)


def one_endpoint(house: House, site: Site, request: Request) -> Response:
    for shown in _endpoints(house, site, request):
        if shown["id"] == request.params["id"]:
            return json_response({"endpoint": shown})
    raise NotFound("identity", kind="endpoint", id=request.params["id"])


def create_endpoint(house: House, site: Site, request: Request) -> Response:
    new = request.json(EndpointBody).endpoint
    wish = OtherEndpoint(
        id=EndpointId(""),
        service_id=new.service_id,
        interface=new.interface,
        url=new.url,
        region_id=new.region_id or new.region or "",
        enabled=new.enabled,
    )
    made = catalog.create_endpoint(house, request.call(), own(site), wish)
    return json_response({"endpoint": _of_endpoint(request, made)}, 201)


def update_endpoint(house: House, site: Site, request: Request) -> Response:
    changes = _changes(request.json(EndpointChangeBody).endpoint)
    if "region" in changes:
        changes["region_id"] = changes.pop("region")
    if not changes:
        raise Invalid("identity", field="endpoint", reason="missing")
    done = catalog.update_endpoint(house, request.call(), own(site), request.params["id"], changes)
    return json_response({"endpoint": _of_endpoint(request, done)})


def delete_endpoint(house: House, site: Site, request: Request) -> Response:
    catalog.delete_endpoint(house, request.call(), own(site), request.params["id"])
    return no_content()


def _endpoints(house: House, site: Site, request: Request) -> list[dict[str, Any]]:
    base = site.url(request)
    shown: list[dict[str, Any]] = [endpoint(site, base, s, i, owner=True) for s in site.services for i in INTERFACES]
    return [*shown, *(_of_endpoint(request, e) for e in catalog.others(house, request.call()).endpoints)]


def _matching(request: Request, shown: list[dict[str, Any]], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    return [one for one in shown if all(request.arg(name, one[name]) == one[name] for name in fields)]


def _changes(change: msgspec.Struct) -> dict[str, Any]:
    given = msgspec.structs.asdict(change).items()
    return {name: "" if value is None else value for name, value in given if value is not msgspec.UNSET}


def _of_service(request: Request, service: Service | OtherService) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": service.id,
        "type": service.type,
        "name": service.name,
        "enabled": True,
        "links": {"self": f"{request.base_url}/identity/v3/services/{service.id}"},
    }
    if isinstance(service, OtherService):
        shown |= {"description": service.description, "enabled": service.enabled}
    return shown


def _of_endpoint(request: Request, one: OtherEndpoint) -> dict[str, Any]:
    links = {"self": f"{request.base_url}/identity/v3/endpoints/{one.id}"}
    return {**other_endpoint(one), "service_id": one.service_id, "enabled": one.enabled, "links": links}
