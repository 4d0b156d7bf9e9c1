"""/groups, since 3.13: volumes that belong together."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import projects
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.words import flag, text_of
from kumoi.api.openstack.volume.zones import ZONE
from kumoi.app.house import House
from kumoi.app.volumes import groups
from kumoi.app.volumes.groups import GroupChange, GroupView, GroupWish
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import GroupSnapshotId, VolumeGroupId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.volume_groups import GroupStatus

SORTABLE: Final = {"id": "id", "name": "name", "created_at": "created_at", "updated_at": "updated_at"}
REPLICATION: Final = (
    "enable_replication", "disable_replication", "failover_replication", "list_replication_targets",
)  # fmt: skip


class _New(msgspec.Struct, forbid_unknown_fields=True):
    group_type: str
    volume_types: list[str]
    name: str | None = None
    description: str | None = None
    availability_zone: str | None = None


class CreateBody(msgspec.Struct):
    group: _New


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    description: str | None = None
    group_snapshot_id: str | None = None
    source_group_id: str | None = None


class SourceBody(msgspec.Struct):
    create_from: _Source = msgspec.field(name="create-from-src")


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    """Ids with commas between them."""

    name: str | None = None
    description: str | None = None
    add_volumes: str | None = None
    remove_volumes: str | None = None


class UpdateBody(msgspec.Struct):
    group: _Change


class _Delete(msgspec.Struct):
    with_volumes: bool | str = msgspec.field(name="delete-volumes", default=False)


class DeleteBody(msgspec.Struct):
    delete: _Delete


class _Status(msgspec.Struct):
    status: GroupStatus


class ResetBody(msgspec.Struct):
    reset_status: _Status


def routes(house: House) -> list[Route]:
    path, one, action = "/groups", "/groups/{id}", "/groups/{id}/action"
    at = partial(Route, service="volume", min_version=(3, 13))
    write, drop = "volume_group.update", "volume_group.delete"
    return [
        at("GET", path, partial(find, house, False), "volume_group.read"),
        at("GET", path + "/detail", partial(find, house, True), "volume_group.read"),
        at("POST", path, partial(create, house), "volume_group.create", body_type=CreateBody, success=202),
        at("POST", path + "/action", partial(create_from, house), "volume_group.create", body_key="create-from-src",
           body_type=SourceBody, success=202),
        at("GET", one, partial(show, house), "volume_group.read"),
        at("PUT", one, partial(update, house), write, body_type=UpdateBody, success=202),
        at("POST", action, partial(delete, house), drop, body_key="delete", body_type=DeleteBody, success=202),
        at("POST", action, partial(reset, house), "volume.reset", body_key="reset_status", body_type=ResetBody,
           success=202),
        *(at("POST", action, partial(refuse, house, name), write, body_key=name) for name in REPLICATION),
    ]  # fmt: skip


def group_id(request: Request) -> VolumeGroupId:
    return VolumeGroupId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    query = query_of(request, SORTABLE, *theirs)
    shown = cut(request, groups.find(house, request.call(), query, all_projects=everyone))
    pages = next_page(request, "groups", [view.group.id for view in shown])
    return json_response({
        "groups": [_detail(request, view) if detailed else _brief(view) for view in shown],
        **pages,
    })  # fmt: skip


def show(house: House, request: Request) -> Response:
    return json_response({"group": _detail(request, groups.get(house, request.call(), group_id(request)))})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).group
    wish = GroupWish(
        name=text_of("group.name", new.name),
        description=text_of("group.description", new.description),
        zone=new.availability_zone or ZONE,
        type_name=new.group_type,
        volume_types=tuple(new.volume_types),
    )
    return json_response({"group": _brief(groups.make(house, request.call(), wish))}, 202)


def create_from(house: House, request: Request) -> Response:
    said = request.json(SourceBody).create_from
    if (said.group_snapshot_id is None) == (said.source_group_id is None):
        raise Invalid("api", field="create-from-src", reason="missing")
    wish = GroupWish(
        name=text_of("name", said.name),
        description=text_of("description", said.description),
        source_id=None if said.source_group_id is None else VolumeGroupId(said.source_group_id),
        snapshot_id=None if said.group_snapshot_id is None else GroupSnapshotId(said.group_snapshot_id),
    )
    return json_response({"group": _brief(groups.make(house, request.call(), wish))}, 202)


def update(house: House, request: Request) -> Response:
    said = request.json(UpdateBody).group
    if all(one is None for one in (said.name, said.description, said.add_volumes, said.remove_volumes)):
        raise Invalid("api", field="group.name", reason="missing")
    wish = GroupChange(
        name=None if said.name is None else text_of("group.name", said.name),
        description=None if said.description is None else text_of("group.description", said.description),
        add=_ids(said.add_volumes),
        remove=_ids(said.remove_volumes),
    )
    groups.change(house, request.call(), group_id(request), wish)
    return Response(202)


def delete(house: House, request: Request) -> Response:
    along = flag("delete-volumes", request.json(DeleteBody).delete.with_volumes)
    groups.delete(house, request.call(), group_id(request), with_volumes=along)
    return Response(202)


def reset(house: House, request: Request) -> Response:
    groups.reset(house, request.call(), group_id(request), request.json(ResetBody).reset_status.status)
    return Response(202)


def refuse(house: House, name: str, request: Request) -> Response:
    allow(request.call(), "volume_group.update")
    groups.get(house, request.call(), group_id(request))
    raise Unsupported("storage", what=name)


def _ids(text: str | None) -> tuple[VolumeId, ...]:
    return tuple(VolumeId(one.strip()) for one in (text or "").split(",") if one.strip())


def _brief(view: GroupView) -> dict[str, Any]:
    return {"id": view.group.id, "name": view.group.name}


def _detail(request: Request, view: GroupView) -> dict[str, Any]:
    one = view.group
    shown: dict[str, Any] = {
        **_brief(view),
        "description": one.description or None,
        "status": view.status,
        "availability_zone": one.zone,
        "created_at": bare(one.created_at),
        "group_type": one.type_id,
        "volume_types": list(one.volume_type_ids),
    }
    if at_least(request, 14):
        shown |= {"group_snapshot_id": one.snapshot_id, "source_group_id": one.source_id}
    if at_least(request, 25) and flag("list_volume", request.arg("list_volume") or "false"):
        shown["volumes"] = [volume.id for volume in view.volumes]
    if at_least(request, 38):
        shown["replication_status"] = "disabled"
    if at_least(request, 58):
        shown["project_id"] = one.project_id
    return shown
