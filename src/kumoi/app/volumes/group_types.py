"""Doors of the types of groups of volumes."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, NotFound
from kumoi.core.ids import VolumeGroupTypeId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, any_of, eq
from kumoi.core.volume_group_types import VolumeGroupType

Change = Callable[[VolumeGroupType], VolumeGroupType]


def get(house: House, call: Call, type_id: VolumeGroupTypeId) -> VolumeGroupType:
    allow(call, "volume_group_type.read")
    return house.store.read(lambda tx: visible(tx, call, type_id))


def find(house: House, call: Call, query: Query) -> list[VolumeGroupType]:
    """Public ones; all for those who may make them."""
    allow(call, "volume_group_type.read")
    seen = query if may(call, "volume_group_type.create") else query.where(eq("public", value=True))
    return house.store.read(lambda tx: tx.volume_group_types.find(seen))


def visible(tx: Transaction, call: Call, id_or_name: str) -> VolumeGroupType:
    """NotFound for one that is neither public nor for an administrator to see."""
    named = tx.volume_group_types.find(Query(filters=(any_of(eq("id", id_or_name), eq("name", id_or_name)),)))
    for one in sorted(named, key=lambda t: t.id != id_or_name):  # an id before a name
        if one.public or may(call, "volume_group_type.create"):
            return one
    raise NotFound("storage", kind="volume_group_type", id=id_or_name)


def create(house: House, call: Call, wish: VolumeGroupType) -> VolumeGroupType:
    """The wish's id is not looked at. Taken when the name exists."""
    allow(call, "volume_group_type.create")
    made = replace(wish, id=VolumeGroupTypeId(house.chance.uuid()), created_at=call.now, updated_at=call.now)

    def write(tx: Transaction) -> None:
        tx.volume_group_types.insert(made)
        record(tx, house, call, "volume_group_type.create", _thing(made.id), {"name": made.name})

    house.store.write(write)
    return made


def change(house: House, call: Call, type_id: VolumeGroupTypeId, done: Change) -> VolumeGroupType:
    """Name, description, whether it is public. Taken when another has the name."""
    allow(call, "volume_group_type.update")

    def write(tx: Transaction) -> VolumeGroupType:
        then = replace(done(visible(tx, call, type_id)), updated_at=call.now)
        record(tx, house, call, "volume_group_type.update", _thing(type_id))
        return tx.volume_group_types.save(then)

    return house.store.write(write)


def specs(house: House, call: Call, type_id: VolumeGroupTypeId) -> dict[str, str]:
    """All of them, for those who may change them."""
    allow(call, "volume_group_type.update")
    return house.store.read(lambda tx: visible(tx, call, type_id)).specs


def put_specs(house: House, call: Call, type_id: VolumeGroupTypeId, specs: dict[str, str]) -> VolumeGroupType:
    """Set these; the others stay."""
    return change(house, call, type_id, lambda now: replace(now, specs={**now.specs, **specs}))


def drop_spec(house: House, call: Call, type_id: VolumeGroupTypeId, key: str) -> VolumeGroupType:
    """NotFound when the type has no such spec."""

    def without(now: VolumeGroupType) -> VolumeGroupType:
        if key not in now.specs:
            raise NotFound("storage", kind="extra_spec", id=key)
        return replace(now, specs={k: v for k, v in now.specs.items() if k != key})

    return change(house, call, type_id, without)


def delete(house: House, call: Call, type_id: VolumeGroupTypeId) -> None:
    allow(call, "volume_group_type.delete")

    def write(tx: Transaction) -> None:
        visible(tx, call, type_id)
        for group in tx.volume_groups.find(Query(filters=(eq("type_id", type_id),), limit=1)):
            raise InUse("storage", kind="volume_group_type", id=type_id, by_kind="volume_group", by_id=group.id)
        tx.volume_group_types.remove(type_id)
        record(tx, house, call, "volume_group_type.delete", _thing(type_id))

    house.store.write(write)


def _thing(type_id: VolumeGroupTypeId) -> Thing:
    return Thing("volume_group_type", type_id, "")
