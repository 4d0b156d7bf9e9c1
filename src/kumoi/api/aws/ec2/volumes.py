"""EBS volumes: create, describe, attach, detach, delete."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import ZONE, spelled, tag_list
from kumoi.api.aws.ec2.ids import each, one
from kumoi.api.aws.ec2.instances import living
from kumoi.api.aws.ec2.snapshots import found as snapshot_found
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.volumes import attaching, create, delete, read
from kumoi.core.attachments import Attachment
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Unsupported
from kumoi.core.ids import VolumeId, ec2_id
from kumoi.core.query import Query
from kumoi.core.tags import NAMESPACE
from kumoi.core.volumes import Status

STATES: Final[dict[Status, str]] = {"creating": "creating", "available": "available", "in_use": "in-use"}
BUSY: Final[frozenset[Status]] = frozenset({"attaching", "detaching", "reserved", "extending"})
# AWS's kinds of disks: here each is a volume of the project's default type.
AWS_TYPES: Final = frozenset({"standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"})
UNSUPPORTED: Final = ("Encrypted", "KmsKeyId", "Iops", "Throughput", "OutpostArn", "VolumeInitializationRate")
PLACES: Final = {
    "attachment.attach-time": "Attachments.AttachTime",
    "attachment.delete-on-termination": "Attachments.DeleteOnTermination",
    "attachment.device": "Attachments.Device",
    "attachment.instance-id": "Attachments.InstanceId",
    "attachment.status": "Attachments.State",
    "availability-zone": "AvailabilityZone",
    "create-time": "CreateTime",
    "encrypted": "Encrypted",
    "multi-attach-enabled": "MultiAttachEnabled",
    "size": "Size",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-type": "VolumeType",
}
TIMES: Final = frozenset({"create-time", "attachment.attach-time"})


def actions(house: House) -> list[Action]:
    return [
        Action("CreateVolume", partial(make, house), "volume.create"),
        Action("DescribeVolumes", partial(describe, house), "volume.read"),
        Action("DeleteVolume", partial(remove, house), "volume.delete"),
        Action("AttachVolume", partial(attach, house), "attachment.create"),
        Action("DetachVolume", partial(detach, house), "attachment.delete"),
    ]


def make(house: House, request: Request, wish: Values) -> Values:
    for name in UNSUPPORTED:
        if wish.get(name):
            raise Unsupported("storage", what=name)
    call, labels = request.call(), tags.wished(wish, "volume")
    snapshot = snapshot_found(house, call, wish["SnapshotId"]) if wish.get("SnapshotId") else None
    if snapshot is None and not wish.get("Size"):
        raise Invalid("api", field="Size", reason="missing", name="Size")
    kind = wish.get("VolumeType", "")
    wanted = create.VolumeWish(
        size_gib=wish.get("Size"),
        type_name="" if kind in AWS_TYPES else kind,
        zone=wish.get("AvailabilityZone") or ZONE,
        snapshot_id=snapshot.id if snapshot is not None else None,
        tags=labels,
        multiattach=bool(wish.get("MultiAttachEnabled")),
        refuse_full=True,
    )
    return render(create.create(house, call, wanted))


def describe(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    matches = matching(wish, PLACES, TIMES)
    find = partial(read.find, house, call)
    chosen = each("volume", texts, find) if (texts := wish.get("VolumeIds")) else find(Query())
    kept = [(paging.by_time(v.volume.created_at, v.volume.id), values) for v in chosen if matches(values := render(v))]
    page, token = paging.cut(wish, kept)
    return paging.with_token({"Volumes": page}, token)


def remove(house: House, request: Request, wish: Values) -> Values:
    """Its snapshots stay: in EC2's words they are no part of it."""
    call = request.call()
    delete.delete(house, call, found(house, call, wish["VolumeId"]).volume.id, orphan=True)
    return {}


def attach(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    volume = found(house, call, wish["VolumeId"]).volume
    instance = living(house, call, [wish["InstanceId"]], "attach_volume")[0]
    wanted = attaching.AttachWish(volume_id=volume.id, device=wish.get("Device") or "")
    return _attachment(attaching.attach(house, call, instance.id, wanted))


def detach(house: House, request: Request, wish: Values) -> Values:
    """From the instance that is named, or the only one that has it."""
    call = request.call()
    view = found(house, call, wish["VolumeId"])
    named = living(house, call, [wish["InstanceId"]], "detach_volume")[0].id if wish.get("InstanceId") else None
    held = [a for a in view.attachments if not a.said and named in {None, a.instance_id}]
    if len(held) != 1 or held[0].instance_id is None:
        raise NotFound("api", kind="attachment", id=wish["VolumeId"])
    attaching.detach(house, call, held[0].instance_id, VolumeId(view.volume.id))
    return {**_attachment(held[0]), "State": "detaching"}


def found(house: House, call: Call, text: str) -> read.VolumeView:
    """The volume of this id. Raises NotFound, Invalid."""
    return one("volume", text, partial(read.find, house, call))


def render(view: read.VolumeView) -> Values:
    volume = view.volume
    return {
        "VolumeId": ec2_id("vol", volume.id),
        "Size": volume.size_gib,
        "SnapshotId": spelled("snap", volume.snapshot_id) or "",
        "AvailabilityZone": volume.zone or ZONE,
        "State": STATES.get(volume.status) or ("in-use" if volume.status in BUSY else "error"),
        "CreateTime": volume.created_at,
        "VolumeType": "standard" if view.type_name in {None, "__DEFAULT__"} else view.type_name,
        "Encrypted": False,
        "MultiAttachEnabled": volume.multiattach,
        "Attachments": [_attachment(a) for a in view.attachments],
        "Tags": tag_list(view.labels.get(NAMESPACE)),
    }


def _attachment(one: Attachment) -> Values:
    return {
        "VolumeId": ec2_id("vol", one.volume_id),
        "InstanceId": spelled("i", one.instance_id),
        "Device": one.device,
        "State": one.status,
        "AttachTime": one.attached_at or one.created_at,
        "DeleteOnTermination": one.delete_on_termination,
    }
