"""Snapshots of volumes: what a volume held at one moment, kept in its pool for as long as somebody wants it."""

from typing import Literal

import msgspec

from kumoi.core.conditions import Blocked, Condition, Working
from kumoi.core.ids import HostId, PoolId, ProjectId, SnapshotId, UserId, VolumeId

Status = Literal["creating", "available", "deleting", "error", "error_deleting", "deleted"]


class VolumeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Intent (writer: doors), and the projection of its status. It outlives its volume.

    `moment`: those of the same one are frozen in one act; alone it is empty. `hold`: what somebody said of its status
    against all sight; `progress`: what a driver outside said of it.
    """

    id: SnapshotId
    volume_id: VolumeId
    project_id: ProjectId
    user_id: UserId
    pool_id: PoolId | None
    size_gib: int
    ec2_key: str
    name: str = ""
    description: str = ""
    moment: str = ""
    hold: Status | Literal[""] = ""
    progress: str = ""
    status: Status = "creating"
    status_changed_at: float = 0.0
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class SnapshotObservation(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing a host said of a snapshot (writer: the link). `id` is the snapshot's."""

    id: SnapshotId
    host_id: HostId
    there: bool
    condition: Condition | None = None
    reported_at: float = 0.0


def status_of(one: VolumeSnapshot, seen: SnapshotObservation | None) -> Status:
    if one.deleted_at is not None:
        return "deleted"
    if one.hold:
        return one.hold
    if one.pool_id is None or (seen is not None and isinstance(seen.condition, Blocked) and not seen.there):
        return "error"
    return "available" if seen is not None and seen.there else "creating"


def condition_of(one: VolumeSnapshot, seen: SnapshotObservation | None) -> Condition | None:
    """What stands between wish and world, if anything is known of it."""
    if seen is not None and seen.condition is not None:
        return seen.condition
    if status_of(one, seen) == "creating":
        return Working(code="waiting_for_host", since=one.status_changed_at)
    return None
