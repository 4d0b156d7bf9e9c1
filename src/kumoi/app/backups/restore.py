"""Have a backup back: as a new volume, in whatever pool; or as all that a volume holds."""

from msgspec.structs import replace

from kumoi.app.backups import read
from kumoi.app.backups.writing import follow_backup
from kumoi.app.house import House
from kumoi.app.volumes import create
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.copied import check_not_copied
from kumoi.app.volumes.read import VolumeView, views
from kumoi.app.volumes.read import visible as visible_volume
from kumoi.app.volumes.writing import mark_volume, project_volume
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.backups import Backup
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.ids import BackupId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.volumes import Volume


def restore(
    house: House, call: Call, backup_id: BackupId, volume_id: VolumeId | None = None, name: str = ""
) -> VolumeView:
    """`volume_id`: that one is what the backup is, and nothing of what it held stays; it must be free and large enough.

    Raises NotFound, WrongState, Invalid, QuotaExceeded.
    """
    allow(call, "backup.restore")
    allow(call, "volume.create")
    made = VolumeId(house.chance.uuid())

    def write(tx: Transaction) -> VolumeView:
        one = read.visible(tx, call, backup_id)
        if one.status != "available":
            raise WrongState("storage", kind="backup", id=one.id, status=one.status, action="restore")
        if volume_id is None:
            wish = create.VolumeWish(name=name or f"restore_backup_{one.id}", backup_id=one.id, metadata=one.words)
            volume = create.make(tx, house, call, wish, made)
        else:
            volume = _replaced(tx, house, call, one, visible_volume(tx, call, volume_id))
        follow_backup(tx, house, one.id, call.now)
        thing = Thing("backup", one.id, one.project_id)
        record(tx, house, call, "backup.restore", thing, {"volume_id": volume.id})
        return views(tx, [volume])[0]

    return commit(house, write)


def _replaced(tx: Transaction, house: House, call: Call, one: Backup, volume: Volume) -> Volume:
    check(volume, "restore")
    check_not_copied(tx, volume, "restore")
    if volume.size_gib < one.size_gib:
        raise Invalid("storage", field="volume_id", reason="below_source", value=volume.size_gib, least=one.size_gib)
    anew = replace(
        volume,
        content=volume.content + 1,
        backup_id=one.id,
        layer_id=one.layer_id,
        reverted_to=None,
        bootable=one.bootable,
        image_words=one.image_words,
        updated_at=call.now,
    )
    for key, value in one.words.items():
        create.put_label(tx, house, volume.id, key, value)
    mark_volume(tx, volume.id, volume.pool_id)
    record(tx, house, call, "volume.restore", Thing("volume", volume.id, volume.project_id), {"backup_id": one.id})
    return tx.volumes.save(project_volume(tx, anew, call.now))
