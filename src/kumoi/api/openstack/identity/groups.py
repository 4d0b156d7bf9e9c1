"""/v3/groups and who is in them."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.api.openstack.identity.users import FILTERS as USER_FILTERS
from kumoi.api.openstack.identity.users import render as render_user
from kumoi.app.house import House
from kumoi.app.identity import groups
from kumoi.core.ids import DomainId, UserGroupId, UserId
from kumoi.core.tenancy import UserGroup

FILTERS = {"name": "name", "domain_id": "domain_id"}
_MEMBER = "/v3/groups/{id}/users/{user}"


class _New(msgspec.Struct):
    name: str
    domain_id: str = "default"
    description: str | None = ""


class CreateBody(msgspec.Struct):
    group: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    group: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/groups", partial(find, house), "identity.read", "identity"),
        Route("POST", "/v3/groups", partial(create, house), "identity.write", "identity", body_type=CreateBody,
              success=201),
        Route("GET", "/v3/groups/{id}", partial(show, house), "identity.read", "identity"),
        Route("PATCH", "/v3/groups/{id}", partial(update, house), "identity.write", "identity", body_type=UpdateBody),
        Route("DELETE", "/v3/groups/{id}", partial(delete, house), "identity.write", "identity", success=204),
        Route("GET", "/v3/groups/{id}/users", partial(members, house), "identity.read", "identity"),
        Route("PUT", _MEMBER, partial(add, house), "identity.write", "identity", success=204),
        Route("GET", _MEMBER, partial(check, house), "identity.read_own", "identity", success=204),
        Route("DELETE", _MEMBER, partial(remove, house), "identity.write", "identity", success=204),
        Route("GET", "/v3/users/{user}/groups", partial(of_user, house), "identity.read_own", "identity"),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    return page(request, "groups", groups.find(house, request.call(), query(request, FILTERS)), render)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).group
    wish = UserGroup(
        id=UserGroupId(""), name=new.name, domain_id=DomainId(new.domain_id), description=new.description or ""
    )
    return json_response({"group": render(request, groups.create(house, request.call(), wish))}, 201)


def show(house: House, request: Request) -> Response:
    return json_response({"group": render(request, groups.get(house, request.call(), _id(request)))})


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).group
    changes = {k: v or "" for k, v in msgspec.structs.asdict(change).items() if v is not msgspec.UNSET}
    return json_response({"group": render(request, groups.update(house, request.call(), _id(request), changes))})


def delete(house: House, request: Request) -> Response:
    groups.delete(house, request.call(), _id(request))
    return no_content()


def members(house: House, request: Request) -> Response:
    found = groups.members(house, request.call(), _id(request), query(request, USER_FILTERS))
    return page(request, "users", found, render_user)


def add(house: House, request: Request) -> Response:
    groups.add_member(house, request.call(), _id(request), _user(request))
    return no_content()


def check(house: House, request: Request) -> Response:
    groups.check_member(house, request.call(), _id(request), _user(request))
    return no_content()


def remove(house: House, request: Request) -> Response:
    groups.remove_member(house, request.call(), _id(request), _user(request))
    return no_content()


def of_user(house: House, request: Request) -> Response:
    found = groups.groups_of(house, request.call(), _user(request), query(request, FILTERS))
    return page(request, "groups", found, render)


def render(request: Request, group: UserGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": {"self": f"{request.base_url}/identity/v3/groups/{group.id}"},
    }


def _id(request: Request) -> UserGroupId:
    return UserGroupId(request.params["id"])


def _user(request: Request) -> UserId:
    return UserId(request.params["user"])
