"""/snapshots/{id}/action and /snapshots/{id}/metadata."""

import re
from functools import partial
from typing import Final, cast, get_args

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.snapshots import snapshot_id
from kumoi.api.openstack.volume.volume_metadata import MetaBody, MetadataBody
from kumoi.api.openstack.volume.volumes import checked
from kumoi.app.house import House
from kumoi.app.volumes import snapshot_words, snapshots
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.policy import allow
from kumoi.core.volume_snapshots import Status

STATUSES: Final = frozenset(get_args(Status)) - {"deleted"}
UPDATABLE: Final = frozenset({"creating", "available", "error", "deleting", "error_deleting"})
PROGRESS: Final = re.compile(r"(?:[0-9]{1,2}|100)%?")


class _Reset(msgspec.Struct):
    status: str


class ResetBody(msgspec.Struct):
    wanted: _Reset = msgspec.field(name="os-reset_status")


class _Report(msgspec.Struct):
    status: str
    progress: str | None = None


class ReportBody(msgspec.Struct):
    wanted: _Report = msgspec.field(name="os-update_snapshot_status")


def routes(house: House) -> list[Route]:
    action, whole, one = "/snapshots/{id}/action", "/snapshots/{id}/metadata", "/snapshots/{id}/metadata/{key}"
    read, update = "volume_snapshot.read", "volume_snapshot.update"
    return [
        Route("POST", action, partial(reset, house), "volume.reset", "volume", body_key="os-reset_status",
              body_type=ResetBody, success=202),
        Route("POST", action, partial(report, house), update, "volume", body_key="os-update_snapshot_status",
              body_type=ReportBody, success=202),
        Route("POST", action, partial(force_delete, house), "volume.force", "volume", body_key="os-force_delete",
              success=202),
        Route("POST", action, partial(unmanage, house), "volume.reset", "volume", body_key="os-unmanage", success=202),
        Route("GET", whole, partial(show_all, house), read, "volume"),
        Route("POST", whole, partial(put_all, house), update, "volume", body_type=MetadataBody),
        Route("PUT", whole, partial(put_all, house), update, "volume", body_type=MetadataBody),
        Route("GET", one, partial(show_one, house), read, "volume"),
        Route("PUT", one, partial(put_one, house), update, "volume", body_type=MetaBody),
        Route("DELETE", one, partial(drop_one, house), update, "volume"),
    ]  # fmt: skip


def reset(house: House, request: Request) -> Response:
    status = _status(request.json(ResetBody).wanted.status, STATUSES)
    snapshot_words.reset(house, request.call(), snapshot_id(request), status)
    return Response(202)


def report(house: House, request: Request) -> Response:
    asked = request.json(ReportBody).wanted
    if asked.progress is not None and not PROGRESS.fullmatch(asked.progress):
        raise Invalid("api", field="os-update_snapshot_status.progress", reason="format")
    status = _status(asked.status, UPDATABLE)
    snapshot_words.report(house, request.call(), snapshot_id(request), status, asked.progress or "")
    return Response(202)


def force_delete(house: House, request: Request) -> Response:
    snapshots.delete(house, request.call(), snapshot_id(request), force=True)
    return Response(202)


def unmanage(house: House, request: Request) -> Response:
    """501, but a snapshot that is not there is 404 all the same."""
    allow(request.call(), "volume.reset")
    snapshots.get(house, request.call(), snapshot_id(request))
    raise Unsupported("storage", what="os-unmanage")


def show_all(house: House, request: Request) -> Response:
    return json_response({"metadata": _labels(house, request)})


def put_all(house: House, request: Request) -> Response:
    pairs, whole = checked(request.json(MetadataBody).metadata), request.method == "PUT"
    view = snapshot_words.set_metadata(house, request.call(), snapshot_id(request), pairs, whole=whole)
    return json_response({"metadata": view.metadata})


def show_one(house: House, request: Request) -> Response:
    key, found = request.params["key"], _labels(house, request)
    if key not in found:
        raise NotFound("storage", kind="label", id=key)
    return json_response({"meta": {key: found[key]}})


def put_one(house: House, request: Request) -> Response:
    pairs = checked(request.json(MetaBody).meta)
    if list(pairs) != [request.params["key"]]:
        raise Invalid("api", field="meta", reason="format")
    snapshot_words.set_metadata(house, request.call(), snapshot_id(request), pairs)
    return json_response({"meta": pairs})


def drop_one(house: House, request: Request) -> Response:
    key = request.params["key"]
    if not snapshot_words.drop_metadata(house, request.call(), snapshot_id(request), key):
        raise NotFound("storage", kind="label", id=key)
    return Response(200)


def _status(text: str, choices: frozenset[str]) -> Status:
    if text.lower() not in choices:
        raise Invalid("api", field="status", reason="not_in_enum", value=text)
    return cast(Status, text.lower())


def _labels(house: House, request: Request) -> dict[str, str]:
    return snapshots.get(house, request.call(), snapshot_id(request)).metadata
