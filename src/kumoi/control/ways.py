"""The ways from guests to their volumes: in the host's own pool, or over the network to the host that keeps it.

Both ends are worked out here from the same rows, so that they agree: what the keeper is told to let in, and what the
guest's host is told to show. What does not belong here: whether there is a way (app.volumes.reach).
"""

from collections.abc import Iterable

from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.disks import Export, Remote, VolumePlug
from kumoi.core.ids import HostId, PoolId
from kumoi.core.query import Order, Query, eq, is_in
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume
from kumoi.planning.sections.volumes import export, plug, remote


def plugs(tx: Transaction, found: Iterable[tuple[Attachment, Volume]], home: HostId) -> tuple[VolumePlug, ...]:
    """Of one guest on the host `home`."""
    return tuple(
        plug(one, volume.pool_id, _way(tx, one, volume.pool_id, home))
        for one, volume in found
        if volume.pool_id is not None
    )


def exports_of(tx: Transaction, volume: Volume, pool_id: PoolId) -> tuple[Export, ...]:
    """One for each other host that has a guest with it: until that has proved that the guest let go of it."""
    told = (eq("volume_id", volume.id), eq("said", ""))
    found = tx.attachments.find(Query(filters=told, order=(Order("created_at"), Order("id"))))
    guests = tuple(one.instance_id for one in found if one.instance_id is not None)
    placed = tx.placements.find(Query(filters=(is_in("instance_id", guests),))) if guests else []
    homes: dict[str, list[HostId]] = {}
    for placement in placed:
        homes.setdefault(placement.instance_id, []).append(placement.host_id)
    keeper = host_of(pool_id)
    return tuple(
        export(one, home) for one in found for home in sorted(homes.get(one.instance_id or "", ())) if home != keeper
    )


def _way(tx: Transaction, one: Attachment, pool_id: PoolId, home: HostId) -> Remote | None:
    if host_of(pool_id) == home:
        return None
    pool, seen = tx.storage_pools.get(pool_id), tx.volume_observations.get(one.volume_id)
    return remote(one, home, pool.portal if pool is not None else "", seen.exports if seen is not None else ())
