"""The volumes of a new instance: where they bind it, and their rows, inside the transaction of its run."""

from kumoi.app.house import House
from kumoi.app.instances.wish import DiskChoice, RunWish
from kumoi.app.volumes import attaching, create, read, snapshots
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import AttachmentId, HostId, ImageId, PoolId, SnapshotId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume


def allow_disks(call: Call, wish: RunWish) -> None:
    """Who runs instances with volumes needs the rights that these take."""
    if wish.disks:
        allow(call, "attachment.create")
    if any(disk.source != "volume" for disk in wish.disks):
        allow(call, "volume.create")


def host_of_disks(tx: Transaction, call: Call, wish: RunWish) -> str:
    """The name of the host whose pools keep what the disks are, or are made of; empty: any will do."""
    pools = {pool for disk in wish.disks if (pool := _pool_of(tx, call, disk)) is not None}
    hosts = {host_of(pool) for pool in pools}
    if len(hosts) > 1:
        raise Unsupported("storage", what="attach_across_hosts")
    host = tx.hosts.get(hosts.pop()) if hosts else None
    return host.name if host is not None else ""


def _pool_of(tx: Transaction, call: Call, disk: DiskChoice) -> PoolId | None:
    match disk.source:
        case "volume":
            return read.visible(tx, call, VolumeId(disk.id)).pool_id
        case "snapshot":
            return snapshots.visible(tx, call, SnapshotId(disk.id)).pool_id
        case _:
            return None


def plug_disk(tx: Transaction, house: House, call: Call, guest: attaching.Guest, disk: DiskChoice) -> None:
    """Raises NotFound, WrongState, InUse, Invalid, QuotaExceeded, NoCapacity."""
    if disk.source == "volume":
        volume = read.visible(tx, call, VolumeId(disk.id))
    else:
        volume = _made(tx, house, call, guest, disk)
    if disk.boot and not volume.bootable:
        raise Invalid("compute", field="block_device_mapping_v2", reason="not_a_bootable_volume", value=volume.id)
    wish = attaching.AttachWish(
        volume_id=volume.id,
        device=disk.device,
        delete_on_termination=disk.delete_on_termination,
        boot=disk.boot,
        new=disk.source != "volume",
    )
    attaching.plug(tx, call, guest, volume, AttachmentId(house.chance.uuid()), wish)


def _made(tx: Transaction, house: House, call: Call, guest: attaching.Guest, disk: DiskChoice) -> Volume:
    """In a pool of the instance's host."""
    wish = create.VolumeWish(
        size_gib=disk.size_gib,
        type_name=disk.type_name,
        image_id=ImageId(disk.id) if disk.source == "image" else None,
        snapshot_id=SnapshotId(disk.id) if disk.source == "snapshot" else None,
        host_id=HostId(guest.home),
        refuse_full=True,
    )
    create.check_wish(wish)
    return create.make(tx, house, call, wish, VolumeId(house.chance.uuid()))
