"""Doors of volumes' snapshots."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from kumoi.app.backups.writing import awaiting
from kumoi.app.house import House
from kumoi.app.volumes import read
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.amounts import charge_type
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.writing import mark_snapshot, project_snapshot
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import SnapshotId, VolumeId, ec2_key
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, alive, eq
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume

NAME_MOST = 255
DELETABLE = frozenset({"available", "error", "error_deleting"})


class SnapshotWish(msgspec.Struct, frozen=True, kw_only=True):
    """Those of one `moment` are frozen together. `unless_used`: not while a guest has the volume."""

    volume_id: VolumeId
    name: str = ""
    description: str = ""
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    moment: str = ""
    unless_used: bool = False


class SnapshotView(msgspec.Struct, frozen=True, kw_only=True):
    """`labels` by namespace."""

    snapshot: VolumeSnapshot
    labels: dict[str, dict[str, str]]

    @property
    def metadata(self) -> dict[str, str]:
        return self.labels.get(read.METADATA, {})


def create(house: House, call: Call, wish: SnapshotWish) -> SnapshotView:
    """Of a volume as it is now, whoever writes to it meanwhile. Raises NotFound, WrongState, QuotaExceeded."""
    allow(call, "volume_snapshot.create")
    check_texts(wish.name, wish.description)
    made = SnapshotId(house.chance.uuid())

    def write(tx: Transaction) -> SnapshotView:
        volume = read.visible(tx, call, wish.volume_id)
        check(volume, "snapshot")
        check_at_home(tx, volume)
        if wish.unless_used and volume.status == "in_use":
            raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="snapshot")
        return views(tx, [make(tx, house, call, volume, wish, made)])[0]

    return commit(house, write)


def make(
    tx: Transaction, house: House, call: Call, volume: Volume, wish: SnapshotWish, made: SnapshotId
) -> VolumeSnapshot:
    """The rows of a new snapshot, inside a door's transaction."""
    charge(tx, volume.project_id, made, snapshots=1, gigabytes=volume.size_gib)
    charge_type(tx, volume.project_id, made, volume.type_id, snapshots=1, gigabytes=volume.size_gib)
    snapshot = VolumeSnapshot(
        id=made,
        volume_id=volume.id,
        project_id=volume.project_id,
        user_id=call.actor.user_id,
        pool_id=volume.pool_id,
        size_gib=volume.size_gib,
        ec2_key=ec2_key(made),
        name=wish.name,
        description=wish.description,
        moment=wish.moment,
        status_changed_at=call.now,
        created_at=call.now,
        updated_at=call.now,
    )
    tx.volume_snapshots.insert(snapshot)
    for namespace, pairs in ((read.METADATA, wish.metadata), ("aws", wish.tags)):
        put_labels(tx, house, made, pairs, namespace)
    mark_snapshot(tx, made, volume.pool_id)
    thing = Thing("volume_snapshot", made, volume.project_id)
    record(tx, house, call, "volume_snapshot.create", thing, {"volume_id": volume.id})
    return snapshot


def check_texts(name: str, description: str) -> None:
    for field, text in (("name", name), ("description", description)):
        if len(text) > NAME_MOST:
            raise Invalid("storage", field=field, reason="length", bound=f"from {0} to {NAME_MOST}")


def get(house: House, call: Call, snapshot_id: SnapshotId) -> SnapshotView:
    allow(call, "volume_snapshot.read")
    return house.store.read(lambda tx: views(tx, [visible(tx, call, snapshot_id)])[0])


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[SnapshotView]:
    allow(call, "volume_snapshot.read")
    if all_projects:
        allow(call, "volume.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: views(tx, tx.volume_snapshots.find(query.where(alive()))))


def change(
    house: House,
    call: Call,
    snapshot_id: SnapshotId,
    how: Callable[[Transaction, VolumeSnapshot], VolumeSnapshot],
) -> SnapshotView:
    """Change the row, and let its status follow."""
    allow(call, "volume_snapshot.update")

    def write(tx: Transaction) -> SnapshotView:
        changed = how(tx, visible(tx, call, snapshot_id))
        check_texts(changed.name, changed.description)
        saved = tx.volume_snapshots.save(project_snapshot(tx, replace(changed, updated_at=call.now), call.now))
        thing = Thing("volume_snapshot", saved.id, saved.project_id)
        record(tx, house, call, "volume_snapshot.update", thing)
        return views(tx, [saved])[0]

    return commit(house, write)


def delete(house: House, call: Call, snapshot_id: SnapshotId, *, force: bool = False) -> None:
    """Volumes made of it stay. `force`: whatever its status is; for administrators."""
    allow(call, "volume_snapshot.delete")
    if force:
        allow(call, "volume.force")

    def write(tx: Transaction) -> None:
        snapshot = visible(tx, call, snapshot_id)
        if not force and snapshot.status not in DELETABLE:
            raise WrongState("storage", kind="volume_snapshot", id=snapshot.id, status=snapshot.status, action="delete")
        check_not_backed_up(tx, snapshot)
        drop(tx, house, call, snapshot)

    commit(house, write)


def check_not_backed_up(tx: Transaction, snapshot: VolumeSnapshot) -> None:
    """WrongState while a backup of it is still to be copied."""
    if any(one.snapshot_id == snapshot.id for one in awaiting(tx, snapshot.volume_id)):
        raise WrongState("storage", kind="volume_snapshot", id=snapshot.id, status="backing_up", action="delete")


def drop(tx: Transaction, house: House, call: Call, snapshot: VolumeSnapshot) -> None:
    """Gone for its user at once; its host lets go when it has proved it."""
    tx.counters.give_back(snapshot.id, "project/")
    gone = replace(snapshot, deleted_at=call.now, updated_at=call.now, status="deleted", status_changed_at=call.now)
    tx.volume_snapshots.save(gone)
    mark_snapshot(tx, snapshot.id, snapshot.pool_id)
    record(tx, house, call, "volume_snapshot.delete", Thing("volume_snapshot", snapshot.id, snapshot.project_id))


def of_volume(tx: Transaction, volume_id: VolumeId) -> list[VolumeSnapshot]:
    return tx.volume_snapshots.find(Query(filters=(eq("volume_id", volume_id), alive())))


def visible(tx: Transaction, call: Call, snapshot_id: SnapshotId) -> VolumeSnapshot:
    found = tx.volume_snapshots.get(snapshot_id)
    if found is None or found.deleted_at is not None or not sees(call, found.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="volume_snapshot", id=snapshot_id)
    return found


def put_labels(tx: Transaction, house: House, snapshot_id: SnapshotId, pairs: dict[str, str], namespace: str) -> None:
    for key, value in pairs.items():
        row_id = house.chance.uuid()
        tx.labels.put(
            Label(id=row_id, kind="volume_snapshot", resource_id=snapshot_id, namespace=namespace, key=key, value=value)
        )


def views(tx: Transaction, found: list[VolumeSnapshot]) -> list[SnapshotView]:
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for label in tx.labels.of("volume_snapshot", tuple(s.id for s in found)) if found else ():
        labels.setdefault(label.resource_id, {}).setdefault(label.namespace, {})[label.key] = label.value
    return [SnapshotView(snapshot=one, labels=labels.get(one.id, {})) for one in found]
