"""Doors of groups of volumes: make one, of another one too, put volumes in and take them out, delete."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import create, group_types, read, snapshots, types
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.copied import check_not_copied
from kumoi.app.volumes.delete import drop
from kumoi.app.volumes.group_fit import check_fits, visible
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.ids import GroupSnapshotId, ProjectId, VolumeGroupId, VolumeGroupTypeId, VolumeId, VolumeTypeId
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.volume_groups import GroupStatus, VolumeGroup, status_of
from kumoi.core.volumes import Volume


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group with its living volumes, the oldest first."""

    group: VolumeGroup
    volumes: tuple[Volume, ...]

    @property
    def status(self) -> GroupStatus:
        return status_of(self.group, (volume.status for volume in self.volumes))


class GroupWish(msgspec.Struct, frozen=True, kw_only=True):
    """Of a type; or like `source_id` as it is, or as it was at the moment of `snapshot_id`."""

    name: str = ""
    description: str = ""
    zone: str = ZONE
    type_name: str = ""
    volume_types: tuple[str, ...] = ()
    source_id: VolumeGroupId | None = None
    snapshot_id: GroupSnapshotId | None = None


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays."""

    name: str | None = None
    description: str | None = None
    add: tuple[VolumeId, ...] = ()
    remove: tuple[VolumeId, ...] = ()


def get(house: House, call: Call, group_id: VolumeGroupId) -> GroupView:
    allow(call, "volume_group.read")
    return house.store.read(lambda tx: views(tx, [visible(tx, call, group_id)])[0])


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[GroupView]:
    allow(call, "volume_group.read")
    if all_projects:
        allow(call, "volume.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: views(tx, tx.volume_groups.find(query)))


def make(house: House, call: Call, wish: GroupWish) -> GroupView:
    """Raises NotFound, Invalid, QuotaExceeded; what a volume's making raises where it is made like another."""
    allow(call, "volume_group.create")
    create.check_wish(create.VolumeWish(name=wish.name, description=wish.description, zone=wish.zone))
    made = VolumeGroupId(house.chance.uuid())

    def write(tx: Transaction) -> GroupView:
        group = _like(tx, call, wish, made) or _of_type(tx, call, wish, made)
        charge(tx, call.project_id, made, volume_groups=1)
        tx.volume_groups.insert(group)
        record(tx, house, call, "volume_group.create", _thing(group), {"name": group.name})
        _copy_members(tx, house, call, group)
        return views(tx, [group])[0]

    return commit(house, write)


def change(house: House, call: Call, group_id: VolumeGroupId, wish: GroupChange) -> GroupView:
    """Raises NotFound; Invalid for a volume of another group, or of a type that the group does not take."""
    allow(call, "volume_group.update")
    create.check_texts(wish.name or "", wish.description or "")

    def write(tx: Transaction) -> GroupView:
        group = visible(tx, call, group_id)
        for volume_id in wish.remove:
            volume = read.visible(tx, call, volume_id)
            if volume.group_id != group.id:
                raise Invalid("storage", field="remove_volumes", reason="not_of_group", value=volume_id)
            tx.volumes.save(replace(volume, group_id=None, updated_at=call.now))
        for volume_id in wish.add:
            volume = read.visible(tx, call, volume_id)
            check_fits(tx, call, group.id, volume.type_id)
            if volume.group_id not in {None, group.id} or volume.project_id != group.project_id:
                raise Invalid("storage", field="add_volumes", reason="of_another_group", value=volume_id)
            check(volume, "snapshot")
            check_at_home(tx, volume)
            tx.volumes.save(replace(volume, group_id=group.id, updated_at=call.now))
        then = replace(
            group,
            name=group.name if wish.name is None else wish.name,
            description=group.description if wish.description is None else wish.description,
            updated_at=call.now,
        )
        record(tx, house, call, "volume_group.update", _thing(group))
        return views(tx, [tx.volume_groups.save(then)])[0]

    return commit(house, write)


def reset(house: House, call: Call, group_id: VolumeGroupId, status: GroupStatus) -> None:
    """An operator's word; `available` takes it back."""
    allow(call, "volume.reset")

    def write(tx: Transaction) -> None:
        group = visible(tx, call, group_id)
        tx.volume_groups.save(replace(group, hold="" if status == "available" else status, updated_at=call.now))
        record(tx, house, call, "volume_group.reset", _thing(group), {"status": status})

    commit(house, write)


def delete(house: House, call: Call, group_id: VolumeGroupId, *, with_volumes: bool = False) -> None:
    """InUse while it has volumes, unless they go along, or while there are snapshots of it."""
    allow(call, "volume_group.delete")

    def write(tx: Transaction) -> None:
        group = visible(tx, call, group_id)
        for one in tx.group_snapshots.find(Query(filters=(eq("group_id", group.id),))):
            raise InUse("storage", kind="volume_group", id=group.id, by_kind="group_snapshot", by_id=one.id)
        for volume in members(tx, (group.id,)):
            if not with_volumes:
                raise InUse("storage", kind="volume_group", id=group.id, by_kind="volume", by_id=volume.id)
            check(volume, "delete")
            check_not_copied(tx, volume, "delete")
            for snapshot in snapshots.of_volume(tx, volume.id):
                raise InUse("storage", kind="volume", id=volume.id, by_kind="volume_snapshot", by_id=snapshot.id)
            drop(tx, house, call, volume)
        tx.counters.give_back(group.id, "project/")
        tx.volume_groups.remove(group.id)
        record(tx, house, call, "volume_group.delete", _thing(group))

    commit(house, write)


def members(tx: Transaction, group_ids: Iterable[VolumeGroupId]) -> list[Volume]:
    """Living volumes of these groups, the oldest first."""
    found = tx.volumes.find(Query(filters=(is_in("group_id", tuple(group_ids)), alive())))
    return sorted(found, key=lambda volume: (volume.created_at, volume.id))


def views(tx: Transaction, found: list[VolumeGroup]) -> list[GroupView]:
    held: dict[VolumeGroupId, list[Volume]] = {}
    for volume in members(tx, (group.id for group in found)) if found else ():
        if volume.group_id is not None:
            held.setdefault(volume.group_id, []).append(volume)
    return [GroupView(group=group, volumes=tuple(held.get(group.id, ()))) for group in found]


def _of_type(tx: Transaction, call: Call, wish: GroupWish, made: VolumeGroupId) -> VolumeGroup:
    if not wish.volume_types:
        raise Invalid("storage", field="volume_types", reason="missing")
    return _group(
        call,
        wish,
        made,
        group_types.visible(tx, call, wish.type_name).id,
        tuple(types.visible(tx, call, name).id for name in wish.volume_types),
    )


def _like(tx: Transaction, call: Call, wish: GroupWish, made: VolumeGroupId) -> VolumeGroup | None:
    """Of the same types as another group, or as the group that a snapshot is of."""
    source_id = wish.source_id
    if wish.snapshot_id is not None:
        taken = tx.group_snapshots.get(wish.snapshot_id)
        if taken is None or not sees(call, taken.project_id, "volume.all_projects"):
            raise NotFound("storage", kind="group_snapshot", id=wish.snapshot_id)
        source_id = taken.group_id
    if source_id is None:
        return None
    source = visible(tx, call, source_id)
    return _group(call, wish, made, source.type_id, source.volume_type_ids)


def _group(
    call: Call, wish: GroupWish, made: VolumeGroupId, kind: VolumeGroupTypeId, takes: tuple[VolumeTypeId, ...]
) -> VolumeGroup:
    return VolumeGroup(
        id=made,
        project_id=ProjectId(call.project_id),
        user_id=call.actor.user_id,
        name=wish.name,
        description=wish.description,
        type_id=kind,
        volume_type_ids=takes,
        zone=wish.zone,
        source_id=wish.source_id,
        snapshot_id=wish.snapshot_id,
        created_at=call.now,
        updated_at=call.now,
    )


def _copy_members(tx: Transaction, house: House, call: Call, group: VolumeGroup) -> None:
    """A volume for each that it is made like, as these are, or were at the moment."""
    if group.snapshot_id is not None:
        taken = tx.volume_snapshots.find(Query(filters=(eq("moment", group.snapshot_id), alive())))
        names = {parent.id: parent.name for parent in tx.volumes.many(tuple(one.volume_id for one in taken))}
        wishes = [
            create.VolumeWish(
                name=names.get(one.volume_id, one.name), zone=group.zone, snapshot_id=one.id, group_id=group.id
            )
            for one in taken
        ]
    elif group.source_id is not None:
        wishes = [
            create.VolumeWish(name=one.name, zone=group.zone, source_id=one.id, group_id=group.id)
            for one in members(tx, (group.source_id,))
        ]
    else:
        wishes = []
    for wish in wishes:
        create.make(tx, house, call, wish, VolumeId(house.chance.uuid()))


def _thing(group: VolumeGroup) -> Thing:
    return Thing("volume_group", group.id, group.project_id)
