"""/v3/projects/{project}/tags and /cascade: whole trees at once."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.projects import render
from kumoi.app.house import House
from kumoi.app.identity import people, project_trees
from kumoi.core.ids import ProjectId

_TAGS = "/v3/projects/{project}/tags"
_CASCADE = "/v3/projects/{project}/cascade"


class TagsBody(msgspec.Struct):
    tags: list[str]


class _Switch(msgspec.Struct):
    enabled: bool


class SwitchBody(msgspec.Struct):
    project: _Switch


def routes(house: House) -> list[Route]:
    return [
        Route("GET", _TAGS, partial(tags, house), "identity.read_own", "identity"),
        Route("PUT", _TAGS, partial(set_tags, house), "identity.write", "identity", body_type=TagsBody),
        Route("DELETE", _TAGS, partial(drop_tags, house), "identity.write", "identity", success=204),
        Route("GET", _TAGS + "/{tag}", partial(check, house), "identity.read_own", "identity", success=204),
        Route("PUT", _TAGS + "/{tag}", partial(add, house), "identity.write", "identity", success=201),
        Route("DELETE", _TAGS + "/{tag}", partial(remove, house), "identity.write", "identity", success=204),
        Route("PATCH", _CASCADE, partial(switch, house), "identity.write", "identity", body_type=SwitchBody),
        Route("DELETE", _CASCADE, partial(delete, house), "identity.write", "identity", success=204),
    ]


def tags(house: House, request: Request) -> Response:
    return _told(request, people.project(house, request.call(), _id(request)).tags)


def set_tags(house: House, request: Request) -> Response:
    wished = tuple(request.json(TagsBody).tags)
    return _told(request, project_trees.set_tags(house, request.call(), _id(request), wished).tags)


def drop_tags(house: House, request: Request) -> Response:
    project_trees.set_tags(house, request.call(), _id(request), ())
    return no_content()


def check(house: House, request: Request) -> Response:
    project_trees.check_tag(house, request.call(), _id(request), request.params["tag"])
    return no_content()


def add(house: House, request: Request) -> Response:
    project_trees.add_tag(house, request.call(), _id(request), request.params["tag"])
    return Response(201)


def remove(house: House, request: Request) -> Response:
    project_trees.remove_tag(house, request.call(), _id(request), request.params["tag"])
    return no_content()


def switch(house: House, request: Request) -> Response:
    wished = request.json(SwitchBody).project.enabled
    done = project_trees.switch_all(house, request.call(), _id(request), enabled=wished)
    return json_response({"project": render(request, done)})


def delete(house: House, request: Request) -> Response:
    project_trees.delete_all(house, request.call(), _id(request))
    return no_content()


def _told(request: Request, held: tuple[str, ...]) -> Response:
    here = f"{request.base_url}/identity/v3/projects/{_id(request)}/tags"
    return json_response({"tags": list(held), "links": {"self": here, "next": None, "previous": None}})


def _id(request: Request) -> ProjectId:
    return ProjectId(request.params["project"])
