"""What a host says of volumes and snapshots, and what that proves: observations, statuses, and what may be let go.

Only of what is in this host's pools: what is seen elsewhere is a stray there.
"""

import msgspec
from msgspec.structs import replace

from kumoi.app.backups.writing import awaiting, follow_backup, refuse
from kumoi.app.house import House
from kumoi.app.images.copying import awaiting_volume, give_up
from kumoi.app.volumes.attaching import of_instance, release
from kumoi.app.volumes.writing import attachments_of, follow, mark_volume, project_attachment, project_snapshot, tell
from kumoi.app.writing import mark_instance
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.conditions import Condition, Ready, same_reason
from kumoi.core.hosts import Host
from kumoi.core.ids import InstanceId, SnapshotId, VolumeId, host_section
from kumoi.core.plan import InstanceEntry, Report, entry_id
from kumoi.core.query import Query, eq
from kumoi.core.storage_pools import host_of
from kumoi.core.volume_snapshots import SnapshotObservation
from kumoi.core.volumes import VolumeObservation

_READY = Ready()


def observe_volumes(tx: Transaction, house: House, host: Host, report: Report, now: float) -> None:
    """Renew the observations, and let the statuses follow."""
    before = {o.id: o for o in tx.volume_observations.find(Query(filters=(eq("host_id", host.id),)))}
    told = {s.id: s for s in report.volumes}
    for volume in tx.volumes.many(tuple({*before, *told})):
        if volume.pool_id is None or host_of(volume.pool_id) != host.id:
            continue
        old, seen = before.get(volume.id), told.get(volume.id)
        there = seen is not None and seen.there
        new = VolumeObservation(
            id=volume.id,
            host_id=host.id,
            there=there,
            size_gib=seen.size_gib if seen is not None else 0,
            used_bytes=seen.used_bytes if seen is not None else 0,
            content=seen.number if seen is not None else 0,
            exports=seen.exports if seen is not None else (),
            condition=_kept(seen.condition if seen is not None else None),
            first_seen_at=(old.first_seen_at if old is not None else 0.0) or (now if there else 0.0),
            reported_at=now,
        )
        if old is not None and _same(old, new):
            continue
        if old is None:
            tx.volume_observations.insert(new)
        else:
            tx.volume_observations.save(new)
        if new.exports != (old.exports if old is not None else ()):
            _tell_guests(tx, volume.id)
        follow(tx, house, volume.id, now)


def observe_snapshots(tx: Transaction, house: House, host: Host, report: Report, now: float) -> None:
    before = {o.id: o for o in tx.snapshot_observations.find(Query(filters=(eq("host_id", host.id),)))}
    told = {s.id: s for s in report.snapshots}
    for snapshot in tx.volume_snapshots.many(tuple({*before, *told})):
        if snapshot.pool_id is None or host_of(snapshot.pool_id) != host.id:
            continue
        old, seen = before.get(snapshot.id), told.get(snapshot.id)
        new = SnapshotObservation(
            id=snapshot.id,
            host_id=host.id,
            there=seen is not None and seen.there,
            condition=_kept(seen.condition if seen is not None else None),
            reported_at=now,
        )
        if old is not None and old.there == new.there and _alike(old.condition, new.condition):
            continue
        if old is None:
            tx.snapshot_observations.insert(new)
        else:
            tx.snapshot_observations.save(new)
        after = project_snapshot(tx, snapshot, now)
        if after is not snapshot:
            tx.volume_snapshots.save(after)
            tell(tx, house, "volume_snapshot", after, snapshot.status, now)


def follow_instance(tx: Transaction, house: House, instance_id: InstanceId, now: float) -> None:
    """What was seen of a guest changed: its attachments' statuses, and those of their volumes."""
    for one in of_instance(tx, instance_id):
        after = project_attachment(tx, one, now)
        if after is not one:
            tx.attachments.save(after)
            follow(tx, house, one.volume_id, now)


def leaving_of(tx: Transaction, host: Host) -> list[Attachment]:
    """The attachments of this host's instances that wait to be proved gone."""
    leaving = tx.attachments.find(Query(filters=(eq("leaving", value=True),)))
    if not leaving:
        return []
    placed = {p.instance_id for p in tx.placements.find(Query(filters=(eq("host_id", host.id),)))}
    return [one for one in leaving if one.instance_id in placed]


def let_attachments_go(tx: Transaction, house: House, host: Host, report: Report, now: float) -> None:
    """Those that are not in the guest, by a report made under a plan that does not name them any more."""
    own = host_section(host.id)
    seen = {s.id: s for s in report.instances}
    for one in leaving_of(tx, host):
        assert one.instance_id is not None
        entry = tx.sections.entry(own, entry_id("instance", one.instance_id))
        if entry is None or entry.serial > report.acted.get(own, 0):
            continue
        planned: tuple[VolumeId, ...] = ()
        if not isinstance(entry.body, msgspec.UnsetType):
            planned = tuple(p.volume_id for p in msgspec.json.decode(entry.body, type=InstanceEntry).volumes)
        guest = seen.get(one.instance_id)
        if one.volume_id in planned or (guest is not None and one.volume_id in guest.volumes):
            continue
        release(tx, one)
        follow(tx, house, one.volume_id, now)


def release_volume(tx: Transaction, volume_id: VolumeId) -> None:
    """Its host has it no longer: the room in its pool is free."""
    tx.counters.give_back(volume_id, "pool/")
    tx.volume_observations.remove(volume_id)


def release_snapshot(tx: Transaction, snapshot_id: SnapshotId) -> None:
    tx.counters.give_back(snapshot_id, "pool/")
    tx.snapshot_observations.remove(snapshot_id)


def release_attachments(tx: Transaction, house: House, instance_id: InstanceId, now: float) -> None:
    """Their instance is gone: they are out, and what was to go with it goes."""
    for one in of_instance(tx, instance_id):
        release(tx, one)
        volume = tx.volumes.get(one.volume_id)
        if volume is not None and one.delete_on_termination and volume.deleted_at is None:
            gone = replace(volume, deleted_at=now, updated_at=now, status="deleted", status_changed_at=now)
            tx.counters.give_back(volume.id, "project/")
            tx.volumes.save(gone)
            follow_backup(tx, house, gone.backup_id, now)
            for image in awaiting_volume(tx, volume.id):
                give_up(tx, house, image.id, {"code": "volume_gone"})
            for backup in awaiting(tx, volume.id):
                refuse(tx, house, backup, {"code": "volume_gone"})
            mark_volume(tx, volume.id, volume.pool_id)
            tell(tx, house, "volume", gone, volume.status, now)
        else:
            follow(tx, house, one.volume_id, now)


def _tell_guests(tx: Transaction, volume_id: VolumeId) -> None:
    """Who waits on another host for the way to be open is told that it is."""
    for one in attachments_of(tx, volume_id):
        if one.secret and one.instance_id is not None:
            mark_instance(tx, one.instance_id)


def _kept(condition: Condition | None) -> Condition | None:
    return None if condition is None or isinstance(condition, Ready) else condition


def _alike(a: Condition | None, b: Condition | None) -> bool:
    return same_reason(a or _READY, b or _READY)


def _same(old: VolumeObservation, new: VolumeObservation) -> bool:
    sights = [(one.there, one.size_gib, one.used_bytes, one.content, one.exports) for one in (old, new)]
    return sights[0] == sights[1] and _alike(old.condition, new.condition)
