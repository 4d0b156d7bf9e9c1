"""/v2.0/{kind}/{id}/tags: the same for every kind that has them."""

from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.resources import SERVICE, Resource
from kumoi.app.house import House
from kumoi.app.networks import tags


class TagsIn(msgspec.Struct, forbid_unknown_fields=True):
    tags: list[str]


def routes(house: House, resource: Resource[Any]) -> list[Route]:
    """Under the kind's own path, and its plural where the path is deeper (QoS policies)."""
    short = f"/v2.0/{resource.table.plural}"
    return [route for path in dict.fromkeys((resource.path, short)) for route in _under(path, house, resource)]


def _under(path: str, house: House, resource: Resource[Any]) -> list[Route]:
    noun = resource.noun

    def find(request: Request) -> Response:
        return json_response({"tags": tags.tags(house, request.call(), noun, request.params["id"])})

    def replace(request: Request) -> Response:
        wanted = tuple(request.json(TagsIn).tags)
        return json_response({"tags": tags.set_tags(house, request.call(), noun, request.params["id"], wanted)})

    def extend(request: Request) -> Response:
        more = tuple(request.json(TagsIn).tags)
        return json_response({"tags": tags.add_tags(house, request.call(), noun, request.params["id"], more)})

    def clear(request: Request) -> Response:
        tags.set_tags(house, request.call(), noun, request.params["id"], ())
        return no_content()

    def has(request: Request) -> Response:
        tags.has_tag(house, request.call(), noun, request.params["id"], request.params["tag"])
        return no_content()

    def add(request: Request) -> Response:
        tags.add_tags(house, request.call(), noun, request.params["id"], (request.params["tag"],))
        return Response(201)

    def drop(request: Request) -> Response:
        tags.drop_tag(house, request.call(), noun, request.params["id"], request.params["tag"])
        return no_content()

    path, read, update = f"{path}/{{id}}/tags", f"{noun.action}.read", f"{noun.action}.update"
    return [
        Route("GET", path, find, read, SERVICE),
        Route("PUT", path, replace, update, SERVICE, body_type=TagsIn),
        Route("POST", path, extend, update, SERVICE, body_type=TagsIn),
        Route("DELETE", path, clear, update, SERVICE, success=204),
        Route("GET", f"{path}/{{tag}}", has, read, SERVICE, success=204),
        Route("PUT", f"{path}/{{tag}}", add, update, SERVICE, success=201),
        Route("DELETE", f"{path}/{{tag}}", drop, update, SERVICE, success=204),
    ]
