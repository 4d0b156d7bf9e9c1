"""The entries of volumes and their snapshots in a host's section, and volumes as an instance's entry names them."""

from collections.abc import Collection

from kumoi.core.attachments import Attachment
from kumoi.core.copies import DiskCopy
from kumoi.core.disks import Export, Remote, SnapshotEntry, VolumeEntry, VolumePlug
from kumoi.core.exports import LUN, initiator_name, target_name, user_name
from kumoi.core.ids import HostId, PoolId
from kumoi.core.images import Layer
from kumoi.core.storage_pools import name_of
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume
from kumoi.planning.sections.layers import layer_ref


def volume_entry(
    volume: Volume,
    pool_id: PoolId,
    layers: tuple[Layer, ...],
    copies: tuple[DiskCopy, ...] = (),
    exports: tuple[Export, ...] = (),
) -> VolumeEntry:
    """`layers`: the image's or backup's that it is made of, deepest last. Once its content was replaced, it is made of
    what took its place and of nothing else."""
    if volume.reverted_to is not None:
        layers = ()
    return VolumeEntry(
        id=volume.id,
        pool=name_of(pool_id),
        size_gib=volume.size_gib,
        number=volume.content,
        layers=tuple(layer_ref(layer) for layer in layers),
        snapshot_id=volume.reverted_to if volume.content else volume.snapshot_id,
        source_id=None if volume.content else volume.source_id,
        copies=copies,
        exports=exports,
    )


def snapshot_entry(snapshot: VolumeSnapshot, pool_id: PoolId) -> SnapshotEntry:
    return SnapshotEntry(id=snapshot.id, volume_id=snapshot.volume_id, pool=name_of(pool_id), moment=snapshot.moment)


def export(one: Attachment, home: HostId) -> Export:
    """`home`: where its instance is."""
    return Export(attachment_id=one.id, initiator=initiator_name(home), user=user_name(one.id, home), secret=one.secret)


def remote(one: Attachment, home: HostId, portal: str, exported: Collection[str]) -> Remote:
    """The other end of `export`, at the portal of the pool. `exported`: the users that are let in, as last seen."""
    return Remote(
        portal=portal,
        target=target_name(one.volume_id),
        lun=LUN,
        initiator=initiator_name(home),
        user=user_name(one.id, home),
        secret=one.secret,
        open=user_name(one.id, home) in exported,
    )


def plug(one: Attachment, pool_id: PoolId, way: Remote | None) -> VolumePlug:
    return VolumePlug(
        volume_id=one.volume_id,
        attachment_id=one.id,
        pool=name_of(pool_id),
        slot=one.slot,
        device=one.device,
        read_only=one.read_only,
        boot=one.boot,
        remote=way,
        tag=one.tag,
    )
