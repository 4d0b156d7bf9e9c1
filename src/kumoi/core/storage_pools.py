"""Storage pools: where hosts keep volumes. What a host offers is told at its hello, how full it is by
its counter."""

import msgspec

from kumoi.core.ids import HostId, PoolId

DEFAULT_POOL = "files"
VENDOR = "Open Source"  # as Cinder says of what it ships itself
VERSION = "1.0"


class StoragePool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool of one host (writer: its hello). `offered` False: the host came back without it; what is in it stays.

    `capabilities`: words of its driver, which volume types may ask for. `portal`: where other hosts reach what is in
    it; empty: nowhere.
    """

    id: PoolId
    host_id: HostId
    name: str
    driver: str
    total_gib: int
    capabilities: tuple[str, ...] = ()
    portal: str = ""
    offered: bool = True
    created_at: float = 0.0


def pool_id(host_id: HostId, name: str) -> PoolId:
    return PoolId(f"{host_id}/{name}")


def host_of(pool: PoolId) -> HostId:
    return HostId(pool.partition("/")[0])


def name_of(pool: PoolId) -> str:
    return pool.partition("/")[2]


def words(pool: StoragePool) -> dict[str, str]:
    """What a volume type may ask of a pool beside its capabilities, by Cinder's words."""
    return {
        "volume_backend_name": pool.name,
        "vendor_name": VENDOR,
        "storage_protocol": pool.driver,
        "driver_version": VERSION,
    }


def pool_scope(pool: PoolId) -> str:
    """Its counters': `disk_gib` is what volumes were promised of it."""
    return f"pool/{pool}"
