"""Images and the immutable layers they (and root disks, and later volumes and snapshots) point to."""

from typing import Literal

import msgspec

from kumoi.core.ids import ImageId, InstanceId, LayerId, ProjectId, VolumeId

ImageStatus = Literal["queued", "saving", "uploading", "importing", "active", "killed", "deactivated"]
LastImport = Literal["", "running", "done", "failed"]
Visibility = Literal["public", "shared", "community", "private"]
DiskFormat = Literal["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso", "aki", "ari", "ami"]
ContainerFormat = Literal["bare", "ovf", "ova", "docker", "ami", "ari", "aki", "compressed"]
LayerFormat = Literal["raw", "qcow2"]
MemberStatus = Literal["pending", "accepted", "rejected"]

AWAITING: tuple[ImageStatus, ...] = ("queued", "saving")  # a copy that its host still has to make or bring
MAX_VIRTUAL_GIB = 2048
MAX_DEPTH = 16


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that never change, named by their SHA-256. `parent_id` is the layer beneath; sizes in bytes."""

    id: LayerId
    sha256: str
    format: LayerFormat
    size_bytes: int
    virtual_bytes: int
    parent_id: LayerId | None = None
    created_at: float = 0.0


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where an image's bytes are outside of the cloud: they are fetched when they are asked for."""

    url: str
    metadata: dict[str, str] = {}


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A bootable disk with a name. `layer_id` is None until its bytes are here; checksum is MD5 hex, sha512 hex.

    `uploading`: bytes were staged (a blob), and wait to be imported. `last_import`: how the import goes or went.
    `copy_of`, `copy_of_volume`: what it is a copy of; its bytes come from the host of that and from nowhere else.
    `rotation`: of a backup, how many of its kind are kept once it is there.
    """

    id: ImageId
    project_id: ProjectId
    name: str
    status: ImageStatus = "queued"
    visibility: Visibility = "shared"
    disk_format: str | None = None
    container_format: str | None = None
    min_disk_gib: int = 0
    min_ram_mib: int = 0
    size_bytes: int | None = None
    virtual_bytes: int | None = None
    checksum: str | None = None
    sha512: str | None = None
    layer_id: LayerId | None = None
    staged_sha256: str | None = None
    locations: tuple[Location, ...] = ()
    last_import: LastImport = ""
    copy_of: InstanceId | None = None
    copy_of_volume: VolumeId | None = None
    rotation: int | None = None
    protected: bool = False
    hidden: bool = False
    properties: dict[str, str] = msgspec.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None

    @property
    def awaits_copy(self) -> bool:
        """Whether a host still has to bring its bytes."""
        return self.is_copy and self.status in AWAITING and self.deleted_at is None

    @property
    def is_copy(self) -> bool:
        return self.copy_of is not None or self.copy_of_volume is not None


class ImageMember(msgspec.Struct, frozen=True, kw_only=True):
    """A project that a shared image was offered to. It may use it from then on; its lists show what it accepted."""

    id: str
    image_id: ImageId
    project_id: ProjectId
    status: MemberStatus = "pending"
    created_at: float = 0.0
    updated_at: float = 0.0


def member_id(image_id: ImageId, project_id: str) -> str:
    return f"{image_id}/{project_id}"
