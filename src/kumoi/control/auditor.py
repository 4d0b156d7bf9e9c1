"""Recomputes what is kept for speed, and says where it differs: the status projection and the counters' sums."""

from functools import partial

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.ids import InstanceId
from kumoi.core.instances import status_of
from kumoi.core.query import Order, Query, alive

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
