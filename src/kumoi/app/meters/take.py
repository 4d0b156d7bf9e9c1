"""Hosts tell what they measured. Nothing is written to the truth, and nobody waits for a disk."""

from collections.abc import Sequence

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.meters import Samples, in_our_order
from kumoi.core.query import Query, is_in

PAGE = 500


def take_samples(house: House, told: Sequence[Samples]) -> tuple[HostId, ...]:
    """Take the points of instances that are placed on the host that tells them.

    Returns the hosts whose session is not the current one: theirs are dropped.
    """
    now = house.clock.now()
    sessions, placed = house.store.read(lambda tx: (_sessions(tx, told), _placed(tx, told)))
    stale = []
    for samples in told:
        if sessions.get(samples.host_id) != samples.session:
            stale.append(samples.host_id)
            continue
        points = in_our_order(samples)
        house.series.add((p for p in points if (p.instance_id, samples.host_id) in placed), now)
    return tuple(stale)


def _sessions(tx: Transaction, told: Sequence[Samples]) -> dict[HostId, str]:
    return {host.id: host.session for host in tx.hosts.many(tuple(samples.host_id for samples in told))}


def _placed(tx: Transaction, told: Sequence[Samples]) -> set[tuple[InstanceId, HostId]]:
    ids = sorted({point.instance_id for samples in told for point in samples.points})
    found: set[tuple[InstanceId, HostId]] = set()
    for start in range(0, len(ids), PAGE):
        query = Query(filters=(is_in("instance_id", tuple(ids[start : start + PAGE])),))
        found |= {(one.instance_id, one.host_id) for one in tx.placements.find(query)}
    return found
