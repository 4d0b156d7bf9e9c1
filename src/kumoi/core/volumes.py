"""Volumes: disks that outlive their instances. What the user wishes, what was seen, and the status that follows."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from kumoi.core.attachments import Attachment
from kumoi.core.conditions import Blocked, Condition, Working
from kumoi.core.ids import (
    BackupId,
    HostId,
    ImageId,
    LayerId,
    PoolId,
    ProjectId,
    SnapshotId,
    UserId,
    VolumeGroupId,
    VolumeId,
    VolumeTypeId,
)
from kumoi.core.instances import Refusal

Status = Literal[
    "creating",
    "available",
    "reserved",
    "attaching",
    "in_use",
    "detaching",
    "extending",
    "retyping",
    "reverting",
    "uploading",
    "downloading",
    "maintenance",
    "awaiting_transfer",
    "backing_up",
    "restoring",
    "deleting",
    "managing",
    "error",
    "error_deleting",
    "error_extending",
    "error_restoring",
    "error_managing",
    "deleted",
]
TRANSIENT: Final[frozenset[Status]] = frozenset(
    {"creating", "attaching", "detaching", "extending", "reverting", "restoring"}
)
MOST_GIB: Final = 64 * 1024


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Intent (writer: doors), and the projection `status`, `status_changed_at`.

    What it is made of is one of `layer_id` (an image's), `snapshot_id`, `source_id` (a volume, as it was then),
    `backup_id`, or nothing. `content` counts how often all that it held was replaced since, by `backup_id` or by
    `reverted_to`, a snapshot of its own. `image_words`: what is remembered of the image, for who boots from it. `hold`:
    a status that somebody says and no host has a part in (reserved by a client, in maintenance, awaiting a transfer).
    `pool_id` is None of one that found no pool: `refusal` says why.
    """

    id: VolumeId
    project_id: ProjectId
    user_id: UserId
    name: str
    size_gib: int
    pool_id: PoolId | None
    ec2_key: str
    description: str = ""
    type_id: VolumeTypeId | None = None
    group_id: VolumeGroupId | None = None
    zone: str = ""
    image_id: ImageId | None = None
    layer_id: LayerId | None = None
    snapshot_id: SnapshotId | None = None
    source_id: VolumeId | None = None
    backup_id: BackupId | None = None
    reverted_to: SnapshotId | None = None
    content: int = 0
    image_words: dict[str, str] = {}
    bootable: bool = False
    read_only: bool = False
    multiattach: bool = False
    hold: Status | Literal[""] = ""
    refusal: Refusal | None = None
    status: Status = "creating"
    status_changed_at: float = 0.0
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class VolumeObservation(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing a host said of a volume (writer: the link). `id` is the volume's; `there`: it stood there, of
    `size_gib`, with that content. `exports`: the users that could reach it from other hosts."""

    id: VolumeId
    host_id: HostId
    there: bool
    size_gib: int = 0
    used_bytes: int = 0
    content: int = 0
    exports: tuple[str, ...] = ()
    condition: Condition | None = None
    first_seen_at: float = 0.0
    reported_at: float = 0.0


def status_of(volume: Volume, seen: VolumeObservation | None, attachments: Sequence[Attachment]) -> Status:
    """The one status function: pure, total, the same for every tongue. `attachments` with their own statuses."""
    if volume.deleted_at is not None:
        return "deleted"
    if volume.refusal is not None:
        return "error"
    if volume.hold:
        return volume.hold
    blocked = seen is not None and isinstance(seen.condition, Blocked)
    if seen is None or not seen.there:
        lost = seen is not None and seen.first_seen_at > 0.0
        return "error" if blocked or lost else "creating"
    if seen.content < volume.content:
        return _replaced(volume, blocked=blocked)
    if seen.size_gib < volume.size_gib:
        return "error_extending" if blocked else "extending"
    return _in_guests({one.status for one in attachments})


def _replaced(volume: Volume, *, blocked: bool) -> Status:
    """Of one whose content is to be another one."""
    if volume.reverted_to is not None:
        return "error" if blocked else "reverting"
    return "error_restoring" if blocked else "restoring"


def _in_guests(statuses: set[str]) -> Status:
    """Of one that stands as wished: what its attachments make of it."""
    if "detaching" in statuses:
        return "detaching"
    if "attached" in statuses:
        return "in_use"
    if "attaching" in statuses:
        return "attaching"
    return "reserved" if "reserved" in statuses else "available"


def condition_of(volume: Volume, seen: VolumeObservation | None) -> Condition | None:
    """What stands between wish and world, if anything is known of it."""
    if volume.refusal is not None:
        return Blocked(
            code=volume.refusal.code,
            facts=volume.refusal.facts,
            retry=False,
            who_can_help="operator",
            since=volume.refusal.at,
        )
    if seen is not None and seen.condition is not None:
        return seen.condition
    if volume.status in TRANSIENT:
        return Working(code="waiting_for_host", since=volume.status_changed_at)
    return None
