"""/v3/registered_limits and /v3/limits."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import Site, own
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import kept, limits
from kumoi.app.identity.limits import REGISTERED, Told, Wish
from kumoi.core.given import given
from kumoi.core.ids import RegisteredLimitId
from kumoi.core.limits import RegisteredLimit

_ONE_REGISTERED: Final = "/v3/registered_limits/{id}"
_ONE: Final = "/v3/limits/{id}"
_ASKED: Final = ("service_id", "region_id", "resource_name", "project_id", "domain_id")
MODEL: Final = {"name": "flat", "description": "No project's limit bears on that of a project above or below it."}
Number = Annotated[int, Meta(ge=-1)]


class _NewRegistered(msgspec.Struct):
    service_id: str
    resource_name: str
    default_limit: Number
    region_id: str | None = None
    description: str | None = None


class RegisterBody(msgspec.Struct):
    registered_limits: list[_NewRegistered]


class _RegisteredChange(msgspec.Struct):
    service_id: str | UnsetType = UNSET
    region_id: str | UnsetType | None = UNSET
    resource_name: str | UnsetType = UNSET
    default_limit: Number | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class RegisteredBody(msgspec.Struct):
    registered_limit: _RegisteredChange


class _New(msgspec.Struct):
    service_id: str
    resource_name: str
    resource_limit: Number
    project_id: str | None = None
    domain_id: str | None = None
    region_id: str | None = None
    description: str | None = None


class CreateBody(msgspec.Struct):
    limits: list[_New]


class _Change(msgspec.Struct):
    resource_limit: Number | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class UpdateBody(msgspec.Struct):
    limit: _Change


def routes(house: House, site: Site) -> list[Route]:
    read, write = ("identity.read_own", "identity"), ("identity.write", "identity")
    return [
        Route("GET", "/v3/registered_limits", partial(registered, house), *read),
        Route("POST", "/v3/registered_limits", partial(register, house, site), *write, body_type=RegisterBody,
              success=201),
        Route("GET", _ONE_REGISTERED, partial(show_registered, house), *read),
        Route("PATCH", _ONE_REGISTERED, partial(update_registered, house, site), *write, body_type=RegisteredBody),
        Route("DELETE", _ONE_REGISTERED, partial(delete_registered, house), *write, success=204),
        Route("GET", "/v3/limits/model", partial(model, house), *read),
        Route("GET", "/v3/limits", partial(find, house), *read),
        Route("POST", "/v3/limits", partial(create, house), *write, body_type=CreateBody, success=201),
        Route("GET", _ONE, partial(show, house), *read),
        Route("PATCH", _ONE, partial(update, house), *write, body_type=UpdateBody),
        Route("DELETE", _ONE, partial(delete, house), *write, success=204),
    ]  # fmt: skip


def registered(house: House, request: Request) -> Response:
    fields = {name: name for name in ("service_id", "region_id", "resource_name")}
    wanted = query(request, fields, order="resource_name")
    found = kept.find(house, request.call(), REGISTERED, wanted)
    return page(request, "registered_limits", found, _registered)


def register(house: House, site: Site, request: Request) -> Response:
    wishes = [
        RegisteredLimit(id=RegisteredLimitId(""), **_texts(new)) for new in request.json(RegisterBody).registered_limits
    ]
    made = limits.register(house, request.call(), own(site), wishes)
    return json_response({"registered_limits": [_registered(request, one) for one in made]}, 201)


def show_registered(house: House, request: Request) -> Response:
    found = kept.get(house, request.call(), REGISTERED, request.params["id"])
    return json_response({"registered_limit": _registered(request, found)})


def update_registered(house: House, site: Site, request: Request) -> Response:
    changes = _texts(request.json(RegisteredBody).registered_limit)
    done = limits.change_registered(house, request.call(), own(site), request.params["id"], changes)
    return json_response({"registered_limit": _registered(request, done)})


def delete_registered(house: House, request: Request) -> Response:
    kept.delete(house, request.call(), REGISTERED, request.params["id"])
    return no_content()


def model(house: House, request: Request) -> Response:
    limits.find(house, request.call(), {"resource_name": ""})  # told to whoever may ask for limits
    return json_response({"model": MODEL})


def find(house: House, request: Request) -> Response:
    wanted = {name: value for name, value in request.query if name in _ASKED}
    return page(request, "limits", limits.find(house, request.call(), wanted), _render)


def create(house: House, request: Request) -> Response:
    wishes = [Wish(**_texts(new)) for new in request.json(CreateBody).limits]
    made = limits.create(house, request.call(), wishes)
    return json_response({"limits": [_render(request, one) for one in made]}, 201)


def show(house: House, request: Request) -> Response:
    return json_response({"limit": _render(request, limits.get(house, request.call(), request.params["id"]))})


def update(house: House, request: Request) -> Response:
    changes = _texts(request.json(UpdateBody).limit)
    done = limits.change(house, request.call(), request.params["id"], changes)
    return json_response({"limit": _render(request, done)})


def delete(house: House, request: Request) -> Response:
    limits.delete(house, request.call(), request.params["id"])
    return no_content()


def _texts(body: msgspec.Struct) -> dict[str, Any]:
    """What was given; null is the empty text."""
    return {name: "" if value is None else value for name, value in given(body).items()}


def _registered(request: Request, one: RegisteredLimit) -> dict[str, Any]:
    return {
        "id": one.id,
        "service_id": one.service_id,
        "region_id": one.region_id or None,
        "resource_name": one.resource_name,
        "default_limit": one.default_limit,
        "description": one.description or None,
        "links": {"self": f"{request.base_url}/identity/v3/registered_limits/{one.id}"},
    }


def _render(request: Request, told: Told) -> dict[str, Any]:
    return {
        "id": told.limit.id,
        "project_id": told.limit.project_id or None,
        "domain_id": told.limit.domain_id or None,
        "service_id": told.registered.service_id,
        "region_id": told.registered.region_id or None,
        "resource_name": told.registered.resource_name,
        "resource_limit": told.limit.resource_limit,
        "description": told.limit.description or None,
        "links": {"self": f"{request.base_url}/identity/v3/limits/{told.limit.id}"},
    }
