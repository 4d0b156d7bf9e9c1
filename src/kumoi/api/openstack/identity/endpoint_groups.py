"""/v3/OS-EP-FILTER: groups of endpoints, and which endpoints and groups a project's catalog shows."""

from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import endpoint_filters, kept
from kumoi.app.identity.endpoint_filters import GROUPS
from kumoi.core.catalog import EndpointFilter, EndpointGroup, endpoint_filter
from kumoi.core.errors import NotFound
from kumoi.core.given import given
from kumoi.core.ids import EndpointGroupId

_BASE = "/v3/OS-EP-FILTER"
_ONE = f"{_BASE}/endpoint_groups/{{id}}"


class _New(msgspec.Struct):
    name: str
    filters: dict[str, str]
    description: str | None = ""


class CreateBody(msgspec.Struct):
    endpoint_group: _New


class _Change(msgspec.Struct):
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    filters: dict[str, str] | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    endpoint_group: _Change


def routes(house: House) -> list[Route]:
    read, write = ("identity.read", "identity"), ("identity.write", "identity")
    by_endpoint, by_group = f"{_BASE}/projects/{{project}}/endpoints/{{endpoint}}", f"{_ONE}/projects/{{project}}"
    return [
        Route("GET", f"{_BASE}/endpoint_groups", partial(find, house), *read),
        Route("POST", f"{_BASE}/endpoint_groups", partial(create, house), *write, body_type=CreateBody, success=201),
        Route("GET", _ONE, partial(show, house), *read),
        Route("PATCH", _ONE, partial(update, house), *write, body_type=UpdateBody),
        Route("DELETE", _ONE, partial(delete, house), *write, success=204),
        Route("GET", f"{_ONE}/projects", partial(projects, house), *read),
        Route("GET", f"{_BASE}/endpoints/{{endpoint}}/projects", partial(projects, house), *read),
        Route("GET", f"{_BASE}/projects/{{project}}/endpoints", partial(endpoints, house), *read),
        Route("GET", f"{_BASE}/projects/{{project}}/endpoint_groups", partial(groups, house), *read),
        *(
            route
            for path in (by_endpoint, by_group)
            for route in (
                Route("PUT", path, partial(give, house), *write, success=204),
                Route("GET", path, partial(check, house), *read, success=204),
                Route("DELETE", path, partial(take, house), *write, success=204),
            )
        ),
    ]


def find(house: House, request: Request) -> Response:
    found = kept.find(house, request.call(), GROUPS, query(request, {"name": "name"}))
    return page(request, "endpoint_groups", found, _render)


def show(house: House, request: Request) -> Response:
    found = kept.get(house, request.call(), GROUPS, request.params["id"])
    return json_response({"endpoint_group": _render(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).endpoint_group
    wish = EndpointGroup(id=EndpointGroupId(""), name=new.name, description=new.description or "", filters=new.filters)
    return json_response({"endpoint_group": _render(request, kept.create(house, request.call(), GROUPS, wish))}, 201)


def update(house: House, request: Request) -> Response:
    fields = given(request.json(UpdateBody).endpoint_group)
    changes = {name: "" if value is None else value for name, value in fields.items()}
    done = kept.update(house, request.call(), GROUPS, request.params["id"], changes)
    return json_response({"endpoint_group": _render(request, done)})


def delete(house: House, request: Request) -> Response:
    kept.delete(house, request.call(), GROUPS, request.params["id"])
    return no_content()


def give(house: House, request: Request) -> Response:
    endpoint_filters.give(house, request.call(), _filter(request))
    return no_content()


def take(house: House, request: Request) -> Response:
    endpoint_filters.take(house, request.call(), _filter(request))
    return no_content()


def check(house: House, request: Request) -> Response:
    wanted = _filter(request)
    held = endpoint_filters.given(house, request.call(), project_id=wanted.project_id)
    if wanted not in held:
        raise NotFound("identity", kind="endpoint_filter", id=wanted.id)
    return no_content()


def projects(house: House, request: Request) -> Response:
    endpoint_id, group_id = request.params.get("endpoint", ""), request.params.get("id", "")
    found = endpoint_filters.given(house, request.call(), endpoint_id=endpoint_id, group_id=group_id)
    return page(request, "projects", found, lambda _request, one: {"id": one.project_id})


def endpoints(house: House, request: Request) -> Response:
    found = endpoint_filters.given(house, request.call(), project_id=request.params["project"])
    ids = [one for one in found if one.endpoint_id]
    return page(request, "endpoints", ids, lambda _request, one: {"id": one.endpoint_id})


def groups(house: House, request: Request) -> Response:
    call = request.call()
    found = endpoint_filters.given(house, call, project_id=request.params["project"])
    held = [kept.get(house, call, GROUPS, one.group_id) for one in found if one.group_id]
    return page(request, "endpoint_groups", held, _render)


def _filter(request: Request) -> EndpointFilter:
    endpoint_id, group_id = request.params.get("endpoint", ""), request.params.get("id", "")
    return endpoint_filter(request.params["project"], endpoint_id=endpoint_id, group_id=group_id)


def _render(request: Request, group: EndpointGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "filters": group.filters,
        "links": {"self": f"{request.base_url}/identity{_BASE}/endpoint_groups/{group.id}"},
    }
