"""Roles of users and groups on projects, domains and the system, OS-INHERIT, and /v3/role_assignments."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page
from kumoi.api.openstack.identity.roles import key, render, shown_id
from kumoi.app.house import House
from kumoi.app.identity import assignments
from kumoi.app.identity.assignments import Holding, Names, Wanted
from kumoi.core.roles import Assignment

_INHERIT = "/v3/OS-INHERIT"


def routes(house: House) -> list[Route]:
    found = [Route("GET", "/v3/role_assignments", partial(find, house), "identity.read_own", "identity")]
    for holder in ("users/{user}", "groups/{group}"):
        found += _on(house, f"/v3/system/{holder}/roles", "")
        for place in ("projects/{project}", "domains/{domain}"):
            found += _on(house, f"/v3/{place}/{holder}/roles", "")
            found += _on(house, f"{_INHERIT}/{place}/{holder}/roles", "/inherited_to_projects")
    return found


def _on(house: House, path: str, after: str) -> list[Route]:
    one = path + "/{role}" + after
    return [
        Route("GET", path + after, partial(given, house), "identity.read_own", "identity"),
        Route("PUT", one, partial(assign, house), "identity.write", "identity", success=204),
        Route("GET", one, partial(check, house), "identity.read", "identity", success=204),
        Route("DELETE", one, partial(unassign, house), "identity.write", "identity", success=204),
    ]


def assign(house: House, request: Request) -> Response:
    assignments.assign(house, request.call(), _target(request))
    return no_content()


def unassign(house: House, request: Request) -> Response:
    assignments.unassign(house, request.call(), _target(request))
    return no_content()


def check(house: House, request: Request) -> Response:
    assignments.check(house, request.call(), _target(request))
    return no_content()


def given(house: House, request: Request) -> Response:
    return page(request, "roles", assignments.roles_given(house, request.call(), _target(request)), render)


def find(house: House, request: Request) -> Response:
    role = request.arg("role.id")
    wanted = Wanted(
        user_id=request.arg("user.id"),
        group_id=request.arg("group.id"),
        role=None if role is None else key(role),
        project_id=request.arg("scope.project.id"),
        domain_id=request.arg("scope.domain.id"),
        system=_switch(request, "scope.system"),
        inherited=request.arg("scope.OS-INHERIT:inherited_to") is not None,
        effective=_switch(request, "effective"),
        subtree=_switch(request, "include_subtree"),
    )
    found = assignments.find(house, request.call(), wanted)
    names = assignments.names(house, request.call(), found) if _switch(request, "include_names") else None
    return page(request, "role_assignments", found, partial(_render, names=names))


def _switch(request: Request, name: str) -> bool:
    """`?effective` is as good as `?effective=true`."""
    value = request.arg(name)
    return value is not None and value.lower() not in {"0", "false", "no"}


def _target(request: Request) -> Assignment:
    named = request.params
    return Assignment(
        id="",
        role=key(named["role"]) if "role" in named else "",
        user_id=named.get("user", ""),
        group_id=named.get("group", ""),
        project_id=named.get("project", ""),
        domain_id=named.get("domain", ""),
        inherited=request.raw_path.decode("latin-1").startswith(f"/identity{_INHERIT}/"),
    )


def _render(request: Request, one: Holding, names: Names | None) -> dict[str, Any]:
    held, given = one.held, one.given
    shown: dict[str, Any] = {"role": _role(held.role, names), "scope": _scope(held, names)}
    if held.user_id:
        shown["user"] = _named(held.user_id, names.users if names else None, names)
    else:
        shown["group"] = _named(held.group_id, names.groups if names else None, names)
    if given.inherited:
        shown["scope"]["OS-INHERIT:inherited_to"] = "projects"
    links = {"assignment": request.base_url + _path(given)}
    if given.group_id and held.user_id:
        links["membership"] = f"{request.base_url}/identity/v3/groups/{given.group_id}/users/{held.user_id}"
    if given.role != held.role:
        links["prior_role"] = f"{request.base_url}/identity/v3/prior_roles/{shown_id(given.role)}"
        links["prior_role"] += f"/implies/{shown_id(held.role)}"
    return {**shown, "links": links}


def _path(given: Assignment) -> str:
    place = "system"
    if given.project_id or given.domain_id:
        place = f"projects/{given.project_id}" if given.project_id else f"domains/{given.domain_id}"
    holder = f"users/{given.user_id}" if given.user_id else f"groups/{given.group_id}"
    before, after = ("/OS-INHERIT", "/inherited_to_projects") if given.inherited else ("", "")
    return f"/identity/v3{before}/{place}/{holder}/roles/{shown_id(given.role)}{after}"


def _scope(held: Assignment, names: Names | None) -> dict[str, Any]:
    if held.project_id:
        return {"project": _named(held.project_id, names.projects if names else None, names)}
    if held.domain_id:
        shown = {"id": held.domain_id}
        if names is not None and held.domain_id in names.domains:
            shown["name"] = names.domains[held.domain_id].name
        return {"domain": shown}
    return {"system": {"all": True}}


def _role(role_key: str, names: Names | None) -> dict[str, Any]:
    if names is None:
        return {"id": shown_id(role_key)}
    role = names.roles[role_key]
    shown: dict[str, Any] = {"id": shown_id(role_key), "name": role.name}
    if role.domain_id:
        shown["domain"] = {"id": role.domain_id}
    return shown


def _named(row_id: str, rows: Any, names: Names | None) -> dict[str, Any]:
    if names is None or row_id not in rows:
        return {"id": row_id}
    row = rows[row_id]
    home = names.domains[row.domain_id]
    return {"id": row_id, "name": row.name, "domain": {"id": home.id, "name": home.name}}
