"""Recomputes what is kept for speed, and says where it differs: the status projection and the counters' sums."""

from functools import partial

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes.writing import project_volume
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.core.instances import status_of
from kumoi.core.query import Order, Query, alive
from kumoi.core.volumes import status_of as status_of_volume

PAGE = 500


def mend_statuses(house: House) -> int:
    """Correct every projected status that does not follow from its inputs; returns how many there were (0 is
    health)."""
    wrong, marker = 0, None
    while True:
        query = Query(filters=(alive(),), order=(Order("id"),), marker=marker, limit=PAGE)
        page = house.store.read(partial(_wrong, query=query))
        for instance_id in page[0]:
            wrong += house.store.write(partial(_mend, instance_id=instance_id, now=house.clock.now()))
        if page[1] is None:
            return wrong
        marker = page[1]


def mend_volumes(house: House) -> int:
    """The same of volumes, whose status follows from what is seen of them and of the guests that have them."""
    now, wrong = house.clock.now(), house.store.read(_wrong_volumes)
    return sum(house.store.write(partial(_mend_volume, volume_id=one, now=now)) for one in wrong)


def _wrong_volumes(tx: Transaction) -> list[VolumeId]:
    held: dict[str, list[Attachment]] = {}
    for one in tx.attachments.find(Query()):
        held.setdefault(one.volume_id, []).append(one)
    seen = {o.id: o for o in tx.volume_observations.find(Query())}
    living = tx.volumes.find(Query(filters=(alive(),)))
    return [v.id for v in living if status_of_volume(v, seen.get(v.id), held.get(v.id, ())) != v.status]


def _mend_volume(tx: Transaction, volume_id: VolumeId, now: float) -> int:
    volume = tx.volumes.get(volume_id)
    after = project_volume(tx, volume, now) if volume is not None else None
    if after is None or after is volume:
        return 0
    tx.volumes.save(after)
    return 1


def _wrong(tx: Transaction, query: Query) -> tuple[list[InstanceId], InstanceId | None]:
    page = tx.instances.find(query)
    seen = {o.id: o for o in tx.observations.many(tuple(i.id for i in page))}
    wrong = [i.id for i in page if status_of(i, seen.get(i.id)) != i.status]
    return wrong, page[-1].id if len(page) == PAGE else None


def _mend(tx: Transaction, instance_id: InstanceId, now: float) -> int:
    one = tx.instances.get(instance_id)
    if one is None:
        return 0
    status = status_of(one, tx.observations.get(instance_id))
    if status == one.status:
        return 0
    tx.instances.save(replace(one, status=status, status_changed_at=now))
    return 1
