"""/v3/roles, role assignments, and the roles of a user on a project or the system."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.catalog import stable_id
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import people
from kumoi.core.errors import NotFound
from kumoi.core.ids import UserId
from kumoi.core.query import eq
from kumoi.core.tenancy import ROLES, Assignment

_BY_ID = {stable_id("role", name): name for name in ROLES}
_ON_PROJECT = "/v3/projects/{project}/users/{user}/roles"
_ON_SYSTEM = "/v3/system/users/{user}/roles"


def routes(house: House) -> list[Route]:
    found = [
        Route("GET", "/v3/roles", find, "identity.read_own", "identity"),
        Route("GET", "/v3/roles/{id}", show, "identity.read_own", "identity"),
        Route("GET", "/v3/role_assignments", partial(assignments, house), "identity.read_own", "identity"),
    ]
    for path in (_ON_PROJECT, _ON_SYSTEM):
        found += [
            Route("GET", path, partial(of_user, house), "identity.read_own", "identity"),
            Route("PUT", path + "/{role}", partial(assign, house), "identity.write", "identity", success=204),
            Route("GET", path + "/{role}", partial(check, house), "identity.read", "identity", success=204),
            Route("DELETE", path + "/{role}", partial(unassign, house), "identity.write", "identity", success=204),
        ]
    return found


def find(request: Request) -> Response:
    named = [n for n in ROLES if request.arg("name", n) == n]
    return page(request, "roles", named, _render)


def show(request: Request) -> Response:
    return json_response({"role": _render(request, _name(request.params["id"]))})


def assign(house: House, request: Request) -> Response:
    people.assign(house, request.call(), *_target(request))
    return no_content()


def unassign(house: House, request: Request) -> Response:
    people.unassign(house, request.call(), *_target(request))
    return no_content()


def check(house: House, request: Request) -> Response:
    user, project, role = _target(request)
    if not people.is_assigned(house, request.call(), user, project, role):
        raise NotFound("identity", kind="role_assignment", id=f"{user}/{project}/{role}")
    return no_content()


def of_user(house: House, request: Request) -> Response:
    people.user(house, request.call(), UserId(request.params["user"]))
    wanted = (eq("user_id", request.params["user"]), eq("project_id", request.params.get("project", "")))
    held = people.assignments(house, request.call(), query(request, {}, order="id").where(*wanted))
    return page(request, "roles", sorted(a.role for a in held), _render)


def assignments(house: House, request: Request) -> Response:
    wanted = query(request, {"user.id": "user_id", "scope.project.id": "project_id"}, order="id")
    if request.arg("role.id") is not None:
        wanted = wanted.where(eq("role", _name(request.arg("role.id") or "")))
    if request.arg("scope.system") is not None:
        wanted = wanted.where(eq("project_id", ""))
    held = people.assignments(house, request.call(), wanted)
    names = _names(house, request) if request.arg("include_names") is not None else None
    return page(request, "role_assignments", held, partial(_render_held, names=names))


def _name(role_id: str) -> str:
    if role_id not in _BY_ID:
        raise NotFound("identity", kind="role", id=role_id)
    return _BY_ID[role_id]


def _target(request: Request) -> tuple[UserId, str, str]:
    return UserId(request.params["user"]), request.params.get("project", ""), _name(request.params["role"])


def _render(request: Request, name: str) -> dict[str, Any]:
    role_id = stable_id("role", name)
    return {
        "id": role_id,
        "name": name,
        "domain_id": None,
        "description": None,
        "options": {},
        "links": {"self": f"{request.base_url}/identity/v3/roles/{role_id}"},
    }


def _names(house: House, request: Request) -> dict[str, str]:
    """Of all users and projects, by id."""
    call = request.call()
    found: dict[str, str] = {u.id: u.name for u in people.users(house, call, query(request, {}))}
    found.update((p.id, p.name) for p in people.projects(house, call, query(request, {})))
    return found


def _render_held(request: Request, held: Assignment, names: dict[str, str] | None) -> dict[str, Any]:
    role_id = stable_id("role", held.role)

    def one(row_id: str) -> dict[str, Any]:
        if names is None:
            return {"id": row_id}
        return {"id": row_id, "name": names.get(row_id, ""), "domain": {"id": "default", "name": "Default"}}

    scope: dict[str, Any] = {"project": one(held.project_id)} if held.project_id else {"system": {"all": True}}
    where = f"projects/{held.project_id}" if held.project_id else "system"
    link = f"{request.base_url}/identity/v3/{where}/users/{held.user_id}/roles/{role_id}"
    return {
        "role": {"id": role_id} if names is None else {"id": role_id, "name": held.role},
        "user": one(held.user_id),
        "scope": scope,
        "links": {"assignment": link},
    }
