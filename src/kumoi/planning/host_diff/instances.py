"""What to do about one instance on its host: plan entry, sight and memory in, acts and a condition out.

Only acts that are possible now are named; whoever does them looks again afterwards. What does not belong here: doing
them, and anything that several instances share (networks, turns, the brake).
"""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from kumoi.core.conditions import Blocked, Condition, Facts, Ready, Working, backoff_s
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.core.instances import EndedBy, SeenPower
from kumoi.core.nics import tap_name
from kumoi.core.plan import InstanceEntry
from kumoi.planning.host_diff import disks, plugs
from kumoi.planning.host_diff.disks import DiskAct, DiskGates, PluggedDisk
from kumoi.planning.host_diff.plugs import PlugAct, Plugged

# `start` is all of it: bring the layers, make the root disk and the config drive, define the machine, start it.
PowerAct = Literal[
    "start",
    "press_power",
    "press_reset",
    "cut_power",
    "reset",
    "pause",
    "resume",
    "suspend",
    "remove_machine",
    "remove_root",
]
Act = PowerAct | PlugAct | DiskAct

SOFT_S = 60.0  # how long a guest may take to obey its power button
PRESS_EVERY_S = 15.0  # a guest that is not up yet does not hear the first one
SETTLED_S = 300.0  # a run that lasted this long is not a crash loop
ATTEMPTS_BEFORE_BLOCKED = 5
LOST_AGAIN_S = 30.0  # a disk that went may be put back


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What of an instance stands on the host: its machine, as the driver tells it, and whether it has a disk.

    `taps`: the nics that are in it while it runs, by the names of their taps; `volumes`: its volumes, also while its
    memory is on disk.
    """

    power: SeenPower = "missing"
    run: int = 0
    ended_by: EndedBy = ""
    resets: int = 0
    pid: int = 0
    root: bool = False
    taps: frozenset[str] = frozenset()
    volumes: frozenset[VolumeId] = frozenset()

    @property
    def there(self) -> bool:
        return self.power != "missing" or self.root

    @property
    def up(self) -> bool:
        return self.power in {"running", "paused"}


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a host remembers of an instance, because nobody could see it afterwards. It outlives the agent's process.

    `run`: the one that goes on or ended last, by `ended_by`. `started_at`: 0 once its end was noticed. `asked`: what
    the guest was politely asked for at `asked_at` (again at `pressed_at`), when it had been reset `resets` times.
    `plugged`, `disks`: the nics and volumes that are in the running guest. `form`: that of its entry when it was
    started. `paused`: it was we who paused it.
    """

    run: int = 0
    ended_by: EndedBy = ""
    reboots_done: int = 0
    started_at: float = 0.0
    form: int = 0
    paused: bool = False
    asked: Literal["", "stop", "reboot", "reform"] = ""
    asked_at: float = 0.0
    pressed_at: float = 0.0
    resets: int = 0
    crashes: int = 0
    not_before: float = 0.0
    plugged: tuple[Plugged, ...] = ()
    disks: tuple[PluggedDisk, ...] = ()


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """What must be so before a guest may start. `lacking`: entry ids of its network that do not stand yet; `held`:
    taps of its nics that other guests have; `disks`: the same of its volumes."""

    now: float
    cleared: bool = True
    lacking: tuple[str, ...] = ()
    held: Mapping[str, InstanceId] = msgspec.field(default_factory=dict)
    disks: DiskGates = DiskGates()
    soft_s: float = SOFT_S


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`memory` is to be kept before the acts, `after` once all of them succeeded. `again_s`: look again no later."""

    condition: Condition
    memory: Memory
    acts: tuple[Act, ...] = ()
    after: Memory | None = None
    again_s: float | None = None


def decide(entry: InstanceEntry, sight: Sight, memory: Memory | None, gates: Gates) -> Decision:
    """For an entry that is present."""
    known = recall(entry, sight, memory, gates.now)
    if entry.mode in {"receive", "send_to"}:
        return Decision(condition=Blocked(code="unsupported", facts={"what": entry.mode}, retry=False), memory=known)
    if entry.power == "off" or entry.mode == "hold":
        return _off(sight, known, gates)
    if sight.power == "suspended":
        return _asleep(entry, sight, known, gates)
    return _running(entry, sight, known, gates) if sight.up else _start(entry, sight, known, gates)


def decide_absent(sight: Sight, memory: Memory | None) -> Decision:
    """For an entry that the plan says is absent: the machine goes first, then its disk, and nothing is remembered."""
    acts: list[Act] = []
    if sight.power != "missing":
        acts.append("remove_machine")
    if sight.root:
        acts.append("remove_root")
    condition = Working(code="removing") if acts else Ready()
    return Decision(condition=condition, memory=memory or Memory(), acts=tuple(acts))


def recall(entry: InstanceEntry, sight: Sight, memory: Memory | None, now: float) -> Memory:
    """The memory, brought up to what is seen: a run that goes on, or one whose end is noticed now."""
    if memory is None:
        # Never reboot or restart what somebody else (or we, before we lost our memory) keeps running.
        on = sight.up or sight.power == "suspended"
        memory = Memory(
            run=sight.run,
            ended_by=sight.ended_by,
            reboots_done=entry.reboot_wanted if on else 0,
            form=entry.form if on else 0,
            paused=sight.power == "paused",
        )
    # A restored cloud may want less than was done: counting goes on from what it knows, or its next wish would be lost.
    run = min(max(memory.run, sight.run), entry.run_wanted)
    memory = replace(
        memory,
        reboots_done=min(memory.reboots_done, entry.reboot_wanted),
        form=min(memory.form, entry.form),
        paused=memory.paused and sight.power == "paused",
    )
    if sight.power == "suspended":
        return replace(memory, run=run, ended_by="", started_at=memory.started_at or now)
    if sight.up:
        memory = replace(memory, run=run, ended_by="", started_at=memory.started_at or now)
        plugged = plugs.recalled(entry.nics, sight.taps, memory.plugged)
        return replace(memory, plugged=plugged, disks=disks.recalled(entry.volumes, sight.volumes, memory.disks))
    memory = replace(memory, plugged=(), disks=())
    if memory.started_at == 0.0:
        return replace(memory, run=run, ended_by=sight.ended_by if run > memory.run else memory.ended_by)
    ended = _ending(sight, memory)
    crashes = 0
    if ended == "crash":
        crashes = memory.crashes + 1 if now - memory.started_at < SETTLED_S else 1
    return Memory(
        run=run,
        ended_by=ended,
        reboots_done=memory.reboots_done,
        form=memory.form,
        crashes=crashes,
        not_before=now + backoff_s(crashes - 2) if crashes > 1 else 0.0,
    )


def _ending(sight: Sight, memory: Memory) -> EndedBy:
    """A guest that obeyed our button was ended by the plan, whatever its driver thinks."""
    if memory.asked and sight.ended_by in {"", "guest"}:
        return "plan"
    return sight.ended_by or "crash"


def _off(sight: Sight, memory: Memory, gates: Gates) -> Decision:
    if not sight.up and sight.power != "suspended":
        return Decision(condition=Ready(), memory=memory)
    if memory.asked != "stop":
        memory = replace(memory, asked="stop", asked_at=gates.now, pressed_at=0.0)
    if sight.power != "running" or gates.now >= memory.asked_at + gates.soft_s:
        return Decision(condition=Working(code="stopping"), memory=memory, acts=("cut_power",))
    return _press("press_power", "stopping", memory, gates)


def _asleep(entry: InstanceEntry, sight: Sight, memory: Memory, gates: Gates) -> Decision:
    """Its memory is on disk. A start goes on from there; what must begin anew throws it away first."""
    if entry.form > memory.form or entry.reboot_wanted > memory.reboots_done or entry.run_wanted > memory.run:
        return Decision(condition=Working(code="stopping"), memory=replace(memory, asked="stop"), acts=("cut_power",))
    if entry.rest == "suspended":
        return Decision(condition=Ready(), memory=replace(memory, asked=""))
    return _start(entry, sight, memory, gates, code="resuming")


def _running(entry: InstanceEntry, sight: Sight, memory: Memory, gates: Gates) -> Decision:
    if entry.form > memory.form:
        return _reform(entry, sight, memory, gates)
    if entry.reboot_wanted > memory.reboots_done:
        return _reboot(entry, sight, memory, gates)
    if memory.asked == "stop" and gates.now < memory.asked_at + gates.soft_s:
        # The wish changed while the guest was asked to stop. If it still goes down, it is started as the new run.
        wait_s = memory.asked_at + gates.soft_s - gates.now
        return Decision(condition=Working(code="starting"), memory=memory, again_s=wait_s)
    memory = replace(memory, asked="", run=max(memory.run, entry.run_wanted))
    if entry.rest or sight.power == "paused":
        return _resting(entry, sight, memory)
    around = plugs.Surroundings(now=gates.now, lacking=frozenset(gates.lacking), held=gates.held)
    nics = plugs.decide(entry.nics, memory.plugged, around)
    volumes = disks.decide(entry.volumes, memory.disks, gates.disks, gates.now)
    return Decision(
        condition=max(nics.condition, volumes.condition, key=_badness),
        memory=replace(memory, plugged=nics.plugged, disks=volumes.plugged),
        acts=(*nics.acts, *volumes.acts),
        again_s=min((s for s in (nics.again_s, volumes.again_s) if s is not None), default=None),
    )


def _badness(condition: Condition) -> int:
    return 0 if isinstance(condition, Ready) else 1 if isinstance(condition, Working) else 2


def _resting(entry: InstanceEntry, sight: Sight, memory: Memory) -> Decision:
    """One that is to stand still, or does. What somebody else paused is not ours to wake: a full disk pauses too."""
    if entry.rest == "suspended":
        return Decision(condition=Working(code="suspending"), memory=memory, acts=("suspend",))
    if entry.rest == "paused":
        memory = replace(memory, paused=True)
        if sight.power == "paused":
            return Decision(condition=Ready(), memory=memory)
        return Decision(condition=Working(code="pausing"), memory=memory, acts=("pause",))
    if memory.paused:
        return Decision(condition=Working(code="resuming"), memory=memory, acts=("resume",))
    return Decision(condition=Blocked(code="paused", facts={"layer": "compute"}), memory=memory)


def _reform(entry: InstanceEntry, sight: Sight, memory: Memory, gates: Gates) -> Decision:
    """Off, politely where its disk stays; its start makes it what its entry says."""
    if memory.asked != "reform":
        memory = replace(memory, asked="reform", asked_at=gates.now, pressed_at=0.0)
    late = gates.now >= memory.asked_at + gates.soft_s
    if entry.form_hard or late or sight.power == "paused":
        return Decision(condition=Working(code="reforming"), memory=memory, acts=("cut_power",))
    return _press("press_power", "reforming", memory, gates)


def _reboot(entry: InstanceEntry, sight: Sight, memory: Memory, gates: Gates) -> Decision:
    done = replace(memory, asked="", reboots_done=entry.reboot_wanted)
    if memory.asked == "reboot" and sight.resets > memory.resets:
        return _running(entry, sight, done, gates)
    if memory.asked != "reboot":
        memory = replace(memory, asked="reboot", asked_at=gates.now, pressed_at=0.0, resets=sight.resets)
    late = gates.now >= memory.asked_at + gates.soft_s
    if entry.reboot_hard or late or sight.power == "paused":
        return Decision(condition=Working(code="rebooting"), memory=memory, acts=("reset",), after=done)
    return _press("press_reset", "rebooting", memory, gates)


def _press(button: PowerAct, code: str, memory: Memory, gates: Gates) -> Decision:
    """Ask the guest, again from time to time; the deadline belongs to the caller."""
    acts: tuple[Act, ...] = ()
    if gates.now >= memory.pressed_at + PRESS_EVERY_S:
        memory, acts = replace(memory, pressed_at=gates.now), (button,)
    again = min(memory.asked_at + gates.soft_s, memory.pressed_at + PRESS_EVERY_S)
    return Decision(condition=Working(code=code), memory=memory, acts=acts, again_s=again - gates.now)


def _start(entry: InstanceEntry, sight: Sight, memory: Memory, gates: Gates, code: str = "starting") -> Decision:
    if memory.run >= entry.run_wanted and memory.ended_by == "guest":
        return Decision(condition=Working(code="ended_by_guest"), memory=memory)
    if not gates.cleared:
        return Decision(condition=Working(code="waiting_for_session"), memory=memory)
    if _lost_root(entry, sight, memory):
        lost = Blocked(code="root_gone", facts={"layer": "storage"})
        return Decision(condition=lost, memory=memory, again_s=LOST_AGAIN_S)
    if gates.lacking:
        facts: Facts = {"lacking": sorted(gates.lacking)}
        return Decision(condition=Working(code="waiting_for_network", facts=facts), memory=memory)
    for plug in entry.nics:
        if (other := gates.held.get(tap_name(plug.nic_id))) is not None:
            return Decision(condition=plugs.held(plug.nic_id, other), memory=memory, again_s=plugs.ASK_EVERY_S)
    for volume in entry.volumes:
        if (condition := disks.hindrance(volume, gates.disks)) is not None:
            return Decision(condition=condition, memory=memory, again_s=plugs.ASK_EVERY_S)
    if gates.now < memory.not_before:
        condition = Working(code="restarting", facts={"crashes": memory.crashes}, next_try=memory.not_before)
        return Decision(condition=condition, memory=memory, again_s=memory.not_before - gates.now)
    # Kept before the start, so that a run is never begun unremembered; a new run makes every older reboot needless.
    memory = replace(
        memory,
        run=entry.run_wanted,
        ended_by=memory.ended_by if memory.run >= entry.run_wanted else "",
        reboots_done=entry.reboot_wanted,
    )
    after = replace(memory, ended_by="", started_at=gates.now, form=entry.form)
    return Decision(condition=Working(code=code), memory=memory, acts=("start",), after=after)


def _lost_root(entry: InstanceEntry, sight: Sight, memory: Memory) -> bool:
    """One that has run in this form had a disk. A fresh one in its place would say that nothing was lost."""
    return entry.root is not None and not sight.root and memory.ended_by != "" and memory.form == entry.form


def failed(code: str, facts: Facts, attempts: int, next_try: float) -> Condition:
    """What to say after so many attempts failed alike; the loop goes on trying in either case."""
    if attempts < ATTEMPTS_BEFORE_BLOCKED:
        return Working(code=code, facts=facts, next_try=next_try)
    return Blocked(code=code, facts=facts, retry=True, who_can_help="operator")
