"""/volumes: list, detail, summary, create, show, update, delete."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.volume.asked import literal, projects
from kumoi.api.openstack.volume.numbers import Number, size_of
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.times_asked import times
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volume_views import STATUSES, brief, created, detail
from kumoi.api.openstack.volume.words import flag
from kumoi.app.house import House
from kumoi.app.volumes import change, create, delete, read
from kumoi.core.aggregates import ZONE
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.ids import BackupId, ImageId, SnapshotId, VolumeGroupId, VolumeId, is_uuid
from kumoi.core.query import Filter, LabelFilter, Query, eq

SORTABLE: Final = {
    "id": "id", "name": "name", "display_name": "name", "status": "status", "size": "size_gib", "bootable": "bootable",
    "availability_zone": "zone", "created_at": "created_at", "updated_at": "updated_at",
}  # fmt: skip
TEXTS: Final = {
    "name": "name", "display_name": "name", "availability_zone": "zone", "user_id": "user_id", "id": "id",
    "description": "description", "display_description": "description", "volume_type_id": "type_id",
    "image_id": "image_id", "group_id": "group_id", "source_volid": "source_id", "snapshot_id": "snapshot_id",
}  # fmt: skip


class _New(msgspec.Struct):
    size: Number = None
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    display_description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    imageRef: str | None = None  # noqa: N815
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    group_id: str | None = None
    consistencygroup_id: str | None = None
    multiattach: bool | str = False
    metadata: dict[str, str] | None = None


class CreateBody(msgspec.Struct):
    """Hints beside the volume are taken, and do nothing yet."""

    volume: _New


class _Change(msgspec.Struct):
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    display_name: str | msgspec.UnsetType | None = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    display_description: str | msgspec.UnsetType | None = msgspec.UNSET
    metadata: dict[str, str] | None = None


class UpdateBody(msgspec.Struct):
    volume: _Change


def routes(house: House) -> list[Route]:
    one = "/volumes/{id}"
    return [
        Route("GET", "/volumes", partial(find, house, False), "volume.read", "volume"),
        Route("GET", "/volumes/detail", partial(find, house, True), "volume.read", "volume"),
        Route("GET", "/volumes/summary", partial(summary, house), "volume.read", "volume", min_version=(3, 12)),
        Route("POST", "/volumes", partial(make, house), "volume.create", "volume", body_type=CreateBody, success=202),
        Route("DELETE", "/volumes", nameless, "volume.delete", "volume", success=202),
        Route("GET", one, partial(show, house), "volume.read", "volume"),
        Route("PUT", one, partial(update, house), "volume.update", "volume", body_type=UpdateBody),
        Route("DELETE", one, partial(remove, house), "volume.delete", "volume", success=202),
    ]


def volume_id(request: Request) -> VolumeId:
    return VolumeId(request.params["id"])


def nameless(request: Request) -> Response:
    """A volume without an id, not the list."""
    raise NotFound("storage", kind="volume", id="")


def find(house: House, detailed: bool, request: Request) -> Response:
    if not detailed and request.raw_path.endswith(b"/"):
        return nameless(request)
    everyone, theirs = projects(request, "volume.all_projects")
    query = msgspec.structs.replace(query_of(request, SORTABLE, *_filters(request), *theirs), labels=_labels(request))
    said = request.arg("glance_metadata") if at_least(request, 4) else None
    words = literal("glance_metadata", said) if said else {}
    asked = msgspec.structs.replace(query, limit=None) if words else query  # they are no columns
    found = read.find(house, request.call(), asked, all_projects=everyone)
    found = [view for view in found if words.items() <= view.volume.image_words.items()][: query.limit]
    shown = cut(request, found)
    render = detail if detailed else brief
    page: dict[str, Any] = {"volumes": [render(request, view) for view in shown]}
    page |= next_page(request, "volumes", [view.volume.id for view in shown])
    if at_least(request, 45) and flag("with_count", request.arg("with_count") or "false"):
        whole = Query(filters=query.filters, labels=query.labels)
        page["count"] = read.count(house, request.call(), whole, all_projects=everyone)
    return json_response(page)


def summary(house: House, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    found = read.find(house, request.call(), Query(filters=theirs), all_projects=everyone)
    shown: dict[str, Any] = {
        "total_count": len(found),
        "total_size": sum(view.volume.size_gib for view in found),
    }
    if at_least(request, 36):
        values: dict[str, set[str]] = {}
        for view in found:
            for key, value in view.metadata.items():
                values.setdefault(key, set()).add(value)
        shown["metadata"] = {key: sorted(those) for key, those in values.items()}
    return json_response({"volume-summary": shown})


def show(house: House, request: Request) -> Response:
    return json_response({"volume": detail(request, read.get(house, request.call(), volume_id(request)))})


def make(house: House, request: Request) -> Response:
    wish = _wish(request, request.json(CreateBody).volume)
    view = create.create(house, request.call(), wish)
    return json_response({"volume": created(request, view)}, 202)


def update(house: House, request: Request) -> Response:
    asked = request.json(UpdateBody).volume
    name = asked.name if asked.name is not msgspec.UNSET else asked.display_name
    text = asked.description if asked.description is not msgspec.UNSET else asked.display_description
    if name is msgspec.UNSET and text is msgspec.UNSET and asked.metadata is None:
        raise Invalid("api", field="volume", reason="missing", name="name")
    view = change.rename(
        house,
        request.call(),
        volume_id(request),
        name=None if isinstance(name, msgspec.UnsetType) else name or "",
        description=None if isinstance(text, msgspec.UnsetType) else text or "",
    )
    if asked.metadata is not None:
        view = change.set_metadata(house, request.call(), volume_id(request), asked.metadata, whole=True)
    return json_response({"volume": created(request, view)})


def remove(house: House, request: Request) -> Response:
    cascade = flag("cascade", request.arg("cascade") or "false")
    force = at_least(request, 23) and flag("force", request.arg("force") or "false")
    delete.delete(house, request.call(), volume_id(request), cascade=cascade, force=force)
    return Response(202)


def _wish(request: Request, new: _New) -> create.VolumeWish:
    if new.consistencygroup_id is not None:
        raise Unsupported("storage", what="consistencygroup_id")
    backup = new.backup_id if at_least(request, 47) else None
    image = new.imageRef or new.image_id or None
    if image is not None and not is_uuid(image.rpartition("/")[2]):
        raise Invalid("api", field="volume.imageRef", reason="not_a_uuid", value=image)
    for kind, said in (("volume_snapshot", new.snapshot_id), ("volume", new.source_volid), ("backup", backup)):
        if said is not None and not is_uuid(said):
            raise NotFound("storage", kind=kind, id=said)
    made_of = new.snapshot_id or new.source_volid or backup
    if new.size is None and made_of is None:
        raise Invalid("api", field="volume.size", reason="missing", name="size")
    return create.VolumeWish(
        name=(new.name if new.name is not None else new.display_name) or "",
        description=(new.description if new.description is not None else new.display_description) or "",
        size_gib=size_of("volume.size", new.size) if new.size is not None else None,
        type_name=new.volume_type or "",
        zone=new.availability_zone or ZONE,
        image_id=ImageId(image.rpartition("/")[2]) if image is not None else None,
        snapshot_id=SnapshotId(new.snapshot_id) if new.snapshot_id is not None else None,
        source_id=VolumeId(new.source_volid) if new.source_volid is not None else None,
        backup_id=BackupId(backup) if backup is not None else None,
        group_id=VolumeGroupId(new.group_id) if new.group_id and at_least(request, 13) else None,
        metadata=checked(new.metadata or {}),
        multiattach=flag("volume.multiattach", new.multiattach),
    )


def checked(pairs: dict[str, str]) -> dict[str, str]:
    for key, value in pairs.items():
        if not 1 <= len(key) <= 255 or len(value) > 255:
            raise Invalid("api", field=f"metadata.{key[:32]}", reason="length", bound="at most 255")
    return pairs


def _filters(request: Request) -> tuple[Filter, ...]:
    found: list[Filter] = []
    for key, value in request.query:
        if key in TEXTS:
            found.append(eq(TEXTS[key], value))
        elif key in {"name~", "display_name~"} and at_least(request, 34):
            found.append(Filter("name", "ilike", f"%{_escaped(value)}%"))
        elif key == "status":
            found.append(eq("status", STATUSES.get(value, "no such status")))
        elif key == "bootable":
            found.append(eq("bootable", flag(key, value)))
        elif key == "size":
            found.append(eq("size_gib", size_of(key, value)))
    return (*found, *times(request))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _labels(request: Request) -> tuple[LabelFilter, ...]:
    said = request.arg("metadata")
    pairs = literal("metadata", said) if said else {}
    return tuple(LabelFilter(read.METADATA, key, value) for key, value in pairs.items())
