"""Which pool keeps a volume, and why none does."""

import pytest

from kumoi.core.hosts import Capacity, Host
from kumoi.core.ids import HostId, PoolId
from kumoi.core.storage_pools import StoragePool, host_of, name_of, pool_id
from kumoi.planning.volumes import PoolRoom, VolumeWanted, candidates, dropped_by, refusal

NOW = 1000.0
HERE = HostId("h1")


def room(name: str = "files", host: HostId = HERE, free: int | None = 10, **more: object) -> PoolRoom:
    seen_at = float(str(more.pop("seen_at", NOW)))
    enabled = bool(more.pop("enabled", True))
    pool = StoragePool(id=pool_id(host, name), host_id=host, name=name, driver="files", total_gib=10)
    changed = {k: v for k, v in more.items() if k in {"offered", "capabilities"}}
    for field, value in changed.items():
        pool = StoragePool(**{**{f: getattr(pool, f) for f in pool.__struct_fields__}, field: value})
    capacity = Capacity(vcpus=1, memory_mib=1, disk_gib=1)
    owner = Host(id=host, name=str(host), capacity=capacity, seen_at=seen_at, enabled=enabled)
    return PoolRoom(pool=pool, host=owner, free_gib=free)


def test_a_pool_is_named_by_its_host_and_its_name() -> None:
    assert pool_id(HERE, "fast") == "h1/fast"
    assert (host_of(PoolId("h1/fast")), name_of(PoolId("h1/fast"))) == (HERE, "fast")


def test_the_roomiest_comes_first_and_the_unbounded_before_all() -> None:
    rooms = [room("a", free=5), room("b", free=9), room("c", free=None), room("d", free=1)]
    assert candidates(rooms, VolumeWanted(size_gib=2), NOW) == ["h1/c", "h1/b", "h1/a"]


@pytest.mark.parametrize(
    ("one", "wanted", "why"),
    [
        (room(), VolumeWanted(size_gib=11), "free_gib"),
        (room(), VolumeWanted(size_gib=1, pool_id=PoolId("h2/files")), "source_pool"),
        (room(), VolumeWanted(size_gib=1, host_id=HostId("h2")), "instance_host"),
        (room(offered=False), VolumeWanted(size_gib=1), "not_offered"),
        (room(enabled=False), VolumeWanted(size_gib=1), "disabled"),
        (room(enabled=False), VolumeWanted(size_gib=1, host_id=HERE), None),  # the instance is there already
        (room(seen_at=0.0), VolumeWanted(size_gib=1), "not_up"),
        (room(), VolumeWanted(size_gib=1, specs={"volume_backend_name": "fast"}), "capabilities"),
        (room("fast"), VolumeWanted(size_gib=1, specs={"volume_backend_name": "fast"}), None),
        (room(), VolumeWanted(size_gib=1, specs={"capabilities:snapshots": "<is> True"}), "capabilities"),
        (room(capabilities=("snapshots",)), VolumeWanted(size_gib=1, specs={"snapshots": "<is> True"}), None),
        (
            room(capabilities=("snapshots",)),
            VolumeWanted(size_gib=1, specs={"snapshots": "<is> False"}),
            "capabilities",
        ),
        (room(), VolumeWanted(size_gib=1, specs={"multiattach": "<is> True"}), None),  # of no pool's concern
    ],
)
def test_what_drops_a_pool(one: PoolRoom, wanted: VolumeWanted, why: str | None) -> None:
    assert dropped_by(one, wanted, NOW) == why


def test_a_refusal_counts_the_filters_and_says_what_would_fit() -> None:
    facts = refusal([room("a", free=3), room("b", free=4), room("c", offered=False)], VolumeWanted(size_gib=5), NOW)
    assert facts == {
        "pools": 3,
        "dropped": ["free_gib:2", "not_offered:1"],
        "wanted_gib": 5,
        "would_fit": ["free_gib:4"],
    }
