"""/backups: list, detail, create, show, update, delete, restore; and their actions."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_condition
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import literal, projects
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volume_views import links
from kumoi.api.openstack.volume.volumes import checked
from kumoi.api.openstack.volume.words import flag
from kumoi.app.backups import change, create, read, restore
from kumoi.app.house import House
from kumoi.app.volumes.read import METADATA
from kumoi.core.aggregates import ZONE
from kumoi.core.backups import Status
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import BackupId, SnapshotId, VolumeId, is_uuid
from kumoi.core.policy import may
from kumoi.core.query import Filter, LabelFilter, Query, eq
from kumoi.planning.diagnosis import of_backup

SORTABLE: Final = {
    "id": "id", "name": "name", "status": "status", "created_at": "created_at", "updated_at": "updated_at",
    "volume_id": "volume_id", "size": "size_gib", "data_timestamp": "data_at",
}  # fmt: skip
TEXTS: Final = {
    "name": "name", "status": "status", "volume_id": "volume_id", "snapshot_id": "snapshot_id", "id": "id",
    "description": "description", "user_id": "user_id", "parent_id": "parent_id",
}  # fmt: skip
RESET: Final[dict[str, Status]] = {"available": "available", "error": "error"}


class _New(msgspec.Struct):
    volume_id: str
    name: str | None = None
    description: str | None = None
    container: str | None = None
    incremental: bool | str | None = False
    force: bool | str | None = False
    snapshot_id: str | None = None
    metadata: dict[str, str] | None = None
    availability_zone: str | None = None


class CreateBody(msgspec.Struct):
    backup: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    metadata: dict[str, str] | None = None


class UpdateBody(msgspec.Struct):
    backup: _Change


class _Restore(msgspec.Struct):
    volume_id: str | None = None
    name: str | None = None


class RestoreBody(msgspec.Struct):
    restore: _Restore


class _Reset(msgspec.Struct):
    status: str


class ResetBody(msgspec.Struct):
    wanted: _Reset = msgspec.field(name="os-reset_status")


def routes(house: House) -> list[Route]:
    one, at = "/backups/{id}", partial(Route, service="volume")
    return [
        at("GET", "/backups", partial(find, house, False), "backup.read"),
        at("GET", "/backups/detail", partial(find, house, True), "backup.read"),
        at("POST", "/backups", partial(make, house), "backup.create", body_type=CreateBody, success=202),
        at("GET", one, partial(show, house), "backup.read"),
        at("PUT", one, partial(update, house), "backup.update", body_type=UpdateBody, min_version=(3, 9)),
        at("DELETE", one, partial(remove, house), "backup.delete", success=202),
        at("POST", one + "/restore", partial(bring_back, house), "backup.restore", body_type=RestoreBody, success=202),
        at("POST", one + "/action", partial(reset, house), "backup.reset", body_key="os-reset_status",
           body_type=ResetBody, success=202),
        at("POST", one + "/action", partial(force_delete, house), "volume.force", body_key="os-force_delete",
           success=202),
    ]  # fmt: skip


def backup_id(request: Request) -> BackupId:
    return BackupId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    filters: list[Filter] = [*theirs, *(eq(TEXTS[key], value) for key, value in request.query if key in TEXTS)]
    said = request.arg("metadata") if at_least(request, 43) else None
    labels = tuple(LabelFilter(METADATA, k, v) for k, v in (literal("metadata", said) if said else {}).items())
    query = replace(query_of(request, SORTABLE, *filters), labels=labels)
    shown = cut(request, read.find(house, request.call(), query, all_projects=everyone))
    render = detail if detailed else brief
    page: dict[str, Any] = {"backups": [render(request, view) for view in shown]}
    page |= next_page(request, "backups", [view.backup.id for view in shown])
    if at_least(request, 45) and flag("with_count", request.arg("with_count") or "false"):
        whole = Query(filters=query.filters, labels=query.labels)
        page["count"] = read.count(house, request.call(), whole, all_projects=everyone)
    return json_response(page)


def make(house: House, request: Request) -> Response:
    new = request.json(CreateBody).backup
    for kind, said in (("volume", new.volume_id), ("volume_snapshot", new.snapshot_id)):
        if said is not None and not is_uuid(said):
            raise NotFound("storage", kind=kind, id=said[:64])
    wish = create.BackupWish(
        volume_id=VolumeId(new.volume_id),
        snapshot_id=SnapshotId(new.snapshot_id) if new.snapshot_id is not None else None,
        name=new.name or "",
        description=new.description or "",
        container=new.container or "",
        zone=(new.availability_zone if at_least(request, 51) else None) or ZONE,
        incremental=flag("backup.incremental", new.incremental or False),
        while_used=flag("backup.force", new.force or False),
        metadata=checked(new.metadata or {}) if at_least(request, 43) else {},
    )
    view = create.create(house, request.call(), wish)
    return json_response({"backup": _made(request, view)}, 202)


def show(house: House, request: Request) -> Response:
    return json_response({"backup": detail(request, read.get(house, request.call(), backup_id(request)))})


def update(house: House, request: Request) -> Response:
    asked = request.json(UpdateBody).backup
    metadata = asked.metadata if at_least(request, 43) else None
    if asked.name is msgspec.UNSET and asked.description is msgspec.UNSET and metadata is None:
        raise Invalid("api", field="backup", reason="missing", name="name")
    view = change.update(
        house,
        request.call(),
        backup_id(request),
        name=None if isinstance(asked.name, msgspec.UnsetType) else asked.name or "",
        description=None if isinstance(asked.description, msgspec.UnsetType) else asked.description or "",
        metadata=checked(metadata) if metadata is not None else None,
    )
    return json_response({"backup": _made(request, view)})


def remove(house: House, request: Request) -> Response:
    change.delete(house, request.call(), backup_id(request))
    return Response(202)


def force_delete(house: House, request: Request) -> Response:
    change.delete(house, request.call(), backup_id(request), force=True)
    return Response(202)


def bring_back(house: House, request: Request) -> Response:
    asked = request.json(RestoreBody).restore
    if asked.volume_id is not None and not is_uuid(asked.volume_id):
        raise NotFound("storage", kind="volume", id=asked.volume_id[:64])
    into = VolumeId(asked.volume_id) if asked.volume_id is not None else None
    view = restore.restore(house, request.call(), backup_id(request), into, asked.name or "")
    done = {"backup_id": backup_id(request), "volume_id": view.volume.id, "volume_name": view.volume.name}
    return json_response({"restore": done}, 202)


def reset(house: House, request: Request) -> Response:
    said = request.json(ResetBody).wanted.status
    if said not in RESET:
        raise Invalid("api", field="os-reset_status.status", reason="not_in_enum", value=said[:64])
    change.reset(house, request.call(), backup_id(request), RESET[said])
    return Response(202)


def brief(request: Request, view: read.BackupView) -> dict[str, Any]:
    one = view.backup
    return {"id": one.id, "name": one.name or None, "links": links(request, one.id, "backups")}


def _made(request: Request, view: read.BackupView) -> dict[str, Any]:
    shown = brief(request, view)
    return shown | {"metadata": view.metadata} if at_least(request, 43) else shown


def detail(request: Request, view: read.BackupView) -> dict[str, Any]:
    one = view.backup
    shown: dict[str, Any] = {
        **brief(request, view),
        "status": one.status,
        "size": one.size_gib,
        "object_count": one.kept.objects if one.kept is not None else 0,
        "availability_zone": one.zone,
        "container": one.container or None,
        "created_at": bare(one.created_at),
        "updated_at": bare(one.updated_at) if one.updated_at > one.created_at else None,
        "description": one.description or None,
        "fail_reason": say_condition(of_backup(one), request.locale) if one.refusal is not None else None,
        "volume_id": one.volume_id,
        "is_incremental": one.parent_id is not None,
        "has_dependent_backups": view.has_dependents,
        "snapshot_id": one.snapshot_id,
        "data_timestamp": bare(one.data_at),
    }
    if at_least(request, 18) and may(request.call(), "volume.all_projects"):
        shown["os-backup-project-attr:project_id"] = one.project_id
    if at_least(request, 43):
        shown["metadata"] = view.metadata
    if at_least(request, 56):
        shown["user_id"] = one.user_id
    return shown
