"""/group_snapshots, since 3.14: all volumes of a group as they were at one moment."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import projects
from kumoi.api.openstack.volume.groups import ResetBody
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.words import text_of
from kumoi.app.house import House
from kumoi.app.volumes import group_snapshots
from kumoi.app.volumes.group_snapshots import GroupSnapshotView
from kumoi.core.ids import GroupSnapshotId, VolumeGroupId

SORTABLE: Final = {
    "id": "id", "name": "name", "group_id": "group_id", "created_at": "created_at", "updated_at": "updated_at",
}  # fmt: skip


class _New(msgspec.Struct, forbid_unknown_fields=True):
    group_id: str
    name: str | None = None
    description: str | None = None


class CreateBody(msgspec.Struct):
    group_snapshot: _New


def routes(house: House) -> list[Route]:
    path, one = "/group_snapshots", "/group_snapshots/{id}"
    at = partial(Route, service="volume", min_version=(3, 14))
    return [
        at("GET", path, partial(find, house, False), "volume_group.read"),
        at("GET", path + "/detail", partial(find, house, True), "volume_group.read"),
        at("POST", path, partial(create, house), "volume_group.create", body_type=CreateBody, success=202),
        at("GET", one, partial(show, house), "volume_group.read"),
        at("DELETE", one, partial(delete, house), "volume_group.delete", success=202),
        at("POST", one + "/action", partial(reset, house), "volume.reset", body_key="reset_status",
           body_type=ResetBody, success=202),
    ]  # fmt: skip


def snapshot_id(request: Request) -> GroupSnapshotId:
    return GroupSnapshotId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    query = query_of(request, SORTABLE, *theirs)
    shown = cut(request, group_snapshots.find(house, request.call(), query, all_projects=everyone))
    pages = next_page(request, "group_snapshots", [view.snapshot.id for view in shown])
    return json_response({
        "group_snapshots": [_detail(request, view) if detailed else _brief(view) for view in shown],
        **pages,
    })  # fmt: skip


def show(house: House, request: Request) -> Response:
    found = group_snapshots.get(house, request.call(), snapshot_id(request))
    return json_response({"group_snapshot": _detail(request, found)})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).group_snapshot
    made = group_snapshots.take(
        house,
        request.call(),
        VolumeGroupId(new.group_id),
        text_of("group_snapshot.name", new.name),
        text_of("group_snapshot.description", new.description),
    )
    return json_response({"group_snapshot": {**_brief(made), "group_type_id": made.snapshot.type_id}}, 202)


def delete(house: House, request: Request) -> Response:
    group_snapshots.delete(house, request.call(), snapshot_id(request))
    return Response(202)


def reset(house: House, request: Request) -> Response:
    status = request.json(ResetBody).reset_status.status
    group_snapshots.reset(house, request.call(), snapshot_id(request), status)
    return Response(202)


def _brief(view: GroupSnapshotView) -> dict[str, Any]:
    return {"id": view.snapshot.id, "name": view.snapshot.name}


def _detail(request: Request, view: GroupSnapshotView) -> dict[str, Any]:
    one = view.snapshot
    shown: dict[str, Any] = {
        **_brief(view),
        "description": one.description or None,
        "status": view.status,
        "created_at": bare(one.created_at),
        "group_id": one.group_id,
        "group_type_id": one.type_id,
    }
    if at_least(request, 58):
        shown["project_id"] = one.project_id
    return shown
