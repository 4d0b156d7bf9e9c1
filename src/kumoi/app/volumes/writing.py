"""What the doors of volumes do inside their transaction besides writing rows: mark the plan, project the statuses, and
tell of a status that changed by itself.
"""

from msgspec.structs import replace

from kumoi.app.backups.writing import follow_backup
from kumoi.app.house import House
from kumoi.app.volumes import messages
from kumoi.contracts.store import Transaction
from kumoi.core import attachments, volume_snapshots, volumes
from kumoi.core.attachments import Attachment
from kumoi.core.conditions import Blocked, Facts
from kumoi.core.events import Event
from kumoi.core.ids import PoolId, SnapshotId, VolumeId, host_section
from kumoi.core.instances import Refusal
from kumoi.core.plan import entry_id
from kumoi.core.query import Order, Query, eq
from kumoi.core.storage_pools import host_of
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume

VOLUME_TOPIC = "volume"


def mark_volume(tx: Transaction, volume_id: VolumeId, pool_id: PoolId | None) -> None:
    if pool_id is not None:
        tx.sections.mark(host_section(host_of(pool_id)), entry_id("volume", volume_id))


def mark_snapshot(tx: Transaction, snapshot_id: SnapshotId, pool_id: PoolId | None) -> None:
    if pool_id is not None:
        tx.sections.mark(host_section(host_of(pool_id)), entry_id("snapshot", snapshot_id))


def attachments_of(tx: Transaction, volume_id: VolumeId) -> list[Attachment]:
    """The oldest first."""
    return tx.attachments.find(Query(filters=(eq("volume_id", volume_id),), order=(Order("created_at"),)))


def project_volume(tx: Transaction, volume: Volume, now: float) -> Volume:
    """The volume with its status as it follows from everything known in this transaction (not saved)."""
    seen = tx.volume_observations.get(volume.id)
    status = volumes.status_of(volume, seen, attachments_of(tx, volume.id))
    return volume if status == volume.status else replace(volume, status=status, status_changed_at=now)


def project_snapshot(tx: Transaction, snapshot: VolumeSnapshot, now: float) -> VolumeSnapshot:
    status = volume_snapshots.status_of(snapshot, tx.snapshot_observations.get(snapshot.id))
    return snapshot if status == snapshot.status else replace(snapshot, status=status, status_changed_at=now)


def project_attachment(tx: Transaction, one: Attachment, now: float) -> Attachment:
    seen = tx.observations.get(one.instance_id) if one.instance_id is not None else None
    status = attachments.status_of(one, seen)
    if status == one.status:
        return one
    return replace(one, status=status, attached_at=one.attached_at or (now if status == "attached" else 0.0))


def follow(tx: Transaction, house: House, volume_id: VolumeId, now: float) -> None:
    """The volume's status after something that is not its user's doing: saved, and told."""
    volume = tx.volumes.get(volume_id)
    if volume is None:
        return
    after = project_volume(tx, volume, now)
    if after is not volume:
        tx.volumes.save(after)
        tell(tx, house, "volume", after, volume.status, now)
        follow_backup(tx, house, after.backup_id, now)
        why = volumes.condition_of(after, tx.volume_observations.get(volume_id))
        if after.status.startswith("error") and isinstance(why, Blocked):
            messages.write(tx, house, after, Refusal(code=why.code, facts=why.facts, at=now))


def tell(tx: Transaction, house: House, kind: str, after: Volume | VolumeSnapshot, before: str, now: float) -> None:
    """The event of a status that changed by itself."""
    facts: Facts = {"before": before, "after": after.status}
    tx.events.add(
        Event(
            id=house.chance.uuid(),
            at=now,
            action=f"{kind}.status",
            kind=kind,
            resource_id=after.id,
            project_id=after.project_id,
            user_id="",
            request_id="",
            facts=facts,
        )
    )
