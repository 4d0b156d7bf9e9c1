"""EBS snapshots: create, describe, delete."""

from functools import partial
from typing import Final

from kumoi.api.aws.actions import Action, Values
from kumoi.api.aws.ec2 import paging, tags
from kumoi.api.aws.ec2.filters import matching
from kumoi.api.aws.ec2.ground import account, tag_list
from kumoi.api.aws.ec2.ids import each, one
from kumoi.api.edge.request import Request
from kumoi.app.house import House
from kumoi.app.volumes import read, snapshots
from kumoi.core.call import Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import ec2_id
from kumoi.core.query import Query
from kumoi.core.tags import NAMESPACE
from kumoi.core.volume_snapshots import Status, VolumeSnapshot

STATES: Final[dict[Status, str]] = {"creating": "pending", "available": "completed"}
PLACES: Final = {
    "description": "Description",
    "encrypted": "Encrypted",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "start-time": "StartTime",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}
TIMES: Final = frozenset({"start-time"})


def actions(house: House) -> list[Action]:
    return [
        Action("CreateSnapshot", partial(make, house), "volume_snapshot.create"),
        Action("DescribeSnapshots", partial(describe, house), "volume_snapshot.read"),
        Action("DeleteSnapshot", partial(remove, house), "volume_snapshot.delete"),
    ]


def make(house: House, request: Request, wish: Values) -> Values:
    if wish.get("OutpostArn") or wish.get("Location") not in {None, "regional"}:
        raise Unsupported("storage", what="OutpostArn")
    call, labels = request.call(), tags.wished(wish, "volume_snapshot")
    volume = one("volume", wish["VolumeId"], partial(read.find, house, call)).volume
    wanted = snapshots.SnapshotWish(volume_id=volume.id, description=wish.get("Description", ""), tags=labels)
    return render(snapshots.create(house, call, wanted), account(house, call))


def describe(house: House, request: Request, wish: Values) -> Values:
    """One's own: nobody can share one. `OwnerIds`: accounts, or `self`."""
    call = request.call()
    matches, own = matching(wish, PLACES, TIMES), account(house, call)
    find = partial(snapshots.find, house, call)
    chosen = each("volume_snapshot", texts, find) if (texts := wish.get("SnapshotIds")) else find(Query())
    owners = set(wish.get("OwnerIds", ()))
    if owners and owners.isdisjoint({"self", own}):
        chosen = []
    kept = [
        (paging.by_time(view.snapshot.created_at, view.snapshot.id), values)
        for view in chosen
        if matches(values := render(view, own))
    ]
    page, token = paging.cut(wish, kept)
    return paging.with_token({"Snapshots": page}, token)


def remove(house: House, request: Request, wish: Values) -> Values:
    call = request.call()
    snapshots.delete(house, call, found(house, call, wish["SnapshotId"]).id)
    return {}


def found(house: House, call: Call, text: str) -> VolumeSnapshot:
    """The snapshot of this id. Raises NotFound, Invalid."""
    return one("volume_snapshot", text, partial(snapshots.find, house, call)).snapshot


def render(view: snapshots.SnapshotView, owner: str) -> Values:
    one = view.snapshot
    return {
        "SnapshotId": ec2_id("snap", one.id),
        "VolumeId": ec2_id("vol", one.volume_id),
        "VolumeSize": one.size_gib,
        "State": STATES.get(one.status, "error"),
        "Progress": "100%" if one.status == "available" else "",
        "StartTime": one.created_at,
        "OwnerId": owner,
        "Description": one.description,
        "Encrypted": False,
        "StorageTier": "standard",
        "Tags": tag_list(view.labels.get(NAMESPACE)),
    }
