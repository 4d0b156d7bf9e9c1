"""/default-types: what the volumes of a project are that name no type, since 3.62."""

from functools import partial
from typing import Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.app.house import House
from kumoi.app.volumes import types
from kumoi.core.errors import NotFound
from kumoi.core.ids import ProjectId

FIRST: Final = (3, 62)


class _Type(msgspec.Struct, forbid_unknown_fields=True):
    volume_type: str


class SetBody(msgspec.Struct, forbid_unknown_fields=True):
    default_type: _Type


def routes(house: House) -> list[Route]:
    path, one = "/default-types", "/default-types/{target}"
    at = partial(Route, action="volume_type.update", service="volume", min_version=FIRST)
    return [
        at("GET", path, partial(find, house)),
        at("GET", one, partial(show, house)),
        at("PUT", one, partial(put, house), body_type=SetBody),
        at("DELETE", one, partial(drop, house), success=204),
    ]


def find(house: House, request: Request) -> Response:
    found = types.defaults(house, request.call())
    return json_response({"default_types": [_render(project, found[project]) for project in sorted(found)]})


def show(house: House, request: Request) -> Response:
    project, found = _project(request), types.defaults(house, request.call())
    if project not in found:
        raise NotFound("storage", kind="default_volume_type", id=project)
    return json_response({"default_type": _render(project, found[project])})


def put(house: House, request: Request) -> Response:
    wished, project = request.json(SetBody).default_type.volume_type, _project(request)
    chosen = types.set_default(house, request.call(), project, wished)
    return json_response({"default_type": _render(project, chosen)})


def drop(house: House, request: Request) -> Response:
    types.set_default(house, request.call(), _project(request), None)
    return no_content()


def _project(request: Request) -> ProjectId:
    return ProjectId(request.params["target"])


def _render(project: ProjectId, type_id: str | None) -> dict[str, str | None]:
    return {"project_id": project, "volume_type_id": type_id}
