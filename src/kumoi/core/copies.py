"""Copies of instances' disks on their way to become images: what a host is to make, and what it gives."""

import msgspec

from kumoi.core.ids import HostId, ImageId, SessionId


class DiskCopy(msgspec.Struct, frozen=True, kw_only=True):
    """The root disk as it is at one moment, standing alone, for this image. One that is no longer named goes."""

    image_id: ImageId


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
