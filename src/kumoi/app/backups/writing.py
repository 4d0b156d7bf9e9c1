"""What transactions about backups share: who waits for one, and the status that follows."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.backups import Backup, status_of
from kumoi.core.conditions import Facts
from kumoi.core.events import Event
from kumoi.core.ids import BackupId, VolumeId
from kumoi.core.instances import Refusal
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.volumes import Volume


def awaiting(tx: Transaction, volume_id: VolumeId) -> list[Backup]:
    """The backups that wait for a copy of this volume, the oldest first."""
    found = tx.backups.find(Query(filters=(eq("volume_id", volume_id), eq("status", "creating"), alive())))
    return sorted((one for one in found if one.awaits_copy), key=lambda one: (one.created_at, one.id))


def made_of(tx: Transaction, backup_id: BackupId) -> list[Volume]:
    """The volumes that are just made of it."""
    waiting = is_in("status", ("creating", "restoring"))
    return tx.volumes.find(Query(filters=(eq("backup_id", backup_id), waiting, alive())))


def dependents(tx: Transaction, backup_id: BackupId) -> list[Backup]:
    return tx.backups.find(Query(filters=(eq("parent_id", backup_id), alive())))


def project_backup(tx: Transaction, one: Backup, now: float) -> Backup:
    """With its status as it follows from everything known in this transaction (not saved)."""
    status = status_of(one, restoring=bool(made_of(tx, one.id)))
    return one if status == one.status else replace(one, status=status, status_changed_at=now)


def follow_backup(tx: Transaction, house: House, backup_id: BackupId | None, now: float) -> None:
    """Its status after something that happened to a volume: saved, and told."""
    one = tx.backups.get(backup_id) if backup_id is not None else None
    after = project_backup(tx, one, now) if one is not None else None
    if one is not None and after is not None and after is not one:
        tx.backups.save(after)
        tell(tx, house, after, "status", {"before": one.status, "after": after.status})


def refuse(tx: Transaction, house: House, one: Backup, facts: Facts) -> None:
    """There will never be a copy for it."""
    code = str(facts.get("code", "refused"))
    now = house.clock.now()
    after = replace(one, refusal=Refusal(code=code, facts=facts, at=now), updated_at=now)
    tx.backups.save(project_backup(tx, after, now))
    tell(tx, house, one, "refused", facts)


def tell(tx: Transaction, house: House, one: Backup, action: str, facts: Facts) -> None:
    """The event of what nobody asked for by this call."""
    tx.events.add(
        Event(
            id=house.chance.uuid(),
            at=house.clock.now(),
            action=f"backup.{action}",
            kind="backup",
            resource_id=one.id,
            project_id=one.project_id,
            user_id="",
            request_id="",
            facts=facts,
        )
    )
