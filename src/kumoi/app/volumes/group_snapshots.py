"""Doors of snapshots of a group: all its volumes at one moment."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import groups, snapshots
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.create import check_texts
from kumoi.app.volumes.group_fit import visible
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.snapshots import SnapshotWish
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, WrongState
from kumoi.core.ids import GroupSnapshotId, SnapshotId, VolumeGroupId
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.storage_pools import host_of
from kumoi.core.volume_group_types import CONSISTENT
from kumoi.core.volume_groups import GroupSnapshot, GroupStatus, status_of
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volume_types import is_true
from kumoi.core.volumes import Volume


class GroupSnapshotView(msgspec.Struct, frozen=True, kw_only=True):
    snapshot: GroupSnapshot
    members: tuple[VolumeSnapshot, ...]

    @property
    def status(self) -> GroupStatus:
        return status_of(self.snapshot, (member.status for member in self.members))


def get(house: House, call: Call, snapshot_id: GroupSnapshotId) -> GroupSnapshotView:
    allow(call, "volume_group.read")
    return house.store.read(lambda tx: _views(tx, [_visible(tx, call, snapshot_id)])[0])


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[GroupSnapshotView]:
    allow(call, "volume_group.read")
    if all_projects:
        allow(call, "volume.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: _views(tx, tx.group_snapshots.find(query)))


def take(house: House, call: Call, group_id: VolumeGroupId, name: str, description: str) -> GroupSnapshotView:
    """Raises NotFound, WrongState, QuotaExceeded; Invalid for an empty group, and for one whose type wants one moment
    and whose volumes several hosts keep: each host freezes its own."""
    allow(call, "volume_group.create")
    check_texts(name, description)
    made = GroupSnapshotId(house.chance.uuid())

    def write(tx: Transaction) -> GroupSnapshotView:
        group = visible(tx, call, group_id)
        held = groups.members(tx, (group.id,))
        if not held:
            raise Invalid("storage", field="group_id", reason="empty_group", value=group.id)
        kind = tx.volume_group_types.get(group.type_id)
        if kind is not None and is_true(kind.specs.get(CONSISTENT, "")):
            _check_one_host(held)
        snapshot = GroupSnapshot(
            id=made,
            project_id=group.project_id,
            user_id=call.actor.user_id,
            name=name,
            description=description,
            group_id=group.id,
            type_id=group.type_id,
            created_at=call.now,
            updated_at=call.now,
        )
        tx.group_snapshots.insert(snapshot)
        record(tx, house, call, "group_snapshot.create", _thing(snapshot), {"group_id": group.id})
        for volume in held:
            check(volume, "snapshot")
            check_at_home(tx, volume)
            wish = SnapshotWish(volume_id=volume.id, name=name, description=description, moment=made)
            snapshots.make(tx, house, call, volume, wish, SnapshotId(house.chance.uuid()))
        return _views(tx, [snapshot])[0]

    return commit(house, write)


def reset(house: House, call: Call, snapshot_id: GroupSnapshotId, status: GroupStatus) -> None:
    """An operator's word; `available` takes it back."""
    allow(call, "volume.reset")

    def write(tx: Transaction) -> None:
        one = _visible(tx, call, snapshot_id)
        tx.group_snapshots.save(replace(one, hold="" if status == "available" else status, updated_at=call.now))
        record(tx, house, call, "group_snapshot.reset", _thing(one), {"status": status})

    commit(house, write)


def delete(house: House, call: Call, snapshot_id: GroupSnapshotId) -> None:
    """With all its members."""
    allow(call, "volume_group.delete")

    def write(tx: Transaction) -> None:
        view = _views(tx, [_visible(tx, call, snapshot_id)])[0]
        if view.status == "creating":
            raise WrongState("storage", kind="group_snapshot", id=snapshot_id, status=view.status, action="delete")
        for member in view.members:
            snapshots.check_not_backed_up(tx, member)
            snapshots.drop(tx, house, call, member)
        tx.group_snapshots.remove(snapshot_id)
        record(tx, house, call, "group_snapshot.delete", _thing(view.snapshot))

    commit(house, write)


def _check_one_host(held: list[Volume]) -> None:
    hosts = {host_of(volume.pool_id) for volume in held if volume.pool_id is not None}
    if len(hosts) > 1:
        raise Invalid("storage", field="group_id", reason="several_hosts", value=len(hosts))


def _visible(tx: Transaction, call: Call, snapshot_id: GroupSnapshotId) -> GroupSnapshot:
    found = tx.group_snapshots.get(snapshot_id)
    if found is None or not sees(call, found.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="group_snapshot", id=snapshot_id)
    return found


def _views(tx: Transaction, found: list[GroupSnapshot]) -> list[GroupSnapshotView]:
    if not found:
        return []
    held: dict[str, list[VolumeSnapshot]] = {}
    for one in tx.volume_snapshots.find(Query(filters=(is_in("moment", tuple(s.id for s in found)), alive()))):
        held.setdefault(one.moment, []).append(one)
    return [GroupSnapshotView(snapshot=one, members=tuple(held.get(one.id, ()))) for one in found]


def _thing(one: GroupSnapshot) -> Thing:
    return Thing("group_snapshot", one.id, one.project_id)
