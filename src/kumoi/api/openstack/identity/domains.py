"""/v3/domains."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import domains
from kumoi.core.ids import DomainId
from kumoi.core.tenancy import Domain

FILTERS = {"name": "name", "enabled": "enabled"}


class _New(msgspec.Struct):
    name: str
    description: str | None = ""
    enabled: bool = True


class CreateBody(msgspec.Struct):
    domain: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    domain: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/domains", partial(find, house), "identity.read_own", "identity"),
        Route("POST", "/v3/domains", partial(create, house), "identity.write", "identity", body_type=CreateBody,
              success=201),
        Route("GET", "/v3/domains/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("PATCH", "/v3/domains/{id}", partial(update, house), "identity.write", "identity",
              body_type=UpdateBody),
        Route("DELETE", "/v3/domains/{id}", partial(delete, house), "identity.write", "identity", success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    return page(request, "domains", domains.find(house, request.call(), query(request, FILTERS)), render)


def show(house: House, request: Request) -> Response:
    return json_response({"domain": render(request, domains.get(house, request.call(), _id(request)))})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).domain
    wish = Domain(id=DomainId(""), name=new.name, description=new.description or "", enabled=new.enabled)
    return json_response({"domain": render(request, domains.create(house, request.call(), wish))}, 201)


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).domain
    changes = {k: "" if v is None else v for k, v in msgspec.structs.asdict(change).items() if v is not msgspec.UNSET}
    return json_response({"domain": render(request, domains.update(house, request.call(), _id(request), changes))})


def delete(house: House, request: Request) -> Response:
    domains.delete(house, request.call(), _id(request))
    return no_content()


def render(request: Request, domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.id,
        "name": domain.name,
        "description": domain.description,
        "enabled": domain.enabled,
        "tags": [],
        "options": {},
        "links": {"self": f"{request.base_url}/identity/v3/domains/{domain.id}"},
    }


def _id(request: Request) -> DomainId:
    return DomainId(request.params["id"])
