"""/v3/projects."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import domains, people, project_trees
from kumoi.core.errors import NotFound
from kumoi.core.ids import DomainId, ProjectId
from kumoi.core.policy import may
from kumoi.core.project_tags import TagFilter
from kumoi.core.tenancy import DEFAULT_DOMAIN, Domain, Project

FILTERS = {"name": "name", "domain_id": "domain_id", "parent_id": "parent_id", "enabled": "enabled"}


class _New(msgspec.Struct):
    name: str
    description: str | None = ""
    domain_id: str | None = None
    enabled: bool = True
    parent_id: str | None = None
    is_domain: bool = False
    tags: list[str] = []
    options: dict[str, Any] = {}


class CreateBody(msgspec.Struct):
    project: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    project: _Change


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/v3/projects", partial(find, house), "identity.read", "identity"),
        Route(
            "POST",
            "/v3/projects",
            partial(create, house),
            "identity.write",
            "identity",
            body_type=CreateBody,
            success=201,
        ),
        Route("GET", "/v3/projects/{id}", partial(show, house), "identity.read_own", "identity"),
        Route("PATCH", "/v3/projects/{id}", partial(update, house), "identity.write", "identity", body_type=UpdateBody),
        Route("DELETE", "/v3/projects/{id}", partial(delete, house), "identity.write", "identity", success=204),
    ]


def find(house: House, request: Request) -> Response:
    if _switched_on(request, "is_domain"):
        named = query(request, {"name": "name", "enabled": "enabled"})
        return page(request, "projects", domains.find(house, request.call(), named), render_domain)
    wanted = tag_filter(request)
    found = people.projects(house, request.call(), query(request, FILTERS))
    return page(request, "projects", [p for p in found if wanted.admits(p.tags)], render)


def show(house: House, request: Request) -> Response:
    project_id = request.params["id"]
    try:
        found = people.project(house, request.call(), ProjectId(project_id))
    except NotFound:
        home = _domain(house, request, project_id)
        if home is None:
            raise
        return json_response({"project": render_domain(request, home)})
    shown = render(request, found)
    if request.query:
        shown |= _relatives(house, request, found)
    return json_response({"project": shown})


def _domain(house: House, request: Request, project_id: str) -> Domain | None:
    """A domain is a project too, to whoever asks for it as one and may."""
    if not may(request.call(), "identity.read"):
        return None
    try:
        return domains.get(house, request.call(), DomainId(project_id))
    except NotFound:
        return None


def _relatives(house: House, request: Request, project: Project) -> dict[str, Any]:
    """What the parameters ask of the tree: as a list, or as ids in ids."""
    asked = {name for name, _ in request.query}
    shown: dict[str, Any] = {}
    if asked & {"parents_as_list", "parents_as_ids"}:
        above = project_trees.parents(house, request.call(), project.id)
        if "parents_as_list" in asked:
            shown["parents"] = [{"project": render(request, one)} for one in above]
        else:
            chain: dict[str, Any] | None = None
            for one in reversed(above):
                chain = {one.id: chain}
            shown["parents"] = {project.domain_id: None} if chain is None else chain
    if asked & {"subtree_as_list", "subtree_as_ids"}:
        below = project_trees.subtree(house, request.call(), project.id)
        if "subtree_as_list" in asked:
            shown["subtree"] = [{"project": render(request, one)} for one in below]
        else:
            shown["subtree"] = _ids_below(project.id, below)
    return shown


def _ids_below(parent_id: str, below: list[Project]) -> dict[str, Any] | None:
    found: dict[str, Any] = {one.id: _ids_below(one.id, below) for one in below if one.parent_id == parent_id}
    return found or None


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).project
    if new.is_domain:
        home = Domain(id=DomainId(""), name=new.name, description=new.description or "", enabled=new.enabled)
        return json_response({"project": render_domain(request, domains.create(house, request.call(), home))}, 201)
    domain_id = new.domain_id or _domain_of_parent(house, request, new.parent_id)
    wish = Project(
        id=ProjectId(""),
        account="",
        name=new.name,
        description=new.description or "",
        domain_id=DomainId(domain_id),
        parent_id=new.parent_id or domain_id,
        tags=project_trees.checked_tags(tuple(new.tags)),
        enabled=new.enabled,
    )
    return json_response({"project": render(request, people.create_project(house, request.call(), wish))}, 201)


def _domain_of_parent(house: House, request: Request, parent_id: str | None) -> str:
    """A parent may be a domain, as a client sees it, or a project, whose domain it is then."""
    if parent_id is None or parent_id == DEFAULT_DOMAIN:
        return DEFAULT_DOMAIN
    try:
        return people.project(house, request.call(), ProjectId(parent_id)).domain_id
    except NotFound:
        return domains.get(house, request.call(), DomainId(parent_id)).id


def _switched_on(request: Request, name: str) -> bool:
    value = request.arg(name)
    return value is not None and value.lower() not in {"0", "false", "no"}


def tag_filter(request: Request) -> TagFilter:
    """`tags`, `tags-any`, `not-tags`, `not-tags-any`: words with commas between."""

    def words(name: str) -> frozenset[str] | None:
        value = request.arg(name)
        return None if value is None else frozenset(value.split(","))

    return TagFilter(
        all_of=words("tags"), any_of=words("tags-any"), not_all_of=words("not-tags"), not_any_of=words("not-tags-any")
    )


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).project
    wished = {k: v or "" if v is None else v for k, v in msgspec.structs.asdict(change).items()}
    changes: dict[str, Any] = {k: v for k, v in wished.items() if v is not msgspec.UNSET}
    if "tags" in changes:
        changes["tags"] = project_trees.checked_tags(tuple(changes["tags"]))
    done = people.update_project(house, request.call(), ProjectId(request.params["id"]), changes)
    return json_response({"project": render(request, done)})


def delete(house: House, request: Request) -> Response:
    people.delete_project(house, request.call(), ProjectId(request.params["id"]))
    return no_content()


def render_domain(request: Request, home: Domain) -> dict[str, Any]:
    """A domain as the project that it is to Keystone."""
    return {
        "id": home.id,
        "name": home.name,
        "domain_id": None,
        "description": home.description,
        "enabled": home.enabled,
        "parent_id": None,
        "is_domain": True,
        "tags": [],
        "options": {},
        "links": {"self": f"{request.base_url}/identity/v3/projects/{home.id}"},
    }


def render(request: Request, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "description": project.description,
        "enabled": project.enabled,
        "parent_id": project.parent_id,
        "is_domain": False,
        "tags": list(project.tags),
        "options": {},
        "links": {"self": f"{request.base_url}/identity/v3/projects/{project.id}"},
    }
