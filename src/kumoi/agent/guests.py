"""The instances of this host: for each one decide, act, look again, until nothing is left to do now."""

from collections.abc import Callable, Hashable
from functools import partial

from msgspec.structs import astuple, replace

from kumoi.agent.hands import NETWORK, Hands
from kumoi.agent.networks import Networks
from kumoi.agent.tries import Tries
from kumoi.agent.turns import Turns
from kumoi.agent.volumes import Volumes
from kumoi.contracts.compute import Machine, MachinePlug
from kumoi.core.conditions import Condition, Ready, Working, same_reason
from kumoi.core.disks import LayerRef
from kumoi.core.errors import KumoiError
from kumoi.core.ids import InstanceId
from kumoi.core.nics import tap_name
from kumoi.core.plan import InstanceEntry, NicPlug, entry_id
from kumoi.planning.host_diff.disks import DiskAct
from kumoi.planning.host_diff.instances import (
    Act,
    Decision,
    Gates,
    Memory,
    PowerAct,
    Sight,
    decide,
    decide_absent,
)
from kumoi.planning.host_diff.plugs import PlugAct
from kumoi.runtime import log

ROUNDS = 4  # off, then on again, then looked at; what needs more waits for the next pass
AGAIN_S = 1.0
COLLECT_EVERY_S = 600.0


class Guests:
    """`conditions` are those of the last passes. At most one pass an instance at a time; otherwise safe for threads."""

    def __init__(self, hands: Hands, networks: Networks, volumes: Volumes) -> None:
        self._hands = hands
        self._networks = networks
        self._volumes = volumes
        self._log = log.get(part="guests")
        self._turns = Turns(hands.manner.starts, lambda key: hands.loop.hint(key))
        self._tries = Tries(hands.clock)
        self._collect_at = hands.clock.monotonic() + COLLECT_EVERY_S
        self.conditions: dict[InstanceId, Condition] = {}

    def work(self, instance_id: InstanceId) -> None:
        """One pass: harmless at any time, also for an instance that no plan names (it is left alone)."""
        for _ in range(ROUNDS):
            if not self._round(instance_id):
                return
        self._hands.loop.again_in(entry_id("instance", instance_id), AGAIN_S)

    def collect_layers(self) -> None:
        """Let go of layers that no entry names, now and then: the next instance may want the same one."""
        now = self._hands.clock.monotonic()
        if now < self._collect_at or not self._hands.cleared:
            return
        self._collect_at = now + COLLECT_EVERY_S
        own = self._hands.ledger.own()
        entries = (*own.instances.values(), *self._hands.ledger.vanished(own.key).values())
        named = (entry for entry in entries if isinstance(entry, InstanceEntry))
        self._hands.drivers.storage.collect_layers({layer.sha256 for entry in named for layer in layers_of(entry)})

    def _round(self, instance_id: InstanceId) -> bool:
        """Decide and act once; returns whether there may be more to do at once."""
        own = self._hands.ledger.own()
        key = entry_id("instance", instance_id)
        if self._hands.stilled.holds(instance_id):
            self._hands.loop.again_in(key, AGAIN_S)
            return False
        spec = own.spec(key)
        if spec is None and not own.absent(key):
            self._forget(instance_id)
            return False
        entry = spec if isinstance(spec, InstanceEntry) else None
        sight = self._hands.scene.machines.get().sight(instance_id)
        decision = self._decide(instance_id, entry, sight)
        if entry is None and not decision.acts:
            self._gone(instance_id)
            return False
        if entry is not None:
            self._keep(instance_id, decision.memory)
        return self._follow(instance_id, entry, decision)

    def _keep(self, instance_id: InstanceId, memory: Memory) -> None:
        """A network is let go once the last of its nics is out of the guests; so is a volume."""
        before = self._hands.notebook.get(instance_id)
        self._hands.notebook.keep(instance_id, memory)
        if before is not None and {p.tap for p in before.plugged} - {p.tap for p in memory.plugged}:
            self._hands.loop.hint(NETWORK)
        for gone in {d.volume_id for d in before.disks} - {d.volume_id for d in memory.disks} if before else ():
            self._hands.loop.hint(entry_id("volume", gone))

    def _decide(self, instance_id: InstanceId, entry: InstanceEntry | None, sight: Sight) -> Decision:
        memory = self._hands.notebook.get(instance_id)
        if entry is None:
            return decide_absent(sight, memory)
        taps = (tap_name(plug.nic_id) for plug in entry.nics)
        gates = Gates(
            now=self._hands.clock.now(),
            cleared=self._hands.cleared,
            lacking=self._networks.lacking(entry),
            held=self._hands.scene.machines.get().held(taps, instance_id),
            disks=self._volumes.gates(entry),
            soft_s=self._hands.manner.soft_s,
        )
        return decide(entry, sight, memory, gates)

    def _follow(self, instance_id: InstanceId, entry: InstanceEntry | None, decision: Decision) -> bool:
        key = entry_id("instance", instance_id)
        if decision.again_s is not None:
            self._hands.loop.again_in(key, decision.again_s)
        if not decision.acts:
            self._tries.forget(instance_id)
            self._tell(instance_id, decision.condition)
            return False
        if (known := self._tries.waiting(instance_id, entry)) is not None:
            self._hands.loop.again_in(key, self._tries.wait_s(known))
            self._tell(instance_id, known.condition)
            return False
        disks = _disks(entry, decision) if entry is not None else set[Hashable]()
        if not self._may_act(instance_id, key, disks, starts="start" in decision.acts):
            return False
        if instance_id not in self._tries:
            self._tell(instance_id, decision.condition)
        try:
            self._act(instance_id, entry, decision)
        finally:
            self._turns.give_back(key)
            self._hands.disks.give_back_all(disks)
        return instance_id not in self._tries

    def _may_act(self, instance_id: InstanceId, key: str, disks: set[Hashable], *, starts: bool) -> bool:
        """Its disks and, for a start, a turn are ours; or it waits, and comes again."""
        if not self._hands.disks.take_all(disks):
            self._tell(instance_id, Working(code="copying_disk" if len(disks) == 1 and starts else "volume_busy"))
            self._hands.loop.again_in(key, AGAIN_S)
            return False
        if starts and not self._turns.take(key):
            self._hands.disks.give_back_all(disks)
            self._tell(instance_id, Working(code="waiting_for_turn"))
            return False
        return True

    def _act(self, instance_id: InstanceId, entry: InstanceEntry | None, decision: Decision) -> None:
        try:
            for act in decision.acts:
                self._do(instance_id, entry, act)
        except KumoiError as e:
            self._note_failure(instance_id, entry, e)
        else:
            self._tries.forget(instance_id)
            if decision.after is not None:
                self._hands.notebook.keep(instance_id, decision.after)
        finally:
            self._hands.scene.machines.touch()
            self._hands.changed()
            if entry is not None and any(plug.carries for plug in entry.nics):
                self._hands.loop.hint(NETWORK)  # what its trunks carry comes and goes with their own taps

    def _do(self, instance_id: InstanceId, entry: InstanceEntry | None, act: Act) -> None:
        compute = self._hands.drivers.compute
        named = act if isinstance(act, str) else " ".join(astuple(act))
        self._log.info("act", act=named, instance=instance_id, request_id=entry.request_id if entry else "")
        match act:
            case "start":
                if entry is not None:
                    self._start(entry)
            case PlugAct(verb="attach_nic"):
                plug = next((p for p in entry.nics if tap_name(p.nic_id) == act.tap), None) if entry else None
                if plug is not None:
                    compute.attach_nic(instance_id, self._plug(plug))
            case PlugAct():
                compute.detach_nic(instance_id, act.tap)
            case DiskAct(verb="attach_disk"):
                volume = next((v for v in entry.volumes if v.volume_id == act.volume_id), None) if entry else None
                if volume is not None:
                    compute.attach_disk(instance_id, self._volumes.disk(volume))
            case DiskAct():
                compute.detach_disk(instance_id, act.volume_id)
            case _:
                self._plain_acts(act)(instance_id)

    def _plain_acts(self, act: PowerAct) -> Callable[[InstanceId], None]:
        """The verbs that need no more than an id."""
        compute, storage = self._hands.drivers.compute, self._hands.drivers.storage
        verbs: dict[PowerAct, Callable[[InstanceId], None]] = {
            "press_power": partial(compute.stop, hard=False),
            "cut_power": partial(compute.stop, hard=True),
            "press_reset": partial(compute.reset, hard=False),
            "reset": partial(compute.reset, hard=True),
            "pause": compute.pause,
            "resume": compute.resume,
            "suspend": compute.suspend,
            "remove_machine": compute.remove,
            "remove_root": storage.remove_root,
        }
        return verbs[act]

    def _start(self, entry: InstanceEntry) -> None:
        """From nothing, or from whatever part of it stands."""
        compute, storage = self._hands.drivers.compute, self._hands.drivers.storage
        for layer in layers_of(entry):
            storage.ensure_layer(layer, self._hands.link.layer)
        disk = storage.ensure_root(entry.id, entry.root) if entry.root is not None else ""
        rescue, drive = storage.ensure_rescue(entry.id, entry.rescue), ""
        if entry.config_drive:
            drive = storage.ensure_config_drive(entry.id, self._networks.config_files(entry))
        machine = replace(self._machine(entry, disk, drive), rescue=rescue)
        compute.ensure(machine)
        compute.start(machine, entry.run_wanted)

    def _machine(self, entry: InstanceEntry, disk: str, drive: str) -> Machine:
        return Machine(
            id=entry.id,
            name=entry.guest.name,
            vcpus=entry.vcpus,
            memory_mib=entry.memory_mib,
            disk=disk,
            plugs=tuple(self._plug(plug) for plug in entry.nics),
            config_drive=drive,
            volumes=tuple(self._volumes.disk(volume) for volume in entry.volumes),
            rescue_stable=entry.rescue is not None and entry.rescue.stable,
        )

    def _plug(self, plug: NicPlug) -> MachinePlug:
        return MachinePlug(
            nic_id=plug.nic_id,
            mac=plug.mac,
            tap=tap_name(plug.nic_id),
            bridge=self._networks.bridge(plug.network_id),
            mtu=plug.mtu,
            slot=plug.slot,
        )

    def _note_failure(self, instance_id: InstanceId, entry: InstanceEntry | None, error: KumoiError) -> None:
        known = self._tries.failed(instance_id, entry, error)
        self._log.warning("act_failed", instance=instance_id, attempts=known.attempts, error=str(error))
        self._hands.loop.again_in(entry_id("instance", instance_id), self._tries.wait_s(known))
        self._tell(instance_id, known.condition)

    def _tell(self, instance_id: InstanceId, condition: Condition) -> None:
        """Keep the condition, and since when it has been so; a new reason is worth a report."""
        old = self.conditions.get(instance_id)
        if old is not None and same_reason(old, condition):
            if isinstance(old, Working) and isinstance(condition, Working):
                self.conditions[instance_id] = replace(old, next_try=condition.next_try)
            return
        if not isinstance(condition, Ready):
            condition = replace(condition, since=self._hands.clock.now())
        self.conditions[instance_id] = condition
        self._hands.changed()

    def _gone(self, instance_id: InstanceId) -> None:
        """Absent in the plan and in the world: nothing of it is remembered, and its filters may follow."""
        self._hands.notebook.keep(instance_id, None)
        self._hands.ledger.settle(self._hands.ledger.own().key, [entry_id("instance", instance_id)])
        self._forget(instance_id)
        self._hands.loop.hint(NETWORK)
        self._volumes.look_again()
        self._hands.changed()

    def _forget(self, instance_id: InstanceId) -> None:
        self._tries.forget(instance_id)
        self.conditions.pop(instance_id, None)


def layers_of(entry: InstanceEntry) -> tuple[LayerRef, ...]:
    """All that its disks stand on."""
    return tuple(layer for disk in (entry.root, entry.rescue) if disk is not None for layer in disk.layers)


def _disks(entry: InstanceEntry, decision: Decision) -> set[Hashable]:
    """The disks that nobody else may be at meanwhile: the root disk, by the instance's id, and volumes by theirs."""
    attached = {act.volume_id for act in decision.acts if isinstance(act, DiskAct)}
    if "start" in decision.acts:
        return {entry.id, *(volume.volume_id for volume in entry.volumes)}
    return {*attached}
