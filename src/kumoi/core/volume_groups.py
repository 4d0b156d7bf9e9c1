"""Groups of volumes, and snapshots of all volumes of a group at one moment. What each is, follows from its members."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from kumoi.core.ids import GroupSnapshotId, ProjectId, UserId, VolumeGroupId, VolumeGroupTypeId, VolumeTypeId

GroupStatus = Literal["creating", "available", "error"]
_SETTLED = frozenset({"available", "in_use", "reserved", "attaching", "detaching"})


class VolumeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """`volume_type_ids`: what its volumes may be. `hold`: a status that an operator says against all sight."""

    id: VolumeGroupId
    project_id: ProjectId
    user_id: UserId
    name: str
    type_id: VolumeGroupTypeId
    volume_type_ids: tuple[VolumeTypeId, ...]
    zone: str
    description: str = ""
    source_id: VolumeGroupId | None = None
    snapshot_id: GroupSnapshotId | None = None
    hold: GroupStatus | Literal[""] = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


class GroupSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Its members are the snapshots whose `moment` is its id."""

    id: GroupSnapshotId
    project_id: ProjectId
    user_id: UserId
    name: str
    group_id: VolumeGroupId
    type_id: VolumeGroupTypeId
    description: str = ""
    hold: GroupStatus | Literal[""] = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def status_of(whole: VolumeGroup | GroupSnapshot, members: Iterable[str]) -> GroupStatus:
    """`members`: the statuses of its volumes, or of its snapshots."""
    if whole.hold:
        return whole.hold
    statuses = frozenset(members)
    if any(status.startswith("error") for status in statuses):
        return "error"
    return "available" if statuses <= _SETTLED else "creating"
