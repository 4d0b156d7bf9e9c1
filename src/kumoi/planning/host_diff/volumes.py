"""What to do about one volume or one snapshot on the host that keeps it: wish and sight in, an act and a condition out.

A volume in a guest is never removed, nor written by anybody but that guest: it is frozen and made larger through it.
What something that does not stand yet is to be made of stays until then, whatever the plan says. What does not belong
here: doing it, and the guests' side of plugging (`disks`).
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final

import msgspec
from msgspec.structs import replace

from kumoi.core.conditions import Blocked, Condition, Ready, Working
from kumoi.core.disks import Export, SnapshotEntry, VolumeEntry
from kumoi.core.ids import InstanceId, SnapshotId, VolumeId


class Ensure(msgspec.Struct, frozen=True):
    """Make it, or make it larger where no guest has it."""

    entry: VolumeEntry


class Resize(msgspec.Struct, frozen=True):
    """Make it larger in the guest that has it."""

    entry: VolumeEntry
    instance_id: InstanceId


class Freeze(msgspec.Struct, frozen=True):
    """In one act, through the guests that have the volumes: `guests` by those volumes."""

    snapshots: tuple[SnapshotEntry, ...]
    guests: Mapping[VolumeId, InstanceId]


class RemoveVolume(msgspec.Struct, frozen=True):
    volume_id: VolumeId
    pool: str


class RemoveSnapshot(msgspec.Struct, frozen=True):
    snapshot_id: SnapshotId
    pool: str


class Flatten(msgspec.Struct, frozen=True):
    """Make it stand alone, in the guest that has it or (None) where nobody has."""

    volume_id: VolumeId
    pool: str
    instance_id: InstanceId | None


class Offer(msgspec.Struct, frozen=True):
    """Let these reach it from other hosts, and nobody else: with none it is held here no more."""

    volume_id: VolumeId
    pool: str
    exports: tuple[Export, ...] = ()


VolumeAct = Ensure | Resize | Freeze | Flatten | RemoveVolume | RemoveSnapshot | Offer
DEEPEST: Final = 16  # every file more is one more to look into, and to keep open


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A volume that is there: its pool, its size as a guest sees it, on how much it stands, its content's number."""

    pool: str
    size_gib: int
    depth: int = 1
    number: int = 0


class VolumeScene(msgspec.Struct, frozen=True, kw_only=True):
    """What the host keeps, what it is to keep, and which guests have it.

    `asleep`: volumes of guests whose memory is on disk: what they hold is not to be touched at all, and nobody can be
    asked. `offered`: those that other hosts reach, and as which users; None where this host can offer none."""

    pools: Set[str]
    volumes: Mapping[VolumeId, Standing]
    snapshots: Mapping[SnapshotId, str]
    guests: Mapping[VolumeId, InstanceId]
    asleep: Set[VolumeId] = frozenset()
    offered: Mapping[VolumeId, Set[str]] | None = None
    wished: Mapping[VolumeId, VolumeEntry] = msgspec.field(default_factory=dict)
    wished_snapshots: Mapping[SnapshotId, SnapshotEntry] = msgspec.field(default_factory=dict)


class VolumeDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`act` None with a condition that is not Ready: something else has to happen first."""

    condition: Condition
    act: VolumeAct | None = None


READY = VolumeDecision(condition=Ready())


def own_freeze(volume: VolumeId) -> SnapshotId:
    """The name of what a volume that is made of another one is made of, for as long as that takes."""
    return SnapshotId(volume)


def volume(entry: VolumeEntry, scene: VolumeScene) -> VolumeDecision:
    """For an entry that is present."""
    there = scene.volumes.get(entry.id)
    if there is None:
        return _missing(entry, scene)
    if (pool := scene.snapshots.get(own_freeze(entry.id))) is not None:
        return VolumeDecision(condition=Ready(), act=RemoveSnapshot(own_freeze(entry.id), pool))
    if there.number < entry.number:
        return _replace(entry, scene)
    if (offer := _offer(entry, there, scene)) is not None:
        return offer
    if there.size_gib >= entry.size_gib:
        return _flatten(entry, there, scene)
    if _reached(entry.id, scene):
        return _elsewhere(entry.id)
    if entry.id in scene.asleep:
        return _asleep(entry.id)
    growing = Working(code="growing_volume", facts={"size_gib": entry.size_gib})
    if (guest := scene.guests.get(entry.id)) is not None:
        return VolumeDecision(condition=growing, act=Resize(entry, guest))
    return VolumeDecision(condition=growing, act=Ensure(entry))


def snapshot(entry: SnapshotEntry, scene: VolumeScene) -> VolumeDecision:
    """For an entry that is present: with all of its moment."""
    if entry.id in scene.snapshots:
        return READY
    wished = scene.wished_snapshots.values() if entry.moment else (entry,)
    moment = [one for one in wished if (one.moment, one.pool) == (entry.moment, entry.pool)]
    together = [one for one in moment if one.id not in scene.snapshots]
    return _freeze(together, scene)


def frozen(entry: VolumeEntry, name: SnapshotId, scene: VolumeScene) -> VolumeDecision:
    """For a volume that somebody is to read in peace, by a snapshot of this name."""
    if name in scene.snapshots:
        return READY
    return _freeze([SnapshotEntry(id=name, volume_id=entry.id, pool=entry.pool)], scene)


def absent_volume(volume_id: VolumeId, scene: VolumeScene) -> VolumeDecision:
    """For an entry that the plan says is absent. Ready: it is."""
    if (pool := scene.snapshots.get(own_freeze(volume_id))) is not None:
        return VolumeDecision(condition=Working(code="removing"), act=RemoveSnapshot(own_freeze(volume_id), pool))
    there = scene.volumes.get(volume_id)
    if there is None:
        return READY
    if _reached(volume_id, scene):
        return VolumeDecision(condition=Working(code="removing"), act=Offer(volume_id, there.pool))
    if volume_id in scene.asleep:
        return _asleep(volume_id)
    if (guest := scene.guests.get(volume_id)) is not None:
        return VolumeDecision(condition=Working(code="volume_in_guest", facts={"instance": guest}))
    needed = [one.id for one in _to_be_made(scene) if one.source_id == volume_id and not _has_freeze(one, scene)]
    frozen = [s.id for s in scene.wished_snapshots.values() if s.volume_id == volume_id and s.id not in scene.snapshots]
    if needed or frozen:
        return VolumeDecision(condition=Working(code="volume_needed", facts={"by": sorted([*needed, *frozen])}))
    return VolumeDecision(condition=Working(code="removing"), act=RemoveVolume(volume_id, there.pool))


def absent_snapshot(snapshot_id: SnapshotId, scene: VolumeScene) -> VolumeDecision:
    """As `absent_volume`."""
    pool = scene.snapshots.get(snapshot_id)
    if pool is None:
        return READY
    needed = sorted(str(one.id) for one in _to_be_made(scene) if one.snapshot_id == snapshot_id)
    if needed:
        return VolumeDecision(condition=Working(code="volume_needed", facts={"by": needed}))
    return VolumeDecision(condition=Working(code="removing"), act=RemoveSnapshot(snapshot_id, pool))


def strays(scene: VolumeScene, named: Set[str]) -> list[tuple[str, str]]:
    """What stands there in our name and in no plan. `named`: entry ids. What a volume is being made of is its own."""
    volumes = [("volume", str(one)) for one in scene.volumes if f"volume/{one}" not in named]
    snapshots = [
        ("snapshot", str(one))
        for one in scene.snapshots
        if f"snapshot/{one}" not in named and f"volume/{one}" not in named
    ]
    return sorted([*volumes, *snapshots])


def _missing(entry: VolumeEntry, scene: VolumeScene) -> VolumeDecision:
    if entry.pool not in scene.pools:
        return VolumeDecision(condition=Blocked(code="no_pool", facts={"pool": entry.pool}))
    if entry.source_id is not None and not _has_freeze(entry, scene):
        own = SnapshotEntry(id=own_freeze(entry.id), volume_id=entry.source_id, pool=entry.pool)
        return _freeze([own], scene)
    if entry.source_id is not None:
        entry = replace(entry, source_id=None, snapshot_id=own_freeze(entry.id))
    if entry.snapshot_id is not None and entry.snapshot_id not in scene.snapshots:
        return VolumeDecision(condition=Working(code="waiting_for_snapshot", facts={"snapshot": entry.snapshot_id}))
    return VolumeDecision(condition=Working(code="making_volume"), act=Ensure(entry))


def _replace(entry: VolumeEntry, scene: VolumeScene) -> VolumeDecision:
    """Nothing of what it held stays; so nobody may have it meanwhile."""
    if _reached(entry.id, scene):
        return VolumeDecision(condition=Working(code="closing_volume"), act=Offer(entry.id, entry.pool))
    if entry.id in scene.asleep:
        return _asleep(entry.id)
    if (guest := scene.guests.get(entry.id)) is not None:
        return VolumeDecision(condition=Working(code="volume_in_guest", facts={"instance": guest}))
    return _missing(entry, scene)


def _offer(entry: VolumeEntry, there: Standing, scene: VolumeScene) -> VolumeDecision | None:
    """What is to be done about who reaches it from elsewhere; None: nothing. Whoever has it here comes out first, so
    that no two ever write it."""
    wanted = frozenset(one.user for one in entry.exports)
    if scene.offered is None:
        return VolumeDecision(condition=Blocked(code="no_exporter")) if wanted else None
    if entry.id not in scene.offered and not wanted:
        return None
    if wanted and scene.offered.get(entry.id) == wanted:
        return None
    if wanted and (guest := scene.guests.get(entry.id)) is not None:
        return VolumeDecision(condition=Working(code="volume_in_guest", facts={"instance": guest}))
    if wanted and entry.id in scene.asleep:
        return _asleep(entry.id)
    code = "offering_volume" if wanted else "closing_volume"
    return VolumeDecision(condition=Working(code=code), act=Offer(entry.id, there.pool, entry.exports))


def _flatten(entry: VolumeEntry, there: Standing, scene: VolumeScene) -> VolumeDecision:
    """Nobody waits for it: it is ready all the while."""
    if there.depth <= DEEPEST or entry.id in scene.asleep or _reached(entry.id, scene):
        return READY
    return VolumeDecision(condition=Ready(), act=Flatten(entry.id, there.pool, scene.guests.get(entry.id)))


def _freeze(snapshots: list[SnapshotEntry], scene: VolumeScene) -> VolumeDecision:
    volumes = sorted({one.volume_id for one in snapshots})
    if missing := [str(one) for one in volumes if one not in scene.volumes]:
        return VolumeDecision(condition=Working(code="waiting_for_volume", facts={"volumes": missing}))
    if asleep := [one for one in volumes if one in scene.asleep]:
        return _asleep(asleep[0])
    if reached := [one for one in volumes if _reached(one, scene)]:
        return _elsewhere(reached[0])
    guests = {one: scene.guests[one] for one in volumes if one in scene.guests}
    return VolumeDecision(condition=Working(code="freezing_volume"), act=Freeze(tuple(snapshots), guests))


def _asleep(volume_id: VolumeId) -> VolumeDecision:
    return VolumeDecision(condition=Working(code="volume_asleep", facts={"volume": volume_id}))


def _reached(volume_id: VolumeId, scene: VolumeScene) -> bool:
    return scene.offered is not None and volume_id in scene.offered


def _elsewhere(volume_id: VolumeId) -> VolumeDecision:
    """A guest of another host has it, and cannot be asked from here."""
    return VolumeDecision(condition=Working(code="volume_elsewhere", facts={"volume": volume_id}))


def _to_be_made(scene: VolumeScene) -> Iterable[VolumeEntry]:
    """Also those whose content is to be another one."""
    for one in scene.wished.values():
        there = scene.volumes.get(one.id)
        if there is None or there.number < one.number:
            yield one


def _has_freeze(entry: VolumeEntry, scene: VolumeScene) -> bool:
    return own_freeze(entry.id) in scene.snapshots
