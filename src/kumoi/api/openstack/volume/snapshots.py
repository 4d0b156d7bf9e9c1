"""/snapshots: list, detail, create, show, update, delete, and their actions."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import literal, projects
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volumes import checked
from kumoi.api.openstack.volume.words import flag
from kumoi.app.house import House
from kumoi.app.volumes import read, snapshot_words, snapshots
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import SnapshotId, VolumeId, is_uuid
from kumoi.core.query import Filter, LabelFilter, Query, eq

SORTABLE: Final = {
    "id": "id", "name": "name", "display_name": "name", "status": "status", "created_at": "created_at",
    "updated_at": "updated_at", "volume_id": "volume_id", "volume_size": "size_gib", "size": "size_gib",
}  # fmt: skip
TEXTS: Final = {
    "name": "name", "display_name": "name", "status": "status", "volume_id": "volume_id", "id": "id",
    "user_id": "user_id", "description": "description",
}  # fmt: skip


class _New(msgspec.Struct):
    volume_id: str | None
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    display_description: str | None = None
    force: bool | str | None = None
    metadata: dict[str, str] | None = None


class CreateBody(msgspec.Struct):
    snapshot: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBody(msgspec.Struct):
    snapshot: _Change


def routes(house: House) -> list[Route]:
    one, update = "/snapshots/{id}", "volume_snapshot.update"
    return [
        Route("GET", "/snapshots", partial(find, house, False), "volume_snapshot.read", "volume"),
        Route("GET", "/snapshots/detail", partial(find, house, True), "volume_snapshot.read", "volume"),
        Route("POST", "/snapshots", partial(create, house), "volume_snapshot.create", "volume", body_type=CreateBody,
              success=202),
        Route("GET", one, partial(show, house), "volume_snapshot.read", "volume"),
        Route("PUT", one, partial(rename, house), update, "volume", body_type=UpdateBody),
        Route("DELETE", one, partial(delete, house), "volume_snapshot.delete", "volume", success=202),
    ]  # fmt: skip


def snapshot_id(request: Request) -> SnapshotId:
    return SnapshotId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    filters: list[Filter] = [*theirs, *(eq(TEXTS[key], value) for key, value in request.query if key in TEXTS)]
    said = request.arg("metadata")
    labels = tuple(LabelFilter(read.METADATA, k, v) for k, v in (literal("metadata", said) if said else {}).items())
    query = replace(query_of(request, SORTABLE, *filters), labels=labels)
    shown = cut(request, snapshots.find(house, request.call(), query, all_projects=everyone))
    page: dict[str, Any] = {"snapshots": [render(request, view, whole=detailed) for view in shown]}
    if at_least(request, 45) and flag("with_count", request.arg("with_count") or "false"):
        page["count"] = len(snapshots.find(house, request.call(), Query(filters=query.filters, labels=labels),
                                           all_projects=everyone))  # fmt: skip
    return json_response(page | next_page(request, "snapshots", [view.snapshot.id for view in shown]))


def create(house: House, request: Request) -> Response:
    """What a guest has is frozen too, unless `force` is denied, which it may not be since 3.66.

    openstacksdk speaks 3.65 here, and leaves it out where the cloud knows 3.66."""
    new = request.json(CreateBody).snapshot
    forced = flag("snapshot.force", new.force) if new.force is not None else None
    if forced is False and at_least(request, 66):
        raise Invalid("api", field="snapshot.force", reason="not_in_enum", value="false")
    if new.volume_id is None or not is_uuid(new.volume_id):
        raise NotFound("storage", kind="volume", id=str(new.volume_id))
    wish = snapshots.SnapshotWish(
        volume_id=VolumeId(new.volume_id),
        name=(new.name if new.name is not None else new.display_name) or "",
        description=(new.description if new.description is not None else new.display_description) or "",
        metadata=checked(new.metadata or {}),
        unless_used=forced is False,
    )
    view = snapshots.create(house, request.call(), wish)
    return json_response({"snapshot": render(request, view, whole=False)}, 202)


def show(house: House, request: Request) -> Response:
    view = snapshots.get(house, request.call(), snapshot_id(request))
    return json_response({"snapshot": render(request, view, whole=True)})


def rename(house: House, request: Request) -> Response:
    asked = request.json(UpdateBody).snapshot
    view = snapshot_words.rename(
        house,
        request.call(),
        snapshot_id(request),
        name=None if isinstance(asked.name, msgspec.UnsetType) else asked.name or "",
        description=None if isinstance(asked.description, msgspec.UnsetType) else asked.description or "",
    )
    return json_response({"snapshot": render(request, view, whole=False)})


def delete(house: House, request: Request) -> Response:
    snapshots.delete(house, request.call(), snapshot_id(request))
    return Response(202)


def render(request: Request, view: snapshots.SnapshotView, *, whole: bool) -> dict[str, Any]:
    one = view.snapshot
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name or None,
        "description": one.description or None,
        "volume_id": one.volume_id,
        "status": one.status,
        "size": one.size_gib,
        "created_at": bare(one.created_at),
        "updated_at": bare(one.updated_at) if one.updated_at > one.created_at else None,
        "metadata": view.metadata,
    }
    if at_least(request, 14):
        shown["group_snapshot_id"] = one.moment or None
    if at_least(request, 41):
        shown["user_id"] = one.user_id
    if at_least(request, 65):
        shown["consumes_quota"] = True
    if whole:
        done = "100%" if one.status == "available" else "0%"
        shown |= {
            "os-extended-snapshot-attributes:project_id": one.project_id,
            "os-extended-snapshot-attributes:progress": one.progress or done,
        }
    return shown
