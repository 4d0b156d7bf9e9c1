"""Copies of instances' disks and of volumes on their way to become images or backups: what a host is to make, and
gives."""

import msgspec

from kumoi.core.ids import HostId, ImageId, InstanceId, SessionId, SnapshotId, VolumeId

Copied = InstanceId | VolumeId


class DiskCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A root disk or volume as it is at one moment, standing alone, for this image, or for the backup of this id. One
    that is named no more goes. `snapshot_id`: of a volume, as it was then."""

    image_id: ImageId
    snapshot_id: SnapshotId | None = None


class CopyBytes(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to give: how much, and what it must be."""

    size_bytes: int
    sha256: str


class CopyOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A host that has a copy, and speaks by this session."""

    host_id: HostId
    session: SessionId
    image_id: ImageId
    copied: CopyBytes
