"""The series of what was purged go too: seen by comparing, so that a crash in between leaves nothing behind."""

from functools import partial

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.ids import InstanceId

PAGE = 500


def forget_purged(house: House) -> int:
    """Forget the series of every instance that has no row any more; returns of how many."""
    kept = sorted(house.series.instances())
    gone: set[InstanceId] = set()
    for start in range(0, len(kept), PAGE):
        page = tuple(kept[start : start + PAGE])
        gone |= set(page) - house.store.read(partial(_there, ids=page))
    if gone:
        house.series.forget(gone)
    return len(gone)


def _there(tx: Transaction, ids: tuple[InstanceId, ...]) -> set[InstanceId]:
    return {one.id for one in tx.instances.many(ids)}
