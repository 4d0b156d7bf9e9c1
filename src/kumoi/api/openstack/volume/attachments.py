"""/attachments: of our instances to look at, of others' to keep: reserved, connected, complete, gone."""

from functools import partial
from typing import Any, Final, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import projects
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.app.house import House
from kumoi.app.volumes import held
from kumoi.core.attachments import Attachment
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.ids import AttachmentId, InstanceId, VolumeId, is_uuid
from kumoi.core.query import eq

SINCE: Final = (3, 27)
SORTABLE: Final = {"id": "id", "created_at": "created_at", "updated_at": "updated_at", "status": "status"}
TEXTS: Final = {"volume_id": "volume_id", "instance_id": "instance_id", "status": "status", "attach_status": "status"}


class _New(msgspec.Struct):
    volume_uuid: str
    instance_uuid: str | None = None
    connector: dict[str, Any] | None = None
    mode: Literal["rw", "ro"] | None = None


class CreateBody(msgspec.Struct):
    attachment: _New


class _Change(msgspec.Struct):
    connector: dict[str, Any]


class UpdateBody(msgspec.Struct):
    attachment: _Change


def routes(house: House) -> list[Route]:
    one, read = "/attachments/{id}", "attachment.read"
    return [
        Route("GET", "/attachments", partial(find, house, False), read, "volume", min_version=SINCE),
        Route("GET", "/attachments/detail", partial(find, house, True), read, "volume", min_version=SINCE),
        Route("POST", "/attachments", partial(create, house), "attachment.create", "volume", body_type=CreateBody,
              min_version=SINCE),
        Route("GET", one, partial(show, house), read, "volume", min_version=SINCE),
        Route("PUT", one, partial(update, house), "attachment.update", "volume", body_type=UpdateBody,
              min_version=SINCE),
        Route("DELETE", one, partial(delete, house), "attachment.delete", "volume", min_version=SINCE),
        Route("POST", one + "/action", partial(complete, house), "attachment.update", "volume", body_key="os-complete",
              success=204, min_version=(3, 44)),
    ]  # fmt: skip


def attachment_id(request: Request) -> AttachmentId:
    return AttachmentId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    filters = (eq(TEXTS[key], value) for key, value in request.query if key in TEXTS)
    query = query_of(request, SORTABLE, *theirs, *filters)
    shown = cut(request, held.find(house, request.call(), query, all_projects=everyone))
    page: dict[str, Any] = {"attachments": [_render(one) if detailed else _brief(one) for one in shown]}
    return json_response(page | next_page(request, "attachments", [one.id for one in shown]))


def show(house: House, request: Request) -> Response:
    return json_response({"attachment": _render(held.get(house, request.call(), attachment_id(request)))})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).attachment
    if not is_uuid(new.volume_uuid):
        raise NotFound("storage", kind="volume", id=new.volume_uuid)
    if new.instance_uuid is not None and not is_uuid(new.instance_uuid):
        raise Invalid("api", field="attachment.instance_uuid", reason="not_a_uuid", value=new.instance_uuid)
    if new.mode is not None and not at_least(request, 54):
        raise Invalid("api", field="attachment.mode", reason="unknown_field")
    _refuse_connector(new.connector)
    wish = held.HeldWish(
        volume_id=VolumeId(new.volume_uuid),
        instance_id=InstanceId(new.instance_uuid) if new.instance_uuid is not None else None,
        read_only=new.mode == "ro",
    )
    return json_response({"attachment": _render(held.create(house, request.call(), wish))})


def update(house: House, request: Request) -> Response:
    connector = request.json(UpdateBody).attachment.connector
    held.get(house, request.call(), attachment_id(request))
    _refuse_connector(connector)
    raise Invalid("api", field="attachment.connector", reason="missing", name="connector")


def complete(house: House, request: Request) -> Response:
    held.say(house, request.call(), attachment_id(request), "attached")
    return Response(204)


def delete(house: House, request: Request) -> Response:
    """The others that its volume still has."""
    call = request.call()
    volume_id = held.delete(house, call, attachment_id(request))
    left = held.find(house, call, query_of(request, SORTABLE, eq("volume_id", volume_id)))
    return json_response({"attachments": [_brief(one) for one in left]})


def _refuse_connector(connector: dict[str, Any] | None) -> None:
    """No pool here exports its volumes to machines that are not of this cloud."""
    if connector:
        raise Unsupported("storage", what="exports")


def _brief(one: Attachment) -> dict[str, Any]:
    return {"id": one.id, "status": one.status, "instance": one.instance_id, "volume_id": one.volume_id}


def _render(one: Attachment) -> dict[str, Any]:
    return {
        **_brief(one),
        "attached_at": bare(one.attached_at) if one.attached_at else "",
        "detached_at": "",
        "attach_mode": "ro" if one.read_only else "rw",
        "connection_info": {},
    }
