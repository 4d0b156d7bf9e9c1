"""/v3/projects."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import people
from kumoi.core.errors import Unsupported
from kumoi.core.ids import DomainId, ProjectId
from kumoi.core.tenancy import Project

FILTERS = {"name": "name", "domain_id": "domain_id", "parent_id": "parent_id", "enabled": "enabled"}


class _New(msgspec.Struct):
    name: str
    description: str | None = ""
    domain_id: str = "default"
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
    return page(request, "projects", people.projects(house, request.call(), query(request, FILTERS)), render)


def show(house: House, request: Request) -> Response:
    found = people.project(house, request.call(), ProjectId(request.params["id"]))
    return json_response({"project": render(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).project
    if new.is_domain or new.parent_id not in {None, "default", new.domain_id}:
        raise Unsupported("identity", what="nested_projects")
    wish = Project(
        id=ProjectId(""),
        account="",
        name=new.name,
        description=new.description or "",
        domain_id=DomainId(new.domain_id),
        parent_id=new.domain_id,
        enabled=new.enabled,
    )
    return json_response({"project": render(request, people.create_project(house, request.call(), wish))}, 201)


def update(house: House, request: Request) -> Response:
    change = request.json(UpdateBody).project
    wished = {k: v or "" if v is None else v for k, v in msgspec.structs.asdict(change).items()}
    changes = {k: v for k, v in wished.items() if v is not msgspec.UNSET}
    done = people.update_project(house, request.call(), ProjectId(request.params["id"]), changes)
    return json_response({"project": render(request, done)})


def delete(house: House, request: Request) -> Response:
    people.delete_project(house, request.call(), ProjectId(request.params["id"]))
    return no_content()


def render(request: Request, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id,
        "description": project.description,
        "enabled": project.enabled,
        "parent_id": project.parent_id,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"{request.base_url}/identity/v3/projects/{project.id}"},
    }
