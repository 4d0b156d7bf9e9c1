"""/v2/images/{id}/members: whom an image is shared with."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.images import members
from kumoi.core.ids import ImageId, ProjectId
from kumoi.core.images import ImageMember, MemberStatus


class MemberBody(msgspec.Struct):
    member: str


class StatusBody(msgspec.Struct):
    status: MemberStatus


def routes(house: House) -> list[Route]:
    one = "/v2/images/{id}/members/{member}"
    return [
        Route("GET", "/v2/images/{id}/members", partial(find, house), "image.read", "image"),
        Route("POST", "/v2/images/{id}/members", partial(add, house), "image.share", "image", body_type=MemberBody),
        Route("GET", one, partial(show, house), "image.read", "image"),
        Route("PUT", one, partial(answer, house), "image.accept", "image", body_type=StatusBody),
        Route("DELETE", one, partial(remove, house), "image.share", "image", success=204),
    ]


def find(house: House, request: Request) -> Response:
    found = [render(one) for one in members.find(house, request.call(), _id(request))]
    return json_response({"members": found, "schema": "/v2/schemas/members"})


def add(house: House, request: Request) -> Response:
    project_id = ProjectId(request.json(MemberBody).member)
    return json_response(render(members.add(house, request.call(), _id(request), project_id)))


def show(house: House, request: Request) -> Response:
    return json_response(render(members.get(house, request.call(), _id(request), request.params["member"])))


def answer(house: House, request: Request) -> Response:
    status = request.json(StatusBody).status
    return json_response(render(members.answer(house, request.call(), _id(request), request.params["member"], status)))


def remove(house: House, request: Request) -> Response:
    members.remove(house, request.call(), _id(request), request.params["member"])
    return no_content()


def _id(request: Request) -> ImageId:
    return ImageId(request.params["id"])


def render(member: ImageMember) -> dict[str, Any]:
    return {
        "image_id": member.image_id,
        "member_id": member.project_id,
        "status": member.status,
        "created_at": second(member.created_at),
        "updated_at": second(member.updated_at),
        "schema": "/v2/schemas/member",
    }
