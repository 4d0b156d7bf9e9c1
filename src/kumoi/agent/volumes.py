"""The volumes and snapshots that this host keeps: for each one decide, act, look again.

Whoever is at a volume holds it: no guest is started on it, given it, or asked for it meanwhile. What does not belong
here: what to do (planning.host_diff.volumes), plugging (guests), and how anything is done (drivers).
"""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Final

from msgspec.structs import replace

from kumoi.agent.hands import Hands
from kumoi.agent.moments import Moments
from kumoi.agent.scene import Machines, Offered
from kumoi.agent.section import Section
from kumoi.agent.tries import Tries
from kumoi.agent.turns import Turns
from kumoi.contracts.compute import MachineDisk
from kumoi.contracts.volumes import Stock, VolumePool, VolumeSight
from kumoi.core.conditions import Condition, Ready, Working, same_reason
from kumoi.core.disks import Export, SeenSnapshot, SeenVolume, SnapshotEntry, VolumeEntry, VolumePlug
from kumoi.core.errors import KumoiError, NotFound, Unavailable
from kumoi.core.ids import SnapshotId, VolumeId
from kumoi.core.plan import InstanceEntry, Stray, entry_id
from kumoi.planning.host_diff import volumes as diff
from kumoi.planning.host_diff.disks import DiskGates
from kumoi.planning.host_diff.volumes import (
    Ensure,
    Flatten,
    Freeze,
    Offer,
    RemoveSnapshot,
    RemoveVolume,
    Resize,
    Standing,
    VolumeAct,
    VolumeDecision,
    VolumeScene,
)
from kumoi.runtime import log

KINDS: Final = ("volume/", "snapshot/")
ROUNDS: Final = 4
AGAIN_S: Final = 1.0
WAIT_S: Final = 5.0
AT_ONCE: Final = 2  # a volume of an image may be a whole disk to fetch
USED_STEP_BYTES: Final = 64 << 20
WAITS: Final = frozenset(
    {
        "waiting_for_volume",
        "waiting_for_snapshot",
        "volume_needed",
        "volume_in_guest",
        "volume_elsewhere",
        "volume_asleep",
        "volume_busy",
    }
)
LOOKING: Final = Working(code="waiting_for_host")


class Volumes:
    """`conditions` by entry id. At most one pass an entry at a time; otherwise safe for threads."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._log = log.get(part="volumes")
        self._tries = Tries(hands.clock)
        self._moments = Moments(hands)
        self._turns = Turns(AT_ONCE, lambda key: hands.loop.hint(key))
        self._known: tuple[Section, Machines, Mapping[str, Stock], Offered | None, VolumeScene] | None = None
        self.conditions: dict[str, Condition] = {}

    # --- questions of the guests' hands --------------------------------------------------------

    def gates(self, entry: InstanceEntry) -> DiskGates:
        """What keeps the volumes of an instance from going into its guest."""
        local = {plug.volume_id for plug in entry.volumes if plug.remote is None}
        if not local:
            return DiskGates()
        here = {volume for stock in self._hands.scene.stock.get().values() for volume in stock.volumes}
        guests = self._hands.scene.machines.get().guests()
        held = {volume: guests[volume] for volume in local if guests.get(volume, entry.id) != entry.id}
        reached = self._hands.scene.offered.get() or {}
        return DiskGates(lacking=local - here, held=held, reached=local & reached.keys())

    def disk(self, plug: VolumePlug) -> MachineDisk:
        """Raises NotFound where it is kept here and does not stand; Unavailable while other hosts reach it: asked by
        whoever holds the disk, so that no two guests ever write it."""
        if plug.remote is None and plug.volume_id in (self._hands.scene.offered.get() or {}):
            raise Unavailable("storage", what="volume_elsewhere", id=plug.volume_id)
        return MachineDisk(
            volume_id=plug.volume_id,
            handle=self._pool(plug.pool).handle(plug.volume_id) if plug.remote is None else "",
            slot=plug.slot,
            read_only=plug.read_only,
            boot=plug.boot,
            remote=plug.remote,
        )

    # --- for those who read one in peace -------------------------------------------------------

    def frozen(self, volume: VolumeEntry, name: SnapshotId) -> str | None:
        """The handle of the volume as it is now, or was when this was asked first; None where it cannot be had yet."""
        act = diff.frozen(volume, name, self._scene()).act
        if isinstance(act, Freeze):
            volumes = _volumes_of(act)
            if not self._hands.disks.take_all(volumes):
                return None
            try:
                if diff.frozen(volume, name, self._scene()).act == act:
                    self._do(act)
            finally:
                self._hands.disks.give_back_all(volumes)
                self._hands.scene.stock.touch()
        if (pool := self._scene().snapshots.get(name)) is None:
            return None
        return self._pool(pool).snapshot_handle(name)

    def kept(self, snapshot: SnapshotId) -> str:
        """The handle of a snapshot that the plan names. Raises NotFound."""
        if (pool := self._scene().snapshots.get(snapshot)) is None:
            raise NotFound("storage", kind="snapshot", id=snapshot)
        return self._pool(pool).snapshot_handle(snapshot)

    def let_go(self, name: SnapshotId) -> None:
        """Harmless where there is none."""
        if (pool := self._scene().snapshots.get(name)) is not None:
            self._pool(pool).remove_snapshot(name)
            self._hands.scene.stock.touch()

    # --- the pass ------------------------------------------------------------------------------

    def keys(self) -> list[str]:
        return [entry for entry in self._hands.ledger.own().entries if entry.startswith(KINDS)]

    def look_again(self) -> None:
        """Something happened that others may have been waiting for."""
        for key in self.keys():
            condition = self.conditions.get(key)
            if isinstance(condition, Working) and condition.code in WAITS:
                self._hands.loop.hint(key)

    def offered_no_more(self) -> None:
        """What others reached, they may reach no more."""
        self._hands.scene.offered.touch()
        for volume, entry in self._hands.ledger.own().volumes.items():
            if entry.exports:
                self._hands.loop.hint(entry_id("volume", volume))

    def work(self, key: str) -> None:
        """One pass: harmless at any time, also for what no plan names (it is left alone)."""
        for _ in range(ROUNDS):
            if not self._round(key):
                return
        self._hands.loop.again_in(key, AGAIN_S)

    def _round(self, key: str) -> bool:
        """Decide and act once; returns whether there may be more to do at once."""
        own = self._hands.ledger.own()
        spec = own.spec(key)
        if spec is None and not own.absent(key):
            self._forget(key)
            return False
        decision = self._decide(key)
        if spec is None and isinstance(decision.condition, Ready):
            self._hands.ledger.settle(own.key, [key])
            self._forget(key)
            return False
        if decision.act is None:
            self._tries.forget(key)
            self._tell(key, decision.condition)
            if not isinstance(decision.condition, Ready):
                self._hands.loop.again_in(key, WAIT_S)
            return False
        if (known := self._tries.waiting(key, spec)) is not None:
            self._hands.loop.again_in(key, self._tries.wait_s(known))
            self._tell(key, known.condition)
            return False
        return self._held(key, spec, decision)

    def _held(self, key: str, spec: object, decision: VolumeDecision) -> bool:
        """Act while nobody else is at any of the volumes, and only if that is still to be done then."""
        act = decision.act
        volumes = _volumes_of(act) if act is not None else set[Hashable]()
        if not self._turns.take(key):
            self._tell(key, Working(code="waiting_for_turn"))
            return False
        try:
            if not self._hands.disks.take_all(volumes):
                self._tell(key, Working(code="volume_busy"))
                self._hands.loop.again_in(key, AGAIN_S)
                return False
            try:
                if act is None or self._decide(key).act != act:
                    return True
                if key not in self._tries:
                    self._tell(key, decision.condition)
                return self._act(key, spec, act)
            finally:
                self._hands.disks.give_back_all(volumes)
        finally:
            self._turns.give_back(key)

    def _decide(self, key: str) -> VolumeDecision:
        scene = self._scene()
        spec = self._hands.ledger.own().spec(key)
        if isinstance(spec, VolumeEntry):
            return diff.volume(spec, scene)
        if isinstance(spec, SnapshotEntry):
            return diff.snapshot(spec, scene)
        kind, _, name = key.partition("/")
        if kind == "volume":
            return diff.absent_volume(VolumeId(name), scene)
        return diff.absent_snapshot(SnapshotId(name), scene)

    def _scene(self) -> VolumeScene:
        """Made anew only when something of it is: many passes ask, one after the other."""
        own, machines = self._hands.ledger.own(), self._hands.scene.machines.get()
        stock, offered = self._hands.scene.stock.get(), self._hands.scene.offered.get()
        known = self._known
        if known is not None and all(a is b for a, b in zip(known, (own, machines, stock, offered), strict=False)):
            return known[-1]
        scene = self._look(own, machines, stock, offered)
        self._known = (own, machines, stock, offered, scene)
        return scene

    def _look(
        self, own: Section, machines: Machines, stock: Mapping[str, Stock], offered: Offered | None
    ) -> VolumeScene:
        guests = machines.guests()
        asleep = {volume for volume, one in guests.items() if not machines.sight(one).up}
        return VolumeScene(
            pools=stock.keys(),
            volumes={
                volume: Standing(pool=name, size_gib=sight.size_gib, depth=sight.depth, number=sight.number)
                for name, pool in stock.items()
                for volume, sight in pool.volumes.items()
            },
            snapshots={snapshot: name for name, pool in stock.items() for snapshot in pool.snapshots},
            guests={volume: one for volume, one in guests.items() if volume not in asleep},
            asleep=asleep,
            offered=offered,
            wished=own.volumes,
            wished_snapshots=own.snapshots,
        )

    def _act(self, key: str, spec: object, act: VolumeAct) -> bool:
        self._log.info("act", act=type(act).__name__, entry=key, request_id=getattr(spec, "request_id", ""))
        try:
            self._do(act)
        except KumoiError as e:
            known = self._tries.failed(key, spec, e)
            self._log.warning("act_failed", entry=key, attempts=known.attempts, error=str(e))
            self._hands.loop.again_in(key, self._tries.wait_s(known))
            self._tell(key, known.condition)
            return False
        finally:
            self._hands.scene.stock.touch()
            self._hands.scene.offered.touch()
            self._hands.scene.machines.touch()
            self._hands.changed()
        self._tries.forget(key)
        self._wake(key)
        return True

    def _do(self, act: VolumeAct) -> None:
        compute = self._hands.drivers.compute
        match act:
            case Ensure(entry=entry):
                self._pool(entry.pool).ensure_volume(entry, self._hands.link.layer)
            case Resize(entry=entry, instance_id=instance):
                compute.resize_disk(instance, entry.id, entry.size_gib)
            case Freeze(snapshots=snapshots, guests=guests):
                go_on = (lambda handles: self._moments.go_on(guests, handles)) if guests else None
                self._pool(snapshots[0].pool).freeze(snapshots, go_on)
            case Flatten(volume_id=volume, pool=pool, instance_id=guest):
                pull = partial(compute.flatten_disk, guest, volume) if guest is not None else None
                self._pool(pool).flatten(volume, pull)
            case Offer(volume_id=volume, pool=pool, exports=exports):
                self._offer(volume, pool, exports)
            case RemoveVolume(volume_id=volume, pool=pool):
                self._pool(pool).remove_volume(volume)
            case RemoveSnapshot(snapshot_id=snapshot, pool=pool):
                self._pool(pool).remove_snapshot(snapshot)

    def _offer(self, volume: VolumeId, pool: str, exports: tuple[Export, ...]) -> None:
        exporter = self._hands.drivers.exporter
        assert exporter is not None, "nothing is decided of what cannot be offered"
        exporter.offer(volume, self._pool(pool).handle(volume), exports)

    def _wake(self, key: str) -> None:
        """Who may have been waiting for this."""
        self.look_again()
        for instance in self._hands.ledger.own().instances.values():
            if any(key == entry_id("volume", plug.volume_id) for plug in instance.volumes):
                self._hands.loop.hint(entry_id("instance", instance.id))

    def _pool(self, name: str) -> VolumePool:
        pool = self._hands.drivers.pools.get(name)
        if pool is None:
            raise NotFound("storage", kind="pool", id=name)
        return pool

    # --- telling -------------------------------------------------------------------------------

    def seen(self) -> tuple[tuple[SeenVolume, ...], tuple[SeenSnapshot, ...]]:
        """All that the plan names, and stands here or is to."""
        own, stock = self._hands.ledger.own(), self._hands.scene.stock.get()
        volumes = {v: sight for pool in stock.values() for v, sight in pool.volumes.items()}
        snapshots = {s: sight for pool in stock.values() for s, sight in pool.snapshots.items()}
        named = [VolumeId(e.partition("/")[2]) for e in own.entries if e.startswith("volume/")]
        others = [SnapshotId(e.partition("/")[2]) for e in own.entries if e.startswith("snapshot/")]
        return (
            tuple(self._volume(v, volumes.get(v)) for v in sorted(named) if v in volumes or v in own.volumes),
            tuple(self._snapshot(s, snapshots.get(s)) for s in sorted(others) if s in snapshots or s in own.snapshots),
        )

    def strays(self) -> tuple[Stray, ...]:
        if not any(pool.volumes or pool.snapshots or pool.strays for pool in self._hands.scene.stock.get().values()):
            return ()
        own = self._hands.ledger.own()
        read = {entry_id("snapshot", copy.image_id) for entry in own.volumes.values() for copy in entry.copies}
        found = diff.strays(self._scene(), own.entries.keys() | read)
        odd = [("volume", name) for pool in self._hands.scene.stock.get().values() for name in pool.strays]
        return tuple(Stray(kind=kind, name=name) for kind, name in (*found, *sorted(odd)))

    def _volume(self, volume: VolumeId, sight: VolumeSight | None) -> SeenVolume:
        condition = self.conditions.get(entry_id("volume", volume), LOOKING)
        if sight is None:
            return SeenVolume(id=volume, condition=condition, there=False)
        used = -(-sight.used_bytes // USED_STEP_BYTES) * USED_STEP_BYTES
        offered = self._hands.scene.offered.get() or {}
        return SeenVolume(
            id=volume,
            condition=condition,
            size_gib=sight.size_gib,
            used_bytes=used,
            number=sight.number,
            exports=tuple(sorted(offered.get(volume, ()))),
        )

    def _snapshot(self, snapshot: SnapshotId, sight: VolumeSight | None) -> SeenSnapshot:
        condition = self.conditions.get(entry_id("snapshot", snapshot), LOOKING)
        if sight is None:
            return SeenSnapshot(id=snapshot, condition=condition, there=False)
        return SeenSnapshot(id=snapshot, condition=condition, size_gib=sight.size_gib)

    def _tell(self, key: str, condition: Condition) -> None:
        """Keep the condition, and since when it has been so; a new reason is worth a report."""
        old = self.conditions.get(key)
        if old is not None and same_reason(old, condition):
            return
        if not isinstance(condition, Ready):
            condition = replace(condition, since=self._hands.clock.now())
        self.conditions[key] = condition
        self._hands.changed()

    def _forget(self, key: str) -> None:
        self._tries.forget(key)
        if self.conditions.pop(key, None) is not None:
            self._hands.changed()


def _volumes_of(act: VolumeAct) -> set[Hashable]:
    """Those that nobody else may be at meanwhile."""
    match act:
        case Ensure(entry=entry) | Resize(entry=entry):
            return {entry.id}
        case Freeze(snapshots=snapshots):
            return {one.volume_id for one in snapshots}
        case RemoveVolume(volume_id=volume) | Flatten(volume_id=volume) | Offer(volume_id=volume):
            return {volume}
        case RemoveSnapshot():
            return set()
