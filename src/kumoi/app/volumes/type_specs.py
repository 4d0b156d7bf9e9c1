"""Doors of what a volume type says: its extra specs, and how its volumes are to be encrypted."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes.types import by_id, check_unused, save
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound, Taken
from kumoi.core.ids import VolumeTypeId
from kumoi.core.policy import allow
from kumoi.core.volume_types import Encryption, VolumeType


def specs(house: House, call: Call, type_id: VolumeTypeId) -> dict[str, str]:
    """All of them, for those who may change them."""
    allow(call, "volume_type.update")
    return house.store.read(lambda tx: by_id(tx, type_id)).extra_specs


def put_specs(house: House, call: Call, type_id: VolumeTypeId, specs: dict[str, str]) -> VolumeType:
    """Set these extra specs; the others stay."""
    return _changed(house, call, type_id, lambda now: replace(now, extra_specs={**now.extra_specs, **specs}))


def drop_spec(house: House, call: Call, type_id: VolumeTypeId, key: str) -> VolumeType:
    """NotFound when the type has no such spec."""

    def without(now: VolumeType) -> VolumeType:
        if key not in now.extra_specs:
            raise NotFound("storage", kind="extra_spec", id=key)
        return replace(now, extra_specs={k: v for k, v in now.extra_specs.items() if k != key})

    return _changed(house, call, type_id, without)


def encryption(house: House, call: Call, type_id: VolumeTypeId) -> Encryption | None:
    allow(call, "volume_type.update")
    return house.store.read(lambda tx: by_id(tx, type_id)).encryption


def encrypt(house: House, call: Call, type_id: VolumeTypeId, wish: Encryption) -> Encryption:
    """The wish's id is not looked at. Taken when the type has one."""
    made = replace(wish, id=house.chance.uuid(), created_at=call.now)

    def with_it(now: VolumeType) -> VolumeType:
        if now.encryption is not None:
            raise Taken("storage", kind="encryption", name=now.encryption.id)
        return replace(now, encryption=made)

    _changed(house, call, type_id, with_it)
    return made


def change_encryption(
    house: House, call: Call, type_id: VolumeTypeId, encryption_id: str, change: Callable[[Encryption], Encryption]
) -> Encryption:
    """NotFound when the type's is not this one."""

    def changed(now: VolumeType) -> VolumeType:
        return replace(now, encryption=replace(change(_its(now, encryption_id)), updated_at=call.now))

    return _its(_changed(house, call, type_id, changed), encryption_id)


def drop_encryption(house: House, call: Call, type_id: VolumeTypeId, encryption_id: str) -> None:
    """NotFound when the type's is not this one."""

    def without(now: VolumeType) -> VolumeType:
        _its(now, encryption_id)
        return replace(now, encryption=None)

    _changed(house, call, type_id, without)


def _its(of: VolumeType, encryption_id: str) -> Encryption:
    if of.encryption is None or of.encryption.id != encryption_id:
        raise NotFound("storage", kind="encryption", id=encryption_id)
    return of.encryption


def _changed(house: House, call: Call, type_id: VolumeTypeId, change: Callable[[VolumeType], VolumeType]) -> VolumeType:
    """InUse while there are volumes of the type: they were made by what it says now."""
    allow(call, "volume_type.update")

    def write(tx: Transaction) -> VolumeType:
        check_unused(tx, type_id)
        return save(tx, house, call, change(by_id(tx, type_id)))

    return house.store.write(write)
