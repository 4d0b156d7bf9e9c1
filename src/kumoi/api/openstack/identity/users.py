"""/v3/users."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.api.openstack.identity.projects import render as render_project
from kumoi.api.openstack.times import bare
from kumoi.app.house import House
from kumoi.app.identity import people
from kumoi.core.ids import DomainId, ProjectId, UserId
from kumoi.core.tenancy import User, UserOptions

FILTERS = {"name": "name", "domain_id": "domain_id", "enabled": "enabled"}


class _New(msgspec.Struct):
    name: str
    password: str | None = None
    domain_id: str = "default"
    default_project_id: str | None = None
    description: str | None = ""
    email: str | None = ""
    enabled: bool = True
    options: UserOptions = UserOptions()


class CreateBody(msgspec.Struct):
    user: _New


class _Raw(msgspec.Struct):
    """The same body as it came: what no field above names is kept with the user."""

    user: dict[str, Any]


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    default_project_id: str | msgspec.UnsetType | None = msgspec.UNSET
    password: str | None = None
    options: UserOptions | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    user: _Change


class _Passwords(msgspec.Struct):
    password: str
    original_password: str


class PasswordBody(msgspec.Struct):
    user: _Passwords


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/users", partial(find, house), "identity.read", "identity"),
        Route("POST", "/v3/users", partial(create, house), "identity.write", "identity", body_type=CreateBody,
              pool="hash",
              success=201),
        Route("GET", "/v3/users/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("PATCH", "/v3/users/{id}", partial(update, house), "identity.write", "identity",
              body_type=UpdateBody, pool="hash"),
        Route("POST", "/v3/users/{id}/password", partial(change_password, house), service="identity",
              body_type=PasswordBody, pool="hash", success=204, anonymous=True),
        Route("DELETE", "/v3/users/{id}", partial(delete, house), "identity.write", "identity", success=204),
        Route("GET", "/v3/users/{id}/projects", partial(projects, house), "identity.read_own", "identity"),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    return page(request, "users", people.users(house, request.call(), query(request, FILTERS)), render)


def show(house: House, request: Request) -> Response:
    found = people.user(house, request.call(), UserId(request.params["id"]))
    return json_response({"user": render(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).user
    wish = User(
        id=UserId(""),
        password_hash="",
        name=new.name,
        domain_id=DomainId(new.domain_id),
        default_project_id=ProjectId(new.default_project_id) if new.default_project_id else None,
        description=new.description or "",
        email=new.email or "",
        enabled=new.enabled,
        options=new.options,
        extra=msgspec.json.encode(_more(request)).decode(),
    )
    # A user without a password can be made, but has none that anybody could know.
    made = people.create_user(house, request.call(), wish, new.password or house.chance.secret(24).hex())
    return json_response({"user": render(request, made)}, 201)


def update(house: House, request: Request) -> Response:
    fields = msgspec.structs.asdict(request.json(UpdateBody).user)
    password = fields.pop("password")
    changes = {
        k: "" if v is None and k != "default_project_id" else v for k, v in fields.items() if v is not msgspec.UNSET
    }
    user_id = UserId(request.params["id"])
    done = people.update_user(house, request.call(), user_id, changes, password, more=_more(request))
    return json_response({"user": render(request, done)})


def _more(request: Request) -> dict[str, Any]:
    known = {"id", "password", "links", "password_expires_at", "options"}.union(_New.__struct_fields__)
    return {name: value for name, value in request.json(_Raw).user.items() if name not in known}


def change_password(house: House, request: Request) -> Response:
    wish = request.json(PasswordBody).user
    people.change_password(house, request.id, UserId(request.params["id"]), wish.original_password, wish.password)
    return no_content()


def delete(house: House, request: Request) -> Response:
    people.delete_user(house, request.call(), UserId(request.params["id"]))
    return no_content()


def projects(house: House, request: Request) -> Response:
    found = people.projects_of(house, request.call(), UserId(request.params["id"]), query(request, {}))
    return page(request, "projects", found, render_project)


def render(request: Request, user: User) -> dict[str, Any]:
    shown: dict[str, Any] = {
        **msgspec.json.decode(user.extra),
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "enabled": user.enabled,
        "description": user.description,
        "email": user.email,
        "password_expires_at": bare(user.password_expires_at) if user.password_expires_at is not None else None,
        "options": msgspec.to_builtins(user.options),
        "links": {"self": f"{request.base_url}/identity/v3/users/{user.id}"},
    }
    if user.default_project_id:
        shown["default_project_id"] = user.default_project_id
    return shown
