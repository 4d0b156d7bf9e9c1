"""Doors of QoS specs, and of the volume types that are associated with them."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes.types import by_id, save
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.ids import VolumeQosId, VolumeTypeId
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.volume_qos import Consumer, VolumeQos
from kumoi.core.volume_types import VolumeType


def get(house: House, call: Call, qos_id: VolumeQosId) -> VolumeQos:
    allow(call, "volume_qos.read")
    return house.store.read(lambda tx: _named(tx, qos_id))


def find(house: House, call: Call, query: Query) -> list[VolumeQos]:
    allow(call, "volume_qos.read")
    return house.store.read(lambda tx: tx.volume_qos.find(query))


def associated(house: House, call: Call, qos_id: VolumeQosId) -> list[VolumeType]:
    """The types that are limited so."""
    allow(call, "volume_qos.read")

    def read(tx: Transaction) -> list[VolumeType]:
        _named(tx, qos_id)
        return _associated(tx, qos_id)

    return house.store.read(read)


def create(house: House, call: Call, wish: VolumeQos) -> VolumeQos:
    """The wish's id is not looked at. Taken when the name exists."""
    allow(call, "volume_qos.create")
    made = replace(wish, id=VolumeQosId(house.chance.uuid()), created_at=call.now)

    def write(tx: Transaction) -> None:
        tx.volume_qos.insert(made)
        _record(tx, house, call, "create", made.id, {"name": made.name})

    house.store.write(write)
    return made


def put_specs(
    house: House, call: Call, qos_id: VolumeQosId, specs: dict[str, str], consumer: Consumer | None = None
) -> VolumeQos:
    """Set these; the others stay. `consumer` None stays too."""

    def changed(now: VolumeQos) -> VolumeQos:
        return replace(now, specs={**now.specs, **specs}, consumer=consumer or now.consumer)

    return _changed(house, call, qos_id, changed)


def drop_specs(house: House, call: Call, qos_id: VolumeQosId, keys: tuple[str, ...]) -> VolumeQos:
    """Invalid when there is no such spec."""

    def without(now: VolumeQos) -> VolumeQos:
        for key in keys:
            if key not in now.specs:
                raise Invalid("storage", field=key, reason="unknown_field")
        return replace(now, specs={k: v for k, v in now.specs.items() if k not in keys})

    return _changed(house, call, qos_id, without)


def delete(house: House, call: Call, qos_id: VolumeQosId, *, force: bool = False) -> None:
    """InUse while types are associated, unless `force`: then they are no more."""
    allow(call, "volume_qos.delete")

    def write(tx: Transaction) -> None:
        _named(tx, qos_id)
        for one in _associated(tx, qos_id):
            if not force:
                raise InUse("storage", kind="volume_qos", id=qos_id, by_kind="volume_type", by_id=one.id)
            save(tx, house, call, replace(one, qos_id=None))
        tx.volume_qos.remove(qos_id)
        _record(tx, house, call, "delete", qos_id)

    house.store.write(write)


def associate(house: House, call: Call, qos_id: VolumeQosId, type_id: VolumeTypeId) -> None:
    """Invalid for a type that is associated with others."""
    allow(call, "volume_qos.update")

    def write(tx: Transaction) -> None:
        _named(tx, qos_id)
        now = by_id(tx, type_id)
        if now.qos_id not in {None, qos_id}:
            raise Invalid("storage", field="vol_type_id", reason="associated", value=type_id, other=now.qos_id)
        save(tx, house, call, replace(now, qos_id=qos_id))

    house.store.write(write)


def disassociate(house: House, call: Call, qos_id: VolumeQosId, type_id: VolumeTypeId | None = None) -> None:
    """This type, or all of them."""
    allow(call, "volume_qos.update")

    def write(tx: Transaction) -> None:
        _named(tx, qos_id)
        if type_id is not None:
            by_id(tx, type_id)
        for one in _associated(tx, qos_id):
            if type_id in {None, one.id}:
                save(tx, house, call, replace(one, qos_id=None))

    house.store.write(write)


def _named(tx: Transaction, qos_id: VolumeQosId) -> VolumeQos:
    found = tx.volume_qos.get(qos_id)
    if found is None:
        raise NotFound("storage", kind="volume_qos", id=qos_id)
    return found


def _associated(tx: Transaction, qos_id: VolumeQosId) -> list[VolumeType]:
    return tx.volume_types.find(Query(filters=(eq("qos_id", qos_id),)))


def _changed(house: House, call: Call, qos_id: VolumeQosId, change: Callable[[VolumeQos], VolumeQos]) -> VolumeQos:
    allow(call, "volume_qos.update")

    def write(tx: Transaction) -> VolumeQos:
        then = change(_named(tx, qos_id))
        _record(tx, house, call, "update", qos_id)
        return tx.volume_qos.save(then)

    return house.store.write(write)


def _record(
    tx: Transaction, house: House, call: Call, verb: str, qos_id: VolumeQosId, facts: Facts | None = None
) -> None:
    record(tx, house, call, f"volume_qos.{verb}", Thing("volume_qos", qos_id, ""), facts)
