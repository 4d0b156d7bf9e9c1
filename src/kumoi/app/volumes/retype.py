"""Retype: another type for a volume that stays where it is."""

from typing import Literal

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read, types
from kumoi.app.volumes.acting import change, check
from kumoi.app.volumes.amounts import move_type
from kumoi.app.volumes.create import pool_rooms
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported, WrongState
from kumoi.core.ids import VolumeId
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume
from kumoi.planning.volumes import VolumeWanted, dropped_by

Policy = Literal["never", "on-demand"]


def retype(house: House, call: Call, volume_id: VolumeId, id_or_name: str, policy: Policy) -> read.VolumeView:
    """Raises NotFound, WrongState, Invalid (same_type, pool_does_not_fit). Where its pool does not fit the new type
    it would have to move, `on-demand`: Unsupported."""

    def changed(tx: Transaction, volume: Volume) -> Volume:
        check(volume, "retype")
        kind = types.usable(tx, call, id_or_name)
        if kind.id == volume.type_id:
            raise Invalid("storage", field="new_type", reason="same_type", value=kind.name)
        if kind.multiattach != volume.multiattach and volume.status != "available":
            raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="retype")
        if not _stays(tx, volume, kind.extra_specs, call.now):
            if policy == "on-demand":
                raise Unsupported("storage", what="volume_migration")
            raise Invalid("storage", field="new_type", reason="pool_does_not_fit", value=kind.name)
        move_type(tx, volume, kind.id)
        return replace(volume, type_id=kind.id, multiattach=kind.multiattach)

    return change(house, call, volume_id, "retype", changed)


def _stays(tx: Transaction, volume: Volume, specs: dict[str, str], now: float) -> bool:
    """Whether its own pool is such as the type asks for; it has room there already."""
    if volume.pool_id is None:
        return False
    wanted = VolumeWanted(size_gib=0, pool_id=volume.pool_id, host_id=host_of(volume.pool_id), specs=specs)
    return any(dropped_by(room, wanted, now) is None for room in pool_rooms(tx, host_of(volume.pool_id)))
