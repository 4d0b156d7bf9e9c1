"""/os-volumes and /os-snapshots until 2.35: Nova's elder words for what the volume service says."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import LONGEST_NUMBER, page_limit
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.numbers import Number, size_of
from kumoi.api.openstack.volume.volume_views import status_word
from kumoi.api.openstack.volume.volumes import checked
from kumoi.app.house import House
from kumoi.app.volumes import create, delete, read, snapshots
from kumoi.app.volumes.read import VolumeView
from kumoi.app.volumes.snapshots import SnapshotView
from kumoi.core.aggregates import ZONE
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import SnapshotId, VolumeId, is_uuid
from kumoi.core.query import Query

LAST: Final = (2, 35)


class _Volume(msgspec.Struct):
    size: Number = None
    display_name: str | None = None
    display_description: str | None = None
    volume_type: str | None = None
    metadata: dict[str, str] | None = None
    snapshot_id: str | None = None
    availability_zone: str | None = None


class VolumeBody(msgspec.Struct):
    volume: _Volume


class _Snapshot(msgspec.Struct):
    """`force` is taken: what a guest has is frozen too."""

    volume_id: str
    display_name: str | None = None
    display_description: str | None = None
    force: bool | str | None = None


class SnapshotBody(msgspec.Struct):
    snapshot: _Snapshot


def routes(house: House) -> list[Route]:
    until = partial(Route, service="compute", max_version=LAST)
    volumes, frozen = V + "/os-volumes", V + "/os-snapshots"
    return [
        until("GET", volumes, partial(find, house), "volume.read"),
        until("GET", volumes + "/detail", partial(find, house), "volume.read"),
        until("POST", volumes, partial(make, house), "volume.create", body_type=VolumeBody),
        until("GET", volumes + "/{id}", partial(show, house), "volume.read"),
        until("DELETE", volumes + "/{id}", partial(remove, house), "volume.delete", success=202),
        until("GET", frozen, partial(find_snapshots, house), "volume_snapshot.read"),
        until("GET", frozen + "/detail", partial(find_snapshots, house), "volume_snapshot.read"),
        until("POST", frozen, partial(freeze, house), "volume_snapshot.create", body_type=SnapshotBody),
        until("GET", frozen + "/{id}", partial(show_snapshot, house), "volume_snapshot.read"),
        until("DELETE", frozen + "/{id}", partial(remove_snapshot, house), "volume_snapshot.delete", success=202),
    ]


def find(house: House, request: Request) -> Response:
    _named(request, "volume")
    found = read.find(house, request.call(), Query())
    return json_response({"volumes": [render(view) for view in found[_page(request)]]})


def show(house: House, request: Request) -> Response:
    return json_response({"volume": render(read.get(house, request.call(), VolumeId(request.params["id"])))})


def make(house: House, request: Request) -> Response:
    new = request.json(VolumeBody).volume
    if new.snapshot_id is not None and not is_uuid(new.snapshot_id):
        raise NotFound("storage", kind="volume_snapshot", id=new.snapshot_id)
    wish = create.VolumeWish(
        name=new.display_name or "",
        description=new.display_description or "",
        size_gib=size_of("volume.size", new.size),
        type_name=new.volume_type or "",
        zone=new.availability_zone or ZONE,
        snapshot_id=SnapshotId(new.snapshot_id) if new.snapshot_id is not None else None,
        metadata=checked(new.metadata or {}),
    )
    return json_response({"volume": render(create.create(house, request.call(), wish))})


def remove(house: House, request: Request) -> Response:
    delete.delete(house, request.call(), VolumeId(request.params["id"]))
    return Response(202)


def find_snapshots(house: House, request: Request) -> Response:
    _named(request, "volume_snapshot")
    found = snapshots.find(house, request.call(), Query())
    return json_response({"snapshots": [render_snapshot(view) for view in found[_page(request)]]})


def show_snapshot(house: House, request: Request) -> Response:
    view = snapshots.get(house, request.call(), SnapshotId(request.params["id"]))
    return json_response({"snapshot": render_snapshot(view)})


def freeze(house: House, request: Request) -> Response:
    new = request.json(SnapshotBody).snapshot
    if not is_uuid(new.volume_id):
        raise NotFound("storage", kind="volume", id=new.volume_id)
    wish = snapshots.SnapshotWish(
        volume_id=VolumeId(new.volume_id),
        name=new.display_name or "",
        description=new.display_description or "",
    )
    return json_response({"snapshot": render_snapshot(snapshots.create(house, request.call(), wish))})


def remove_snapshot(house: House, request: Request) -> Response:
    snapshots.delete(house, request.call(), SnapshotId(request.params["id"]))
    return Response(202)


def _named(request: Request, kind: str) -> None:
    """With a slash at its end it is no list, but one that nobody named."""
    if request.raw_path.endswith(b"/"):
        raise NotFound("storage", kind=kind, id="")


def _page(request: Request) -> slice:
    skipped = request.arg("offset") or "0"
    if not skipped.isdecimal() or len(skipped) > LONGEST_NUMBER:
        raise Invalid("api", field="offset", reason="range", bound="0 or more")
    return slice(int(skipped), int(skipped) + page_limit(request))


def render(view: VolumeView) -> dict[str, Any]:
    one = view.volume
    attached = [
        {"id": a.volume_id, "volumeId": a.volume_id, "serverId": a.instance_id, "device": a.device}
        for a in view.attachments
        if a.instance_id is not None
    ]
    return {
        "id": one.id,
        "status": status_word(one),
        "size": one.size_gib,
        "availabilityZone": one.zone,
        "createdAt": bare(one.created_at),
        "attachments": attached or [{}],  # Nova's way to say none
        "displayName": one.name or None,
        "displayDescription": one.description or None,
        "volumeType": view.type_name,
        "snapshotId": one.snapshot_id,
        "metadata": view.metadata,
    }


def render_snapshot(view: SnapshotView) -> dict[str, Any]:
    one = view.snapshot
    return {
        "id": one.id,
        "volumeId": one.volume_id,
        "status": one.status,
        "size": one.size_gib,
        "createdAt": bare(one.created_at),
        "displayName": one.name or None,
        "displayDescription": one.description or None,
    }
