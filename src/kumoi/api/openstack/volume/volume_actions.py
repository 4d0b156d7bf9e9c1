"""/volumes/{id}/action: what is done to a volume, and what clients say that they do with it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.numbers import Number, size_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volume_views import STATUSES, status_word
from kumoi.api.openstack.volume.volumes import checked, volume_id
from kumoi.api.openstack.volume.words import flag, name_of
from kumoi.app.house import House
from kumoi.app.volumes import change, delete, extend, held, imaging, read, retype, revert
from kumoi.core.errors import Invalid, NotFound, Unsupported, WrongState
from kumoi.core.ids import AttachmentId, InstanceId, SnapshotId, is_uuid
from kumoi.core.images import Visibility
from kumoi.core.policy import allow

VISIBILITIES: Final[dict[str, Visibility]] = {
    "private": "private", "public": "public", "shared": "shared", "community": "community",
}  # fmt: skip
UNBUILT: Final[dict[str, str]] = {
    "os-initialize_connection": "attachment.create",
    "os-migrate_volume": "volume.reset",
    "os-migrate_volume_completion": "volume.reset",
    "os-unmanage": "volume.reset",
    "os-reimage": "volume.update",
}


class _Extend(msgspec.Struct):
    new_size: Number


class ExtendBody(msgspec.Struct):
    wanted: _Extend = msgspec.field(name="os-extend")


class _Attach(msgspec.Struct):
    instance_uuid: str | None = None
    host_name: str | None = None
    mountpoint: str | None = None
    mode: str = "rw"


class AttachBody(msgspec.Struct):
    wanted: _Attach = msgspec.field(name="os-attach")


class _Detach(msgspec.Struct):
    attachment_id: str | None = None
    connector: dict[str, Any] | None = None


class DetachBody(msgspec.Struct):
    wanted: _Detach | None = msgspec.field(name="os-detach")


class ForceDetachBody(msgspec.Struct):
    wanted: _Detach | None = msgspec.field(name="os-force_detach")


class _Bootable(msgspec.Struct):
    bootable: bool | str


class BootableBody(msgspec.Struct):
    wanted: _Bootable = msgspec.field(name="os-set_bootable")


class _ReadOnly(msgspec.Struct):
    readonly: bool | str


class ReadOnlyBody(msgspec.Struct):
    wanted: _ReadOnly = msgspec.field(name="os-update_readonly_flag")


class _Reset(msgspec.Struct):
    status: str | None = None
    attach_status: Literal["attached", "detached"] | None = None
    migration_status: str | None = None


class ResetBody(msgspec.Struct):
    wanted: _Reset = msgspec.field(name="os-reset_status")


class _Retype(msgspec.Struct):
    new_type: str
    migration_policy: Literal["never", "on-demand"] = "never"


class RetypeBody(msgspec.Struct):
    wanted: _Retype = msgspec.field(name="os-retype")


class _Upload(msgspec.Struct):
    image_name: str
    force: bool | str = False
    disk_format: str = "raw"
    container_format: str = "bare"
    visibility: str | None = None
    protected: bool | str = False


class UploadBody(msgspec.Struct):
    wanted: _Upload = msgspec.field(name="os-volume_upload_image")


class _Revert(msgspec.Struct):
    snapshot_id: str


class RevertBody(msgspec.Struct):
    wanted: _Revert = msgspec.field(name="revert")


class _Words(msgspec.Struct):
    metadata: dict[str, str]


class WordsBody(msgspec.Struct):
    wanted: _Words = msgspec.field(name="os-set_image_metadata")


class _Key(msgspec.Struct):
    key: str


class KeyBody(msgspec.Struct):
    wanted: _Key = msgspec.field(name="os-unset_image_metadata")


def routes(house: House) -> list[Route]:
    def one(name: str, handler: Callable[[House, Request], Response], action: str, body: Any, status: int) -> Route:
        return Route(
            "POST", "/volumes/{id}/action", partial(handler, house), action, "volume", body_key=name, body_type=body,
            success=status,
        )  # fmt: skip

    update = "volume.update"
    return [
        one("os-extend", larger, update, ExtendBody, 202),
        one("os-set_bootable", set_bootable, update, BootableBody, 200),
        one("os-update_readonly_flag", set_read_only, update, ReadOnlyBody, 202),
        one("os-reset_status", reset, "volume.reset", ResetBody, 202),
        one("os-volume_upload_image", upload, update, UploadBody, 202),
        one("revert", go_back, update, RevertBody, 202),
        one("os-retype", retype_it, update, RetypeBody, 202),
        one("os-force_delete", force_delete, "volume.force", None, 202),
        one("os-attach", attach, "attachment.create", AttachBody, 202),
        one("os-detach", detach, "attachment.delete", DetachBody, 202),
        one("os-force_detach", force_detach, "volume.force", ForceDetachBody, 202),
        one("os-terminate_connection", terminate, update, None, 202),
        one("os-set_image_metadata", set_words, update, WordsBody, 200),
        one("os-unset_image_metadata", drop_word, update, KeyBody, 200),
        one("os-show_image_metadata", show_words, "volume.read", None, 200),
        *(one(name, partial(_hold, held_as), update, None, 202) for name, held_as in HOLDS.items()),
        *(one(name, partial(_refuse, name, action), action, None, 202) for name, action in UNBUILT.items()),
    ]


HOLDS: Final[dict[str, held.Hold]] = {
    "os-reserve": "reserve",
    "os-unreserve": "unreserve",
    "os-begin_detaching": "begin_detaching",
    "os-roll_detaching": "roll_detaching",
}


def larger(house: House, request: Request) -> Response:
    size = size_of("os-extend.new_size", request.json(ExtendBody).wanted.new_size)
    extend.extend(house, request.call(), volume_id(request), size)
    return Response(202)


def set_bootable(house: House, request: Request) -> Response:
    on = flag("bootable", request.json(BootableBody).wanted.bootable)
    change.set_flag(house, request.call(), volume_id(request), bootable=on)
    return Response(200)


def set_read_only(house: House, request: Request) -> Response:
    on = flag("readonly", request.json(ReadOnlyBody).wanted.readonly)
    change.set_flag(house, request.call(), volume_id(request), read_only=on)
    return Response(202)


def reset(house: House, request: Request) -> Response:
    """Whether it is attached is what hosts say: a word about that alone changes nothing."""
    asked = request.json(ResetBody).wanted
    if asked.status is None and asked.attach_status is None and asked.migration_status is None:
        raise Invalid("api", field="os-reset_status.status", reason="missing", name="status")
    if asked.status is not None:
        status = STATUSES.get(asked.status.lower())
        if status is None:
            raise Invalid("api", field="os-reset_status.status", reason="not_in_enum", value=asked.status)
        change.reset(house, request.call(), volume_id(request), status)
    return Response(202)


def retype_it(house: House, request: Request) -> Response:
    asked = request.json(RetypeBody).wanted
    retype.retype(house, request.call(), volume_id(request), asked.new_type, asked.migration_policy)
    return Response(202)


def upload(house: House, request: Request) -> Response:
    """Visibility and protection are asked for since 3.1."""
    asked, newer = request.json(UploadBody).wanted, at_least(request, 1)
    if asked.container_format != "bare":
        raise Unsupported("storage", what="image_format", format=asked.container_format[:64])
    said = (asked.visibility if newer else None) or "private"
    if said not in VISIBILITIES:
        raise Invalid("api", field="os-volume_upload_image.visibility", reason="not_in_enum", value=said[:64])
    wish = imaging.VolumeImageWish(
        name=name_of("os-volume_upload_image.image_name", asked.image_name),
        disk_format=asked.disk_format,
        visibility=VISIBILITIES[said],
        protected=newer and flag("protected", asked.protected),
        while_used=flag("force", asked.force),
    )
    volume, image = imaging.create_image(house, request.call(), volume_id(request), wish)
    shown = {
        "id": volume.id,
        "updated_at": bare(volume.updated_at),
        "status": status_word(volume),
        "display_description": volume.description or None,
        "size": volume.size_gib,
        "volume_type": None,
        "image_id": image.id,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "image_name": image.name,
    }
    if newer:
        shown |= {"visibility": image.visibility, "protected": image.protected}
    return json_response({"os-volume_upload_image": shown}, 202)


def go_back(house: House, request: Request) -> Response:
    snapshot = request.json(RevertBody).wanted.snapshot_id
    if not is_uuid(snapshot):
        raise NotFound("storage", kind="volume_snapshot", id=snapshot[:64])
    revert.revert(house, request.call(), volume_id(request), SnapshotId(snapshot))
    return Response(202)


def force_delete(house: House, request: Request) -> Response:
    delete.delete(house, request.call(), volume_id(request), force=True)
    return Response(202)


def attach(house: House, request: Request) -> Response:
    """The elder way, without a connection: the caller has done it, or will."""
    asked = request.json(AttachBody).wanted
    if (asked.instance_uuid is None) == (asked.host_name is None):
        raise Invalid("api", field="os-attach", reason="one_of", names=["instance_uuid", "host_name"])
    if asked.instance_uuid is not None and not is_uuid(asked.instance_uuid):
        raise Invalid("api", field="os-attach.instance_uuid", reason="not_a_uuid", value=asked.instance_uuid)
    if asked.mode not in {"rw", "ro"}:
        raise Invalid("api", field="os-attach.mode", reason="not_in_enum", value=asked.mode)
    wish = held.HeldWish(
        volume_id=volume_id(request),
        instance_id=InstanceId(asked.instance_uuid) if asked.instance_uuid is not None else None,
        host_name=asked.host_name or "",
        device=asked.mountpoint or "",
        read_only=asked.mode == "ro",
        said="attached",
    )
    held.create(house, request.call(), wish)
    return Response(202)


def detach(house: House, request: Request) -> Response:
    return _detach(house, request, request.json(DetachBody).wanted)


def force_detach(house: House, request: Request) -> Response:
    """Nobody's disk is torn out of a running guest: only what its client keeps itself is let go."""
    allow(request.call(), "volume.force")
    return _detach(house, request, request.json(ForceDetachBody).wanted)


def _detach(house: House, request: Request, asked: _Detach | None) -> Response:
    named = asked.attachment_id if asked is not None else None
    held.detach(house, request.call(), volume_id(request), AttachmentId(named) if named else None)
    return Response(202)


def terminate(house: House, request: Request) -> Response:
    """No connection is made by this API, so none is there to end: the volume has to be, and that is all."""
    allow(request.call(), "volume.update")
    view = read.get(house, request.call(), volume_id(request))
    if any(not one.said for one in view.attachments):
        volume = view.volume
        raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="terminate_connection")
    return Response(202)


def set_words(house: House, request: Request) -> Response:
    words = checked(request.json(WordsBody).wanted.metadata)
    view = change.set_image_words(house, request.call(), volume_id(request), words)
    return json_response({"metadata": view.volume.image_words})


def drop_word(house: House, request: Request) -> Response:
    key = request.json(KeyBody).wanted.key
    if not change.drop_image_word(house, request.call(), volume_id(request), key):
        raise NotFound("storage", kind="label", id=key)
    return Response(200)


def show_words(house: House, request: Request) -> Response:
    return json_response({"metadata": read.get(house, request.call(), volume_id(request)).volume.image_words})


def _hold(what: held.Hold, house: House, request: Request) -> Response:
    held.hold(house, request.call(), volume_id(request), what)
    return Response(202)


def _refuse(name: str, action: str, house: House, request: Request) -> Response:
    """What this version does not have: a volume that is not there is 404 all the same, one that is, 501."""
    allow(request.call(), action)
    read.get(house, request.call(), volume_id(request))
    raise Unsupported("storage", what=name)
