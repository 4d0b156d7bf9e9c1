"""/servers/{id}/os-volume_attachments: the volumes of a server, put in and taken out while it runs."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import page_limit
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.volumes import attaching
from kumoi.core.attachments import Attachment
from kumoi.core.devices import check_tag
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.ids import VolumeId, is_uuid

SINCE: Final = {"tag": 49, "delete_on_termination": 79}


class _New(msgspec.Struct, forbid_unknown_fields=True):
    volumeId: str  # noqa: N815
    device: str | None = None
    tag: str | None = None
    delete_on_termination: bool | msgspec.UnsetType = msgspec.UNSET


class AttachBody(msgspec.Struct):
    wanted: _New = msgspec.field(name="volumeAttachment")


class _Change(msgspec.Struct):
    """The rest that may be there has to be as it is, and is not looked at."""

    volumeId: str  # noqa: N815
    delete_on_termination: bool | msgspec.UnsetType = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    wanted: _Change = msgspec.field(name="volumeAttachment")


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/os-volume_attachments"
    one = path + "/{volume}"
    return [
        Route("GET", path, partial(find, house), "attachment.read", "compute"),
        Route("POST", path, partial(attach, house), "attachment.create", "compute", body_type=AttachBody),
        Route("GET", one, partial(show, house), "attachment.read", "compute"),
        Route("PUT", one, partial(update, house), "attachment.update", "compute", body_type=UpdateBody, success=202),
        Route("DELETE", one, partial(detach, house), "attachment.delete", "compute", success=202),
    ]


def find(house: House, request: Request) -> Response:
    found = attaching.find(house, request.call(), server_id(request))
    skipped = request.arg("offset") or "0"
    if not skipped.isdecimal():
        raise Invalid("api", field="offset", reason="range", bound="0 or more")
    shown = found[int(skipped) :][: page_limit(request)]
    return json_response({"volumeAttachments": [render(request, one) for one in shown]})


def show(house: House, request: Request) -> Response:
    return json_response({"volumeAttachment": render(request, _one(house, request))})


def attach(house: House, request: Request) -> Response:
    new = request.json(AttachBody).wanted
    for name, minor in SINCE.items():
        if getattr(new, name) not in {None, msgspec.UNSET} and not at_least(request, minor):
            raise Invalid("api", field=f"volumeAttachment.{name}", reason="unknown_field")
    if not is_uuid(new.volumeId):
        raise Invalid("api", field="volumeAttachment.volumeId", reason="not_a_uuid", value=new.volumeId)
    wish = attaching.AttachWish(
        volume_id=VolumeId(new.volumeId),
        device=new.device or "",
        tag=check_tag("volumeAttachment.tag", new.tag) if new.tag is not None else "",
        delete_on_termination=new.delete_on_termination is True,
    )
    made = attaching.attach(house, request.call(), server_id(request), wish)
    if at_least(request, 101):  # its volume tells how far it is
        return Response(202)
    return json_response({"volumeAttachment": render(request, made)})


def update(house: House, request: Request) -> Response:
    """Another volume in its place is not built; whether it goes with its server may be changed (2.85)."""
    asked, there = request.json(UpdateBody).wanted, _one(house, request)
    if asked.volumeId != there.volume_id:
        raise Unsupported("compute", what="swap_volume")
    if asked.delete_on_termination is msgspec.UNSET or not at_least(request, 85):
        raise Invalid("api", field="volumeAttachment.delete_on_termination", reason="missing")
    attaching.update(
        house,
        request.call(),
        server_id(request),
        there.volume_id,
        delete_on_termination=asked.delete_on_termination is True,
    )
    return Response(202)


def detach(house: House, request: Request) -> Response:
    attaching.detach(house, request.call(), server_id(request), VolumeId(request.params["volume"]))
    return Response(202)


def _one(house: House, request: Request) -> Attachment:
    wanted = request.params["volume"]
    found = attaching.find(house, request.call(), server_id(request))
    one = next((a for a in found if a.volume_id == wanted), None)
    if one is None:
        raise NotFound("storage", kind="attachment", id=wanted)
    return one


def render(request: Request, one: Attachment) -> dict[str, Any]:
    shown: dict[str, Any] = {"serverId": one.instance_id, "volumeId": one.volume_id, "device": one.device}
    if not at_least(request, 89):
        shown["id"] = one.volume_id
    if at_least(request, 70):
        shown["tag"] = one.tag or None
    if at_least(request, 79):
        shown["delete_on_termination"] = one.delete_on_termination
    if at_least(request, 89):
        shown |= {"attachment_id": one.id, "bdm_uuid": one.id}
    return shown
