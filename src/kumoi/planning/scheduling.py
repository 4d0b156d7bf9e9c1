"""Where a new instance may live: candidates in order, or why there are none. Pure.

A host's free room comes from its counters; the claim itself is made by the caller inside its transaction, candidate by
candidate. Few hosts are sampled, all are scanned only to refuse (a scan of 1,000 costs five samples).
"""

from collections.abc import Callable

import msgspec

from kumoi.core.aggregates import OF_TENANTS, ZONE
from kumoi.core.conditions import Facts
from kumoi.core.exports import INITIATES
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId
from kumoi.planning.extra_specs import ABSENT, meets, resources_in, suits
from kumoi.planning.neighbours import Neighbours, preferred
from kumoi.planning.neighbours import dropped_by as dropped_by_neighbours

SAMPLE = 64
OWN = frozenset({"vcpus", "memory_mib", "disk_gib"})  # unbounded where a host says nothing; anything else it lacks then


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A host and what is left of it: vcpus, MiB, GiB. None: nothing bounds it. `said`: what its aggregates say of
    it."""

    host: Host
    free: dict[str, int | None]
    zone: str = ZONE
    said: dict[str, frozenset[str]] = {}
    traits: frozenset[str] = frozenset()


class Keepers(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts that keep an instance's volumes, the one first that keeps what it boots from. `alone`: those of them
    whose volumes no other host reaches."""

    hosts: tuple[HostId, ...] = ()
    alone: frozenset[HostId] = frozenset()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one instance takes of a host. `promised`: what the host has to keep for its nics; a host that promises
    nothing of it does not fit. `zone` empty: any. `specs`: its flavor's extra specs. `keepers`: of its volumes."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    zone: str = ""
    host_name: str = ""
    promised: dict[str, int] = {}
    project_id: str = ""
    specs: dict[str, str] = {}
    neighbours: Neighbours = Neighbours()
    keepers: Keepers = Keepers()

    def amounts(self) -> dict[str, int]:
        own = {"vcpus": self.vcpus, "memory_mib": self.memory_mib, "disk_gib": self.disk_gib}
        return own | resources_in(self.specs)


def dropped_by(room: Room, wanted: Wanted, now: float) -> str | None:
    """The name of the filter that drops this host, or None when it fits."""
    if wanted.host_name and room.host.name != wanted.host_name:
        return "host_name"
    if not _reaches(room.host, wanted.keepers):
        return "volumes"
    return _dropped_by_state(room, now) or _dropped_by_aggregates(room, wanted) or _dropped_by_room(room, wanted)


def _reaches(host: Host, keepers: Keepers) -> bool:
    """Whether its guests can have the volumes."""
    others = frozenset(keepers.hosts) - {host.id}
    return not others or (INITIATES in host.capabilities and not others & keepers.alone)


def _dropped_by_state(room: Room, now: float) -> str | None:
    if not room.host.enabled:
        return "disabled"
    return None if state(room.host, now) == "up" else "not_up"


def _dropped_by_aggregates(room: Room, wanted: Wanted) -> str | None:
    if wanted.zone and room.zone != wanted.zone:
        return "zone"
    tenants = room.said.get(OF_TENANTS, ABSENT)
    if tenants and wanted.project_id not in tenants:
        return "other_tenants"
    if not suits(wanted.specs, room.traits):
        return "traits"
    return None if meets(wanted.specs, room.said) else "extra_specs"


def _dropped_by_room(room: Room, wanted: Wanted) -> str | None:
    found = dropped_by_neighbours(room.host.id, wanted.neighbours)
    if found is not None:
        return found
    for resource, amount in wanted.amounts().items():
        free = room.free.get(resource, None if resource in OWN else 0)
        if free is not None and free < amount:
            return resource
    for resource, amount in wanted.promised.items():
        free = room.free.get(resource, 0)
        if free is not None and free < amount:
            return resource
    return None


def candidates(rooms: list[Room], wanted: Wanted, now: float, below: Callable[[int], int]) -> list[HostId]:
    """Hosts that fit, those first that keep its volumes, then the roomiest in memory, out of a sample with the keepers;
    out of all when it has none.

    `below(n)` gives a random number under n.
    """
    sample = rooms
    if len(rooms) > SAMPLE:
        start = below(len(rooms))
        step = len(rooms) // SAMPLE
        sample = [rooms[(start + i * step) % len(rooms)] for i in range(SAMPLE)]
        known = {room.host.id for room in sample}
        sample += [r for r in rooms if r.host.id in wanted.keepers.hosts and r.host.id not in known]
    fitting = [r for r in sample if dropped_by(r, wanted, now) is None]
    if not fitting and len(sample) < len(rooms):
        fitting = [r for r in rooms if dropped_by(r, wanted, now) is None]
    rank = {host_id: number for number, host_id in enumerate(wanted.keepers.hosts)}
    fitting.sort(key=lambda r: (rank.get(r.host.id, len(rank)), -(r.free.get("memory_mib") or 0)))
    return preferred((r.host.id for r in fitting), wanted.neighbours)


def how_many(rooms: list[Room], wanted: Wanted, now: float, most: int) -> int:
    """How many instances of a kind fit, up to `most`."""
    found = 0
    for room in rooms:
        if found >= most:
            break
        if dropped_by(room, wanted, now) is None:
            each = {**wanted.amounts(), **wanted.promised}
            bounds = [free // n for r, n in each.items() if n and (free := room.free.get(r)) is not None]
            found += min(bounds, default=most)
    return min(found, most)


def refusal(rooms: list[Room], wanted: Wanted, now: float) -> Facts:
    """Why nothing fits: how many hosts each filter dropped, the nearest miss, and what would fit there."""
    drops: dict[str, int] = {}
    for room in rooms:
        name = dropped_by(room, wanted, now) or "taken_meanwhile"
        drops[name] = drops.get(name, 0) + 1
    facts: Facts = {
        "hosts": len(rooms),
        "dropped": [f"{name}:{count}" for name, count in sorted(drops.items())],
        **{f"wanted_{k}": v for k, v in (wanted.amounts() | wanted.promised).items()},
    }
    usable = [r for r in rooms if r.host.enabled and state(r.host, now) == "up"]
    if usable:
        best = max(usable, key=lambda r: r.free.get("memory_mib") or 0)
        facts["nearest"] = best.host.name
        asked = wanted.amounts() | wanted.promised
        facts["would_fit"] = [f"{k}:{v}" for k, v in best.free.items() if v is not None and k in asked]
    return facts
