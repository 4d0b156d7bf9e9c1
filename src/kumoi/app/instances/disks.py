"""The volumes of a new instance: where they bind it, and their rows, inside the transaction of its run."""

from kumoi.app.house import House
from kumoi.app.instances.wish import DiskChoice, RunWish
from kumoi.app.volumes import attaching, create, reach, read, snapshots
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import HostId, ImageId, PoolId, SnapshotId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume
from kumoi.planning.scheduling import Keepers


def allow_disks(call: Call, wish: RunWish) -> None:
    """Who runs instances with volumes needs the rights that these take."""
    if wish.disks:
        allow(call, "attachment.create")
    if any(disk.source != "volume" for disk in wish.disks):
        allow(call, "volume.create")


def keepers_of(tx: Transaction, call: Call, wish: RunWish) -> Keepers:
    """Where what the disks are, or are made of, is kept: first what it boots from."""
    disks = sorted(wish.disks, key=lambda disk: not disk.boot)
    pools = dict.fromkeys(pool for disk in disks if (pool := _pool_of(tx, call, disk)) is not None)
    alone = {host_of(pool) for pool in pools if not reach.is_exported(tx, pool)}
    return Keepers(hosts=tuple(dict.fromkeys(map(host_of, pools))), alone=frozenset(alone))


def _pool_of(tx: Transaction, call: Call, disk: DiskChoice) -> PoolId | None:
    match disk.source:
        case "volume":
            return read.visible(tx, call, VolumeId(disk.id)).pool_id
        case "snapshot":
            return snapshots.visible(tx, call, SnapshotId(disk.id)).pool_id
        case _:
            return None


def _is_elsewhere(tx: Transaction, call: Call, guest: attaching.Guest, disk: DiskChoice) -> bool:
    pool = _pool_of(tx, call, disk)
    return pool is not None and host_of(pool) != guest.home


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
        tag=disk.tag,
    )
    attaching.plug(tx, call, guest, volume, attaching.fresh(house), wish)


def _made(tx: Transaction, house: House, call: Call, guest: attaching.Guest, disk: DiskChoice) -> Volume:
    """In a pool of the instance's host, or beside the snapshot that it is made of."""
    beside = disk.source == "snapshot" and _is_elsewhere(tx, call, guest, disk)
    wish = create.VolumeWish(
        size_gib=disk.size_gib,
        type_name=disk.type_name,
        image_id=ImageId(disk.id) if disk.source == "image" else None,
        snapshot_id=SnapshotId(disk.id) if disk.source == "snapshot" else None,
        host_id=None if beside else HostId(guest.home),
        refuse_full=True,
    )
    create.check_wish(wish)
    return create.make(tx, house, call, wish, VolumeId(house.chance.uuid()))
