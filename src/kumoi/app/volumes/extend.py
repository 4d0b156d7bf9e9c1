"""Extend: larger, never smaller; also while a guest has it, who sees it grow."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read
from kumoi.app.volumes.acting import change, check
from kumoi.app.volumes.amounts import charge_type, check_quota_of_one
from kumoi.app.volumes.create import check_size
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.writing import attachments_of, mark_volume
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NoCapacity
from kumoi.core.ids import VolumeId
from kumoi.core.quotas import Allocation
from kumoi.core.storage_pools import pool_scope
from kumoi.core.volumes import Volume


def extend(house: House, call: Call, volume_id: VolumeId, size_gib: int) -> read.VolumeView:
    """Raises WrongState, Invalid (below_size), QuotaExceeded, NoCapacity of its pool."""

    def larger(tx: Transaction, volume: Volume) -> Volume:
        check(volume, "extend")
        check_at_home(tx, volume)
        check_size(size_gib)
        more = size_gib - volume.size_gib
        if more <= 0:
            raise Invalid("storage", field="new_size", reason="not_larger", value=size_gib, has=volume.size_gib)
        check_quota_of_one(tx, call, size_gib)
        charge(tx, volume.project_id, volume.id, gigabytes=more)
        charge_type(tx, volume.project_id, volume.id, volume.type_id, gigabytes=more)
        _take_of_pool(tx, volume, more)
        mark_volume(tx, volume.id, volume.pool_id)
        for one in attachments_of(tx, volume.id):
            if one.instance_id is not None and not one.said:
                record(tx, house, call, "instance.extend_volume", Thing("instance", one.instance_id, one.project_id))
        return replace(volume, size_gib=size_gib)

    return change(house, call, volume_id, "extend", larger)


def _take_of_pool(tx: Transaction, volume: Volume, more: int) -> None:
    """What it holds is there, so no other pool will do."""
    assert volume.pool_id is not None, "a volume that stands has a pool"
    scope = pool_scope(volume.pool_id)
    if not tx.counters.take(Allocation(consumer=volume.id, provider=scope, resource="disk_gib", amount=more)):
        counter = tx.counters.get(scope, "disk_gib")
        free = max(0, counter.most - counter.used) if counter is not None else 0
        raise NoCapacity(
            "storage", reason="pools", pools=1, dropped=["free_gib:1"], wanted_gib=more, would_fit=[f"free_gib:{free}"]
        )
