"""How Cinder shows a volume: words for statuses, and what each microversion adds."""

from typing import Any, Final, cast, get_args

from kumoi.api.edge.request import Request
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.versions import at_least
from kumoi.app.volumes.change import ADMIN
from kumoi.app.volumes.read import VolumeView, sees_host
from kumoi.core.attachments import Attachment
from kumoi.core.storage_pools import name_of
from kumoi.core.volumes import Status, Volume

# Those that Cinder spells with a dash; error_deleting and the like it does not.
_DASHED: Final[dict[str, str]] = {
    "in_use": "in-use",
    "awaiting_transfer": "awaiting-transfer",
    "backing_up": "backing-up",
    "restoring": "restoring-backup",
}
STATUSES: Final[dict[str, Status]] = {_DASHED.get(s, s): cast(Status, s) for s in get_args(Status)}


def status_word(volume: Volume) -> str:
    return _DASHED.get(volume.status, volume.status)


def brief(request: Request, view: VolumeView) -> dict[str, Any]:
    one = view.volume
    return {"id": one.id, "name": one.name or None, "links": links(request, one.id)}


def links(request: Request, volume_id: str, kind: str = "volumes") -> list[dict[str, str]]:
    base, project = request.base_url, request.call().actor.project_id
    return [
        {"rel": "self", "href": f"{base}/volume/v3/{project}/{kind}/{volume_id}"},
        {"rel": "bookmark", "href": f"{base}/volume/{project}/{kind}/{volume_id}"},
    ]


def created(request: Request, view: VolumeView) -> dict[str, Any]:
    """What the answers to a create and a change show."""
    one = view.volume
    shown: dict[str, Any] = {
        "id": one.id,
        "status": status_word(one),
        "size": one.size_gib,
        "availability_zone": one.zone,
        "created_at": bare(one.created_at),
        "updated_at": bare(one.updated_at) if one.updated_at > one.created_at else None,
        "name": one.name or None,
        "description": one.description or None,
        "volume_type": view.type_name,
        "snapshot_id": one.snapshot_id,
        "source_volid": one.source_id,
        "metadata": metadata(view),
        "links": links(request, one.id),
        "user_id": one.user_id,
        "bootable": str(one.bootable).lower(),
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": one.multiattach,
        "attachments": [_attachment(request, view, a) for a in view.attachments if a.status != "reserved"],
        "migration_status": None,
    }
    return shown | _grown(request, one)


def detail(request: Request, view: VolumeView) -> dict[str, Any]:
    """Everything a detailed answer shows at the request's microversion to this caller."""
    one = view.volume
    shown = created(request, view) | {"os-vol-tenant-attr:tenant_id": one.project_id}
    if one.image_words:
        shown["volume_image_metadata"] = one.image_words
    if sees_host(request.call()):
        shown |= {
            "os-vol-host-attr:host": pool_word(view),
            "os-vol-mig-status-attr:migstat": None,
            "os-vol-mig-status-attr:name_id": None,
        }
        if at_least(request, 21):
            shown["provider_id"] = None
        if at_least(request, 61):
            shown["cluster_name"] = None
    else:
        del shown["migration_status"]
    return shown


def pool_word(view: VolumeView) -> str | None:
    """Cinder's `host@backend#pool`."""
    if view.host is None or view.volume.pool_id is None:
        return None
    pool = name_of(view.volume.pool_id)
    return f"{view.host.name}@{pool}#{pool}"


def metadata(view: VolumeView) -> dict[str, str]:
    """The user's, and what of an administrator's everybody sees."""
    shown = {**view.metadata, **view.labels.get(ADMIN, {})}
    attached = [a for a in view.attachments if a.status == "attached"]
    if attached:
        shown["attached_mode"] = "ro" if attached[0].read_only else "rw"
    return shown


def _grown(request: Request, one: Volume) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if at_least(request, 13):
        shown["group_id"] = one.group_id
    if at_least(request, 47):
        shown["backup_id"] = one.backup_id
    if at_least(request, 48):
        shown |= {"shared_targets": None if at_least(request, 69) else False, "service_uuid": None}
    if at_least(request, 63):
        shown["volume_type_id"] = one.type_id
    if at_least(request, 65):
        shown["consumes_quota"] = True
    return shown


def _attachment(request: Request, view: VolumeView, one: Attachment) -> dict[str, Any]:
    host = view.hosts.get(one.instance_id or "")
    name = one.host_name or (host.name if host is not None and sees_host(request.call()) else None)
    return {
        "id": one.volume_id,
        "attachment_id": one.id,
        "volume_id": one.volume_id,
        "server_id": one.instance_id,
        "host_name": name,
        "device": one.device or None,
        "attached_at": bare(one.attached_at) if one.attached_at else None,
    }
