"""Disks as a host is told of them, and as it tells of them: layers by their content, what stands on them, volumes in
pools with their snapshots. Ids and sizes, never paths.
"""

import msgspec

from kumoi.core.conditions import Condition
from kumoi.core.copies import DiskCopy
from kumoi.core.ids import AttachmentId, LayerId, SnapshotId, VolumeId
from kumoi.core.images import LayerFormat


class LayerRef(msgspec.Struct, frozen=True, kw_only=True):
    """A layer by content; a host fetches it by `sha256` over the link and checks it."""

    id: LayerId
    sha256: str
    format: LayerFormat
    size_bytes: int
    virtual_bytes: int


class RootDisk(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's own disk: an overlay of `size_gib` (0: as large as the layer) on `layers`, deepest last.

    `number`: one of another number takes the place of all that were before."""

    layers: tuple[LayerRef, ...]
    size_gib: int
    number: int = 0


class RescueDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that is booted instead of the root disk, beside it. `stable`: the root disk stays the first one."""

    layers: tuple[LayerRef, ...]
    stable: bool = False


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A volume offered over the network to one initiator, who knows a secret (CHAP). `user`: one for each attachment
    and host, so it also tells which of them this is."""

    attachment_id: AttachmentId
    initiator: str
    user: str
    secret: str


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """How a volume that another host keeps is reached. `portal`: address and port; `open`: that host has said that it
    offers it."""

    portal: str
    target: str
    lun: int
    initiator: str
    user: str
    secret: str
    open: bool = False


class VolumeEntry(msgspec.Struct, frozen=True, kw_only=True, tag="volume", tag_field="kind"):
    """A disk of its own, in a pool of the host that is told: empty, or begun as an image's layers (deepest last), as a
    snapshot, or as another volume is at one moment, all of that pool. It is only ever made larger.

    `exports`: those, and nobody else, reach it over the network. `copies`: the images and backups that wait for a copy
    of it. `number`: what it is made of is for that content; one of an earlier number is begun anew.
    """

    id: VolumeId
    pool: str
    size_gib: int
    number: int = 0
    layers: tuple[LayerRef, ...] = ()
    snapshot_id: SnapshotId | None = None
    source_id: VolumeId | None = None
    exports: tuple[Export, ...] = ()
    copies: tuple[DiskCopy, ...] = ()
    request_id: str = ""


class SnapshotEntry(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot", tag_field="kind"):
    """A volume as it is at one moment. Those with the same `moment` (empty: its own) are frozen in one act."""

    id: SnapshotId
    volume_id: VolumeId
    pool: str
    moment: str = ""
    request_id: str = ""


class VolumePlug(msgspec.Struct, frozen=True, kw_only=True):
    """A volume in an instance. `slot`: its place in the guest, the same over every boot; `device`: what the user was
    told. `boot`: the guest boots from it. `remote`: another host keeps it, and `pool` names nothing here."""

    volume_id: VolumeId
    attachment_id: AttachmentId
    pool: str
    slot: int
    device: str = ""
    read_only: bool = False
    boot: bool = False
    remote: Remote | None = None
    tag: str = ""


class PoolOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A place for volumes on a host, by its name there. `portal`: the address and port at which others reach what is
    in it; empty: they do not."""

    name: str
    driver: str
    total_gib: int
    capabilities: tuple[str, ...] = ()
    portal: str = ""


class SeenVolume(msgspec.Struct, frozen=True, kw_only=True, tag="volume", tag_field="kind"):
    """`there`: it stands; else it is only wished, and the condition says why it is not there yet. `used_bytes` is
    rounded, so that a guest that writes does not make its host speak. `exports`: the users that may reach
    it over the network."""

    id: VolumeId
    condition: Condition
    there: bool = True
    size_gib: int = 0
    used_bytes: int = 0
    number: int = 0
    exports: tuple[str, ...] = ()


class SeenSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot", tag_field="kind"):
    """As `SeenVolume`."""

    id: SnapshotId
    condition: Condition
    there: bool = True
    size_gib: int = 0
