"""/v3/roles and what they imply. Built-in roles have no rows: their ids are made of their names."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import stable_id
from kumoi.api.openstack.identity.paging import page
from kumoi.app.house import House
from kumoi.app.identity import roles
from kumoi.core.errors import NotFound
from kumoi.core.ids import RoleId
from kumoi.core.roles import BUILT_IN, Role

_KEYS: Final = {stable_id("role", name): role.id for name, role in BUILT_IN.items()}
_IMPLIED: Final = "/v3/roles/{prior}/implies/{implied}"


class _Options(msgspec.Struct, frozen=True):
    immutable: bool | None = None


class _New(msgspec.Struct):
    name: str
    domain_id: str | None = None
    description: str | None = None
    options: _Options = _Options()


class CreateBody(msgspec.Struct):
    role: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    options: _Options | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    role: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/roles", partial(find, house), "identity.read_own", "identity"),
        Route("POST", "/v3/roles", partial(create, house), "identity.write", "identity", body_type=CreateBody,
              success=201),
        Route("GET", "/v3/roles/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("PATCH", "/v3/roles/{id}", partial(update, house), "identity.write", "identity", body_type=UpdateBody),
        Route("DELETE", "/v3/roles/{id}", partial(delete, house), "identity.write", "identity", success=204),
        Route("GET", "/v3/role_inferences", partial(inferences, house), "identity.read_own", "identity"),
        Route("GET", "/v3/roles/{prior}/implies", partial(implied_by, house), "identity.read_own", "identity"),
        Route("PUT", _IMPLIED, partial(imply, house), "identity.write", "identity", success=201),
        Route("GET", _IMPLIED, partial(implied, house), "identity.read_own", "identity"),
        Route("HEAD", _IMPLIED, partial(check_implied, house), "identity.read_own", "identity", success=204),
        Route("DELETE", _IMPLIED, partial(imply_no_more, house), "identity.write", "identity", success=204),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    found = roles.find(house, request.call(), request.arg("name"), request.arg("domain_id") or "")
    return page(request, "roles", found, render)


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).role
    wish = Role(
        id=RoleId(""),
        name=new.name,
        domain_id=new.domain_id or "",
        description=new.description or "",
        immutable=bool(new.options.immutable),
    )
    return json_response({"role": render(request, roles.create(house, request.call(), wish))}, 201)


def show(house: House, request: Request) -> Response:
    return json_response({"role": render(request, roles.get(house, request.call(), key(request.params["id"])))})


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).role
    changes: dict[str, str | bool] = {}
    if change.name is not msgspec.UNSET:
        changes["name"] = change.name
    if change.description is not msgspec.UNSET:
        changes["description"] = change.description or ""
    if change.options is not msgspec.UNSET:
        changes["immutable"] = bool(change.options.immutable)
    done = roles.update(house, request.call(), key(request.params["id"]), changes)
    return json_response({"role": render(request, done)})


def delete(house: House, request: Request) -> Response:
    roles.delete(house, request.call(), key(request.params["id"]))
    return no_content()


def inferences(house: House, request: Request) -> Response:
    found = roles.implications(house, request.call())
    told = [{"prior_role": _brief(request, p), "implies": [_brief(request, r) for r in i]} for p, i in found]
    return json_response({"role_inferences": told, "links": {"self": f"{_here(request)}/role_inferences"}})


def implied_by(house: House, request: Request) -> Response:
    prior, lesser = roles.implied_by(house, request.call(), key(request.params["prior"]))
    told = {"prior_role": _brief(request, prior), "implies": [_brief(request, role) for role in lesser]}
    links = {"self": f"{_here(request)}/roles/{shown_id(prior.id)}/implies"}
    return json_response({"role_inference": told, "links": links})


def imply(house: House, request: Request) -> Response:
    return _inference(request, roles.imply(house, request.call(), *_pair(request)), 201)


def implied(house: House, request: Request) -> Response:
    return _inference(request, roles.implied(house, request.call(), *_pair(request)), 200)


def check_implied(house: House, request: Request) -> Response:
    roles.implied(house, request.call(), *_pair(request))
    return no_content()


def imply_no_more(house: House, request: Request) -> Response:
    roles.imply_no_more(house, request.call(), *_pair(request))
    return no_content()


def key(shown: str) -> RoleId:
    """The role's key, by the id that clients know. NotFound for a built-in's own key, which no client was told."""
    if shown in BUILT_IN:
        raise NotFound("identity", kind="role", id=shown)
    return _KEYS.get(shown, RoleId(shown))


def given_role(shown: str, name: str) -> str:
    """A role's key or name out of a body, which gives the one or the other."""
    return key(shown) if shown else name


def shown_id(role_id: str) -> str:
    return stable_id("role", role_id) if role_id in BUILT_IN else role_id


def render(request: Request, role: Role) -> dict[str, Any]:
    return {
        "id": shown_id(role.id),
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description or None,
        "options": {"immutable": True} if role.immutable else {},
        "links": {"self": f"{_here(request)}/roles/{shown_id(role.id)}"},
    }


def _pair(request: Request) -> tuple[RoleId, RoleId]:
    return key(request.params["prior"]), key(request.params["implied"])


def _inference(request: Request, pair: tuple[Role, Role], status: int) -> Response:
    prior, lesser = pair
    links = {"self": f"{_here(request)}/roles/{shown_id(prior.id)}/implies/{shown_id(lesser.id)}"}
    told = {"prior_role": _brief(request, prior), "implies": _brief(request, lesser)}
    return json_response({"role_inference": told, "links": links}, status)


def _brief(request: Request, role: Role) -> dict[str, Any]:
    return {name: value for name, value in render(request, role).items() if name in {"id", "name", "links"}}


def _here(request: Request) -> str:
    return f"{request.base_url}/identity/v3"
