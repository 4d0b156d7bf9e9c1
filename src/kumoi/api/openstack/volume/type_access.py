"""/types/{id}/os-volume-type-access, and the actions that change it."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.types import type_id
from kumoi.app.house import House
from kumoi.app.volumes import type_access
from kumoi.core.ids import ProjectId


class _Project(msgspec.Struct, forbid_unknown_fields=True):
    project: str


class AddBody(msgspec.Struct, forbid_unknown_fields=True):
    access: _Project = msgspec.field(name="addProjectAccess")


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    access: _Project = msgspec.field(name="removeProjectAccess")


def routes(house: House) -> list[Route]:
    action, needs = "/types/{id}/action", "volume_type.update"
    return [
        Route("GET", "/types/{id}/os-volume-type-access", partial(show, house), needs, "volume"),
        Route("POST", action, partial(add, house), needs, "volume", "addProjectAccess", AddBody, 202),
        Route("POST", action, partial(remove, house), needs, "volume", "removeProjectAccess", RemoveBody, 202),
    ]


def show(house: House, request: Request) -> Response:
    projects = type_access.access(house, request.call(), type_id(request))
    shown = [{"volume_type_id": type_id(request), "project_id": project} for project in projects]
    return json_response({"volume_type_access": shown})


def add(house: House, request: Request) -> Response:
    project = ProjectId(request.json(AddBody).access.project)
    type_access.open_to(house, request.call(), type_id(request), project)
    return Response(202)


def remove(house: House, request: Request) -> Response:
    project = ProjectId(request.json(RemoveBody).access.project)
    type_access.close_to(house, request.call(), type_id(request), project)
    return Response(202)
