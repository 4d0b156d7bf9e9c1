"""Looking at storage pools, and at what they keep: for operators."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.hosts import Host
from kumoi.core.ids import PoolId
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive
from kumoi.core.storage_pools import StoragePool, pool_scope
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume


class PoolView(msgspec.Struct, frozen=True, kw_only=True):
    """A pool, its host, and what volumes were promised of it, in GiB."""

    pool: StoragePool
    host: Host
    promised_gib: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept in one pool, whoever's it is."""

    volumes: tuple[Volume, ...] = ()
    snapshots: tuple[VolumeSnapshot, ...] = ()


def find(house: House, call: Call) -> list[PoolView]:
    """Those that hosts offer, by the names of hosts and pools."""
    allow(call, "host.read")

    def read(tx: Transaction) -> list[PoolView]:
        used = {c.scope: c.used for c in tx.counters.under("pool/") if c.resource == "disk_gib"}
        hosts = {host.id: host for host in tx.hosts.find(Query())}
        return [
            PoolView(pool=pool, host=hosts[pool.host_id], promised_gib=used.get(pool_scope(pool.id), 0))
            for pool in tx.storage_pools.find(Query())
            if pool.offered and pool.host_id in hosts
        ]

    return sorted(house.store.read(read), key=lambda view: (view.host.name, view.pool.name))


def kept(house: House, call: Call) -> dict[PoolId, Kept]:
    """By pool; those that keep nothing are left out."""
    allow(call, "host.read")

    def read(tx: Transaction) -> tuple[list[Volume], list[VolumeSnapshot]]:
        living = Query(filters=(alive(),))
        return tx.volumes.find(living), tx.volume_snapshots.find(living)

    volumes, snapshots = house.store.read(read)
    pools = {p for p in (*(v.pool_id for v in volumes), *(s.pool_id for s in snapshots)) if p is not None}
    return {
        pool: Kept(
            volumes=tuple(v for v in volumes if v.pool_id == pool),
            snapshots=tuple(s for s in snapshots if s.pool_id == pool),
        )
        for pool in pools
    }
