"""Backups of volumes: what a volume held at one moment, kept outside of its pool, to be had back anywhere."""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import BackupId, LayerId, ProjectId, SnapshotId, UserId, VolumeId
from kumoi.core.instances import Refusal

Status = Literal["creating", "available", "restoring", "deleting", "error", "error_deleting", "deleted"]
RESETTABLE: Final[frozenset[Status]] = frozenset({"available", "error"})


class KeptBackup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is in its store, once it is whole there: `objects` of `stored_bytes` are its own. As a disk that
    stands alone it is a qcow2 of `size_bytes` with this `sha256`, `virtual_bytes` large."""

    sha256: str
    size_bytes: int
    virtual_bytes: int
    objects: int
    stored_bytes: int


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """Intent (writer: doors), what was kept of it, and the projection of its status.

    `place`: its name in the store, its own id unless it was imported. `parent_id`: an incremental one needs that one,
    and is no less whole. `kept`: None until its host gave it, and it was read back; `layer_id` is it as a
    disk. `hold`: what an
    operator said of its status. `bootable`, `image_words`, `words`: what its volume knew, beside bytes, to be had back
    too. `data_at`: as of when its bytes are.
    """

    id: BackupId
    project_id: ProjectId
    user_id: UserId
    volume_id: VolumeId
    size_gib: int
    place: str
    name: str = ""
    description: str = ""
    container: str = ""
    zone: str = ""
    snapshot_id: SnapshotId | None = None
    parent_id: BackupId | None = None
    bootable: bool = False
    image_words: dict[str, str] = {}
    words: dict[str, str] = {}
    kept: KeptBackup | None = None
    layer_id: LayerId | None = None
    refusal: Refusal | None = None
    hold: Status | Literal[""] = ""
    data_at: float = 0.0
    status: Status = "creating"
    status_changed_at: float = 0.0
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None

    @property
    def awaits_copy(self) -> bool:
        """Whether a host still has to bring its bytes."""
        return self.kept is None and self.refusal is None and not self.hold and self.deleted_at is None


def status_of(one: Backup, *, restoring: bool) -> Status:
    """`restoring`: some volume is just made of it."""
    if one.deleted_at is not None:
        return "deleted"
    if one.hold:
        return one.hold
    if one.refusal is not None:
        return "error"
    if one.kept is None:
        return "creating"
    return "restoring" if restoring else "available"
