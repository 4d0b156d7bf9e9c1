"""Which pool keeps a new volume: candidates in order, or why there are none. Pure.

The claim itself is made by the caller inside its transaction, candidate by candidate.
"""

import msgspec

from kumoi.core.conditions import Facts
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId, PoolId
from kumoi.core.storage_pools import StoragePool, words

BACKEND = "volume_backend_name"
CAPABILITIES = "capabilities:"
# Words of extra specs that say something to other parts than the choice of a pool.
_NOT_ASKED = ("multiattach", "RESKEY:", "replication_enabled", "provisioning:")


class PoolRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A pool, its host, and how much may still be promised of it (None: nothing bounds it)."""

    pool: StoragePool
    host: Host
    free_gib: int | None


class VolumeWanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a volume asks of a pool. `pool_id`: what it is made of lies there; `host_id`: an instance there needs it.
    `specs`: its type's extra specs."""

    size_gib: int
    pool_id: PoolId | None = None
    host_id: HostId | None = None
    specs: dict[str, str] = {}


def dropped_by(room: PoolRoom, wanted: VolumeWanted, now: float) -> str | None:
    """The name of the filter that drops this pool, or None when it fits."""
    if wanted.pool_id is not None and room.pool.id != wanted.pool_id:
        return "source_pool"
    if wanted.host_id is not None and room.host.id != wanted.host_id:
        return "instance_host"
    if not room.pool.offered:
        return "not_offered"
    if not room.host.enabled and wanted.host_id is None and wanted.pool_id is None:
        return "disabled"
    if state(room.host, now) != "up":
        return "not_up"
    if not offers(room.pool, wanted.specs):
        return "capabilities"
    if room.free_gib is not None and room.free_gib < wanted.size_gib:
        return "free_gib"
    return None


def offers(pool: StoragePool, specs: dict[str, str]) -> bool:
    """Whether it is the backend that is named, and has every capability that is asked for (`<is> True`)."""
    said = words(pool)
    for key, value in specs.items():
        if key in said:
            if value not in {said[key], *((pool.driver,) if key == BACKEND else ())}:
                return False
        elif not key.startswith(_NOT_ASKED):
            word = key.removeprefix(CAPABILITIES)
            wished = value.removeprefix("<is>").strip().lower() not in {"false", "0", "no"}
            if (word in pool.capabilities) != wished:
                return False
    return True


def candidates(rooms: list[PoolRoom], wanted: VolumeWanted, now: float) -> list[PoolId]:
    """Pools that fit, the roomiest first."""
    fitting = [room for room in rooms if dropped_by(room, wanted, now) is None]
    fitting.sort(key=lambda room: (-(room.free_gib if room.free_gib is not None else 1 << 62), room.pool.id))
    return [room.pool.id for room in fitting]


def refusal(rooms: list[PoolRoom], wanted: VolumeWanted, now: float) -> Facts:
    """Why nothing fits: how many pools each filter dropped, and what would fit."""
    drops: dict[str, int] = {}
    for room in rooms:
        name = dropped_by(room, wanted, now) or "taken_meanwhile"
        drops[name] = drops.get(name, 0) + 1
    facts: Facts = {
        "pools": len(rooms),
        "dropped": [f"{name}:{count}" for name, count in sorted(drops.items())],
        "wanted_gib": wanted.size_gib,
    }
    full = [room for room in rooms if dropped_by(room, wanted, now) == "free_gib"]
    free = [room.free_gib for room in full if room.free_gib is not None]
    if free:
        facts["would_fit"] = [f"free_gib:{max(free)}"]
    return facts
