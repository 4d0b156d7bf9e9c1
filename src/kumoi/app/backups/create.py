"""Create a backup: the row at once; the copy is its volume's host's to make and to give (taking)."""

import msgspec

from kumoi.app.backups import read
from kumoi.app.backups.read import BackupView
from kumoi.app.house import House
from kumoi.app.volumes import snapshots
from kumoi.app.volumes.create import check_texts
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.read import METADATA
from kumoi.app.volumes.read import views as volume_views
from kumoi.app.volumes.read import visible as visible_volume
from kumoi.app.volumes.writing import mark_volume
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE
from kumoi.core.backups import Backup
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import BackupId, SnapshotId, VolumeId
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume

OF_FREE = frozenset({"available"})
OF_ANY = frozenset({"available", "in_use"})


class BackupWish(msgspec.Struct, frozen=True, kw_only=True):
    """`incremental`: upon the newest that its project has of this volume. `while_used`: a guest may have the volume,
    which is frozen for a moment; of a snapshot that does not matter."""

    volume_id: VolumeId
    snapshot_id: SnapshotId | None = None
    name: str = ""
    description: str = ""
    container: str = ""
    zone: str = ZONE
    incremental: bool = False
    while_used: bool = False
    metadata: dict[str, str] = {}


def create(house: House, call: Call, wish: BackupWish) -> BackupView:
    """Raises NotFound, WrongState, QuotaExceeded; Invalid where there is nothing to stand on."""
    allow(call, "backup.create")
    check_texts(wish.name, wish.description)
    if wish.zone != ZONE:
        raise Invalid("storage", field="availability_zone", reason="not_in_enum", value=wish.zone)
    made = BackupId(house.chance.uuid())

    def write(tx: Transaction) -> BackupView:
        volume = visible_volume(tx, call, wish.volume_id)
        snapshot = _snapshot(tx, call, volume, wish)
        _check(volume, wish)
        if wish.snapshot_id is None:
            check_at_home(tx, volume)
        parent = _newest(tx, call, volume) if wish.incremental else None
        row = _row(tx, call, wish, volume, made)
        row = msgspec.structs.replace(
            row,
            parent_id=parent.id if parent is not None else None,
            size_gib=snapshot.size_gib if snapshot is not None else volume.size_gib,
            data_at=snapshot.created_at if snapshot is not None else call.now,
        )
        charge(tx, row.project_id, made, backups=1, backup_gigabytes=row.size_gib)
        tx.backups.insert(row)
        put_labels(tx, house, made, wish.metadata)
        mark_volume(tx, volume.id, volume.pool_id)
        facts: Facts = {"volume_id": volume.id, "incremental": wish.incremental}
        record(tx, house, call, "backup.create", Thing("backup", made, row.project_id), facts)
        return read.views(tx, [row])[0]

    return commit(house, write)


def _snapshot(tx: Transaction, call: Call, volume: Volume, wish: BackupWish) -> VolumeSnapshot | None:
    if wish.snapshot_id is None:
        return None
    found = snapshots.visible(tx, call, wish.snapshot_id)
    if found.volume_id != volume.id:
        raise Invalid("storage", field="snapshot_id", reason="not_of_volume", value=found.id, other=volume.id)
    if found.status != "available":
        raise WrongState("storage", kind="volume_snapshot", id=found.id, status=found.status, action="backup")
    return found


def _check(volume: Volume, wish: BackupWish) -> None:
    allowed = OF_ANY if wish.while_used or wish.snapshot_id is not None else OF_FREE
    if volume.status not in allowed:
        raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="backup")


def _newest(tx: Transaction, call: Call, volume: Volume) -> Backup:
    mine = (eq("volume_id", volume.id), eq("project_id", call.project_id), alive())
    there = tx.backups.find(Query(filters=mine, order=(Order("data_at", descending=True),)))
    found = next((one for one in there if one.kept is not None and one.status in {"available", "restoring"}), None)
    if found is None:
        raise Invalid("storage", field="incremental", reason="no_full_backup", value=volume.id)
    return found


def _row(tx: Transaction, call: Call, wish: BackupWish, volume: Volume, made: BackupId) -> Backup:
    return Backup(
        id=made,
        project_id=call.project_id,
        user_id=call.actor.user_id,
        volume_id=volume.id,
        size_gib=volume.size_gib,
        place=made,
        name=wish.name,
        description=wish.description,
        container=wish.container,
        zone=wish.zone,
        snapshot_id=wish.snapshot_id,
        bootable=volume.bootable,
        image_words=volume.image_words,
        words=volume_views(tx, [volume])[0].metadata,
        status_changed_at=call.now,
        created_at=call.now,
        updated_at=call.now,
    )


def put_labels(tx: Transaction, house: House, backup_id: BackupId, pairs: dict[str, str]) -> None:
    for key, value in pairs.items():
        row_id = house.chance.uuid()
        tx.labels.put(Label(id=row_id, kind="backup", resource_id=backup_id, namespace=METADATA, key=key, value=value))
