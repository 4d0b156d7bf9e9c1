"""Which volumes of a running guest go in and which come out, and what to say of a guest that does not let go. Pure.

As with nics (`plugs`) a volume comes out in two steps: the guest is asked, and lets go in its own time, or never. Until
then the volume stays as it is: not removed, not given to anybody else. What does not belong here: volumes of a guest
that is off, which is started with what its entry says, and what becomes of the volumes themselves (`volumes`).
"""

from collections.abc import Mapping, Set
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from kumoi.core.conditions import Blocked, Condition, Facts, Ready, Working
from kumoi.core.disks import VolumePlug
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.planning.host_diff.plugs import ASK_EVERY_S, LET_GO_S

NO_SLOT: Final = -1


class DiskAct(msgspec.Struct, frozen=True):
    verb: Literal["attach_disk", "detach_disk"]
    volume_id: VolumeId


class PluggedDisk(msgspec.Struct, frozen=True, kw_only=True):
    """What a host remembers of a volume in a running guest. `asked_at`: since when the guest is to let go of it, asked
    last at `pressed_at`; 0: it is to stay."""

    volume_id: VolumeId
    slot: int = NO_SLOT
    asked_at: float = 0.0
    pressed_at: float = 0.0


class DiskDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`plugged` is to be kept before the acts. `again_s`: look again no later."""

    condition: Condition
    plugged: tuple[PluggedDisk, ...]
    acts: tuple[DiskAct, ...] = ()
    again_s: float | None = None


class DiskGates(msgspec.Struct, frozen=True, kw_only=True):
    """`lacking`: volumes that do not stand yet. `held`: those that another guest of this host has, and which one.
    `reached`: those that are still offered to other hosts. Of a volume that another host keeps, the plan says."""

    lacking: Set[VolumeId] = frozenset()
    held: Mapping[VolumeId, InstanceId] = msgspec.field(default_factory=dict)
    reached: Set[VolumeId] = frozenset()


def recalled(
    wanted: tuple[VolumePlug, ...], there: Set[VolumeId], known: tuple[PluggedDisk, ...]
) -> tuple[PluggedDisk, ...]:
    """What is in the guest; nothing is asked of what is wanted."""
    mine = {plug.volume_id: plug for plug in wanted}
    before = {one.volume_id: one for one in known}
    found = []
    for volume in sorted(there):
        plug = mine.get(volume)
        if plug is not None:
            found.append(PluggedDisk(volume_id=volume, slot=plug.slot))
        else:
            found.append(before.get(volume) or PluggedDisk(volume_id=volume))
    return tuple(found)


def hindrance(plug: VolumePlug, gates: DiskGates) -> Condition | None:
    """Why this volume cannot go into a guest now."""
    if plug.remote is not None and not plug.remote.open:
        return Working(code="waiting_for_export", facts={"volume": plug.volume_id})
    if plug.volume_id in gates.reached:
        return Working(code="volume_elsewhere", facts={"volume": plug.volume_id})
    if plug.volume_id in gates.lacking:
        return Working(code="waiting_for_volume", facts={"volumes": [plug.volume_id]})
    if plug.volume_id in gates.held:
        facts: Facts = {"volume": plug.volume_id, "instance": gates.held[plug.volume_id]}
        return Working(code="volume_held", facts=facts)
    return None


def decide(
    wanted: tuple[VolumePlug, ...], plugged: tuple[PluggedDisk, ...], gates: DiskGates, now: float
) -> DiskDecision:  # fmt: skip
    """`plugged` as recalled. The way out comes first: it may make room for what comes in."""
    mine = {plug.volume_id: plug for plug in wanted}
    leaving = [_asked(one, now) for one in plugged if one.volume_id not in mine]
    acts = [DiskAct("detach_disk", one.volume_id) for one in leaving if one.pressed_at == now]
    there = {one.volume_id for one in plugged}
    taken = {one.slot for one in leaving}
    waiting: list[Condition] = []
    for plug in wanted:
        if plug.volume_id in there:
            continue
        condition = hindrance(plug, gates)
        if condition is None and plug.slot in taken:
            facts: Facts = {"volume": plug.volume_id, "slot": plug.slot}
            condition = Working(code="volume_slot_taken", facts=facts)
        if condition is None:
            acts.append(DiskAct("attach_disk", plug.volume_id))
        else:
            waiting.append(condition)
    kept = {one.volume_id: one for one in (*plugged, *leaving)}
    again = [one.pressed_at + ASK_EVERY_S - now for one in leaving]
    again += [ASK_EVERY_S] if waiting else []
    return DiskDecision(
        condition=_condition(leaving, waiting, acts, now),
        plugged=tuple(kept.values()),
        acts=tuple(acts),
        again_s=min(again, default=None),
    )


def _asked(one: PluggedDisk, now: float) -> PluggedDisk:
    pressed_at = now if now >= one.pressed_at + ASK_EVERY_S else one.pressed_at
    return replace(one, asked_at=one.asked_at or now, pressed_at=pressed_at)


def _condition(leaving: list[PluggedDisk], waiting: list[Condition], acts: list[DiskAct], now: float) -> Condition:
    """The worst first: what waits for ever unless somebody helps."""
    late = [one for one in leaving if now >= one.asked_at + LET_GO_S]
    if late:
        return Blocked(code="guest_keeps_volume", facts=_names(late), retry=True, who_can_help="user")
    if waiting:
        return waiting[0]
    if leaving:
        return Working(code="volume_leaving", facts=_names(leaving))
    return Working(code="plugging_volume") if acts else Ready()


def _names(ones: list[PluggedDisk]) -> Facts:
    return {"volumes": [one.volume_id for one in ones]}
