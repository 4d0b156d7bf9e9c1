"""What changes of a backup besides its bytes: words, labels, an operator's word on its status; and its end."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.backups import read
from kumoi.app.backups.create import put_labels
from kumoi.app.backups.read import BackupView
from kumoi.app.backups.writing import dependents, made_of, project_backup
from kumoi.app.house import House
from kumoi.app.volumes.create import check_texts
from kumoi.app.volumes.read import METADATA
from kumoi.app.volumes.writing import mark_volume
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.backups import RESETTABLE, Backup, Status
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, WrongState
from kumoi.core.ids import BackupId
from kumoi.core.policy import allow

DELETABLE = frozenset({"available", "error", "error_deleting"})


def update(
    house: House,
    call: Call,
    backup_id: BackupId,
    name: str | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
) -> BackupView:
    """None: as it was; of the metadata nothing else stays."""

    def changed(tx: Transaction, one: Backup) -> Backup:
        if metadata is not None:
            tx.labels.drop("backup", one.id, METADATA)
            put_labels(tx, house, one.id, metadata)
        new = replace(
            one,
            name=one.name if name is None else name,
            description=one.description if description is None else description,
        )
        check_texts(new.name, new.description)
        return new

    return _change(house, call, backup_id, "update", changed)


def reset(house: House, call: Call, backup_id: BackupId, status: Status) -> BackupView:
    """`available` takes an operator's word back, and what is known decides again."""
    allow(call, "backup.reset")
    if status not in RESETTABLE:
        raise Invalid("storage", field="status", reason="not_in_enum", value=status)

    def said(_tx: Transaction, one: Backup) -> Backup:
        return replace(one, hold="" if status == "available" else status)

    return _change(house, call, backup_id, "reset", said)


def delete(house: House, call: Call, backup_id: BackupId, *, force: bool = False) -> None:
    """Gone for its user at once; its bytes go by control's sweep. `force`: whatever its status; for administrators.

    InUse while others need it, or a volume is just made of it.
    """
    allow(call, "backup.delete")
    if force:
        allow(call, "volume.force")

    def write(tx: Transaction) -> None:
        one = read.visible(tx, call, backup_id)
        if not force and one.status not in DELETABLE:
            raise WrongState("storage", kind="backup", id=one.id, status=one.status, action="delete")
        for other in dependents(tx, one.id):
            raise InUse("storage", kind="backup", id=one.id, by_kind="backup", by_id=other.id)
        for volume in made_of(tx, one.id):
            raise InUse("storage", kind="backup", id=one.id, by_kind="volume", by_id=volume.id)
        tx.counters.give_back(one.id, "project/")
        gone = replace(one, deleted_at=call.now, updated_at=call.now, status="deleted", status_changed_at=call.now)
        tx.backups.save(gone)
        _mark(tx, one)
        record(tx, house, call, "backup.delete", Thing("backup", one.id, one.project_id))

    commit(house, write)


def _change(
    house: House, call: Call, backup_id: BackupId, action: str, how: Callable[[Transaction, Backup], Backup]
) -> BackupView:
    allow(call, "backup.update")

    def write(tx: Transaction) -> BackupView:
        changed = replace(how(tx, read.visible(tx, call, backup_id)), updated_at=call.now)
        saved = tx.backups.save(project_backup(tx, changed, call.now))
        _mark(tx, saved)
        record(tx, house, call, f"backup.{action}", Thing("backup", saved.id, saved.project_id))
        return read.views(tx, [saved])[0]

    return commit(house, write)


def _mark(tx: Transaction, one: Backup) -> None:
    """Its volume's host may have been making a copy for it."""
    volume = tx.volumes.get(one.volume_id) if one.kept is None else None
    if volume is not None:
        mark_volume(tx, volume.id, volume.pool_id)
