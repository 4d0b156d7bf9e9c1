"""What is known of a backup, to be taken along: for a cloud that forgot it, or another one that has the same store."""

import msgspec

from kumoi.app.backups import read
from kumoi.app.backups.create import put_labels
from kumoi.app.backups.read import BackupView
from kumoi.app.backups.taking import layer_of
from kumoi.app.backups.writing import project_backup
from kumoi.app.house import House
from kumoi.app.volumes.create import check_size, check_texts
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE
from kumoi.core.backups import Backup
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Taken, WrongState
from kumoi.core.ids import BackupId, SnapshotId, VolumeId, is_uuid
from kumoi.core.policy import allow


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """`place`: where in the store it is. Whose it is is not told: it is theirs who take it in."""

    id: str
    place: str
    volume_id: str
    size_gib: int
    name: str = ""
    description: str = ""
    container: str = ""
    snapshot_id: str | None = None
    parent_id: str | None = None
    bootable: bool = False
    image_words: dict[str, str] = {}
    words: dict[str, str] = {}
    metadata: dict[str, str] = {}
    data_at: float = 0.0


def export(house: House, call: Call, backup_id: BackupId) -> Record:
    """WrongState for one that is not whole."""
    allow(call, "backup.records")

    def find(tx: Transaction) -> Record:
        view = read.views(tx, [read.visible(tx, call, backup_id)])[0]
        one = view.backup
        if one.status != "available":
            raise WrongState("storage", kind="backup", id=one.id, status=one.status, action="export")
        return Record(
            id=one.id,
            place=one.place,
            volume_id=one.volume_id,
            size_gib=one.size_gib,
            name=one.name,
            description=one.description,
            container=one.container,
            snapshot_id=one.snapshot_id,
            parent_id=one.parent_id,
            bootable=one.bootable,
            image_words=one.image_words,
            words=one.words,
            metadata=view.metadata,
            data_at=one.data_at,
        )

    return house.store.read(find)


def take_in(house: House, call: Call, said: Record) -> BackupView:
    """As the caller's project's, by the id that the record says. The store knows what it is, not the record.

    Invalid where the store has no such backup; Taken where the id is known here.
    """
    allow(call, "backup.records")
    _check(said)
    kept = house.backups.look(said.place)

    def write(tx: Transaction) -> BackupView:
        if tx.backups.get(BackupId(said.id)) is not None:
            raise Taken("storage", kind="backup", name=said.id)
        row = Backup(
            id=BackupId(said.id),
            project_id=call.project_id,
            user_id=call.actor.user_id,
            volume_id=VolumeId(said.volume_id),
            size_gib=said.size_gib,
            place=said.place,
            name=said.name,
            description=said.description,
            container=said.container,
            zone=ZONE,
            snapshot_id=SnapshotId(said.snapshot_id) if said.snapshot_id is not None else None,
            parent_id=BackupId(said.parent_id) if said.parent_id is not None else None,
            bootable=said.bootable,
            image_words=said.image_words,
            words=said.words,
            kept=kept,
            layer_id=layer_of(tx, house, kept),
            data_at=said.data_at,
            status_changed_at=call.now,
            created_at=call.now,
            updated_at=call.now,
        )
        charge(tx, row.project_id, row.id, backups=1, backup_gigabytes=row.size_gib)
        whole = project_backup(tx, row, call.now)
        tx.backups.insert(whole)
        put_labels(tx, house, row.id, said.metadata)
        record(tx, house, call, "backup.import", Thing("backup", row.id, row.project_id), {"place": said.place})
        return read.views(tx, [whole])[0]

    return commit(house, write)


def _check(said: Record) -> None:
    for field in ("id", "place", "volume_id", "snapshot_id", "parent_id"):
        value = getattr(said, field)
        if value is not None and not is_uuid(value):
            raise Invalid("storage", field=field, reason="not_a_uuid", value=str(value)[:64])
    check_texts(said.name, said.description)
    check_size(said.size_gib)
