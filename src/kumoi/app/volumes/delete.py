"""Delete: gone for its user at once; its host lets go when it has proved it."""

from msgspec.structs import replace

from kumoi.app.backups.writing import follow_backup
from kumoi.app.house import House
from kumoi.app.volumes import snapshots
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.attaching import release
from kumoi.app.volumes.copied import check_not_copied
from kumoi.app.volumes.read import visible
from kumoi.app.volumes.writing import attachments_of, mark_volume
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.call import Call
from kumoi.core.errors import InUse
from kumoi.core.ids import VolumeId
from kumoi.core.policy import allow
from kumoi.core.volumes import Volume


def delete(
    house: House, call: Call, volume_id: VolumeId, *, cascade: bool = False, force: bool = False, orphan: bool = False
) -> None:
    """Quota comes back now, its pool's room when its absence is proved.

    InUse while it has snapshots, unless `cascade` takes them along, or they may outlive it (`orphan`, EC2's way).
    `force`: whatever status somebody gave it; what is in a guest stays all the same. For administrators.
    """
    allow(call, "volume.delete")
    if force:
        allow(call, "volume.force")

    def write(tx: Transaction) -> None:
        volume = visible(tx, call, volume_id)
        held = attachments_of(tx, volume.id)
        left = bool(held) and all(_left(tx, one) for one in held)
        if not force and not left:
            check(volume, "delete")
        for one in held:
            if not one.said and not left:
                raise InUse("storage", kind="volume", id=volume.id, by_kind="instance", by_id=one.instance_id or "")
            if one.said:
                release(tx, one)
        check_not_copied(tx, volume, "delete")
        for snapshot in () if orphan else snapshots.of_volume(tx, volume.id):
            if not cascade:
                raise InUse("storage", kind="volume", id=volume.id, by_kind="volume_snapshot", by_id=snapshot.id)
            snapshots.drop(tx, house, call, snapshot)
        drop(tx, house, call, volume)

    commit(house, write)


def _left(tx: Transaction, one: Attachment) -> bool:
    """Whether its instance is deleted: what its host has yet to take down keeps nobody from deleting the volume too,
    and the host does one after the other."""
    instance = tx.instances.get(one.instance_id) if one.instance_id is not None and not one.said else None
    return instance is not None and instance.deleted_at is not None


def drop(tx: Transaction, house: House, call: Call, volume: Volume) -> None:
    """The rows' part of it."""
    tx.counters.give_back(volume.id, "project/")
    gone = replace(volume, deleted_at=call.now, updated_at=call.now, status="deleted", status_changed_at=call.now)
    tx.volumes.save(gone)
    follow_backup(tx, house, gone.backup_id, call.now)
    mark_volume(tx, volume.id, volume.pool_id)
    record(tx, house, call, "volume.delete", Thing("volume", volume.id, volume.project_id))
