"""Which nics of a running guest go in and which come out, and what to say of a guest that does not let go. Pure.

A nic comes out in two steps: the guest is asked, and it lets go in its own time, or never. Until then the nic is closed
(no filter knows it) and its network stays beneath it. What does not belong here: nics of a guest that is off, which is
started with what its entry says.
"""

from collections.abc import Mapping, Set
from typing import Literal

import msgspec
from msgspec.structs import replace

from kumoi.core.conditions import Blocked, Condition, Facts, Ready, Working
from kumoi.core.ids import InstanceId, NetworkId, NicId
from kumoi.core.nics import tap_name
from kumoi.core.plan import NicPlug, entry_id

LET_GO_S = 60.0  # how long a guest may take before it is said to keep a nic
ASK_EVERY_S = 5.0  # a guest whose kernel is not up yet does not hear the first time


class PlugAct(msgspec.Struct, frozen=True):
    """`tap` names the nic in the guest; one that goes in is the entry's of that name."""

    verb: Literal["attach_nic", "detach_nic"]
    tap: str


class Plugged(msgspec.Struct, frozen=True, kw_only=True):
    """What a host remembers of a nic in a running guest: nobody else knows its network once the plan forgot it.

    `asked_at`: since when the guest is to let go of it, asked last at `pressed_at`; 0: it is to stay.
    """

    tap: str
    nic_id: NicId
    network_id: NetworkId
    slot: int = 0
    asked_at: float = 0.0
    pressed_at: float = 0.0


class PlugDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`plugged` is to be kept before the acts. `again_s`: look again no later."""

    condition: Condition
    plugged: tuple[Plugged, ...]
    acts: tuple[PlugAct, ...] = ()
    again_s: float | None = None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """`lacking`: entry ids of nics and networks that do not stand yet. `held`: taps that other guests still have."""

    now: float
    lacking: Set[str] = frozenset()
    held: Mapping[str, InstanceId] = msgspec.field(default_factory=dict)


def recalled(wanted: tuple[NicPlug, ...], taps: Set[str], known: tuple[Plugged, ...]) -> tuple[Plugged, ...]:
    """What is in the guest, as far as it is known whose it is; nothing is asked of what is wanted."""
    mine = {tap_name(plug.nic_id): plug for plug in wanted}
    before = {one.tap: one for one in known}
    found = []
    for tap in sorted(taps):
        plug = mine.get(tap)
        if plug is not None:
            found.append(Plugged(tap=tap, nic_id=plug.nic_id, network_id=plug.network_id, slot=plug.slot))
        else:
            # Without a memory of it there is still its name.
            found.append(before.get(tap) or Plugged(tap=tap, nic_id=NicId(""), network_id=NetworkId("")))
    return tuple(found)


def decide(wanted: tuple[NicPlug, ...], plugged: tuple[Plugged, ...], around: Surroundings) -> PlugDecision:
    """`plugged` as recalled. The way out comes first: it may make room for what comes in."""
    mine = {tap_name(plug.nic_id): plug for plug in wanted}
    leaving = [_asked(one, around.now) for one in plugged if one.tap not in mine]
    acts = [PlugAct("detach_nic", one.tap) for one in leaving if one.pressed_at == around.now]
    there = {one.tap for one in plugged}
    taken = {one.slot for one in leaving}
    waiting: list[Condition] = []
    for tap, plug in mine.items():
        if tap in there:
            continue
        condition = _hindrance(tap, plug, taken, around)
        if condition is None:
            acts.append(PlugAct("attach_nic", tap))
        else:
            waiting.append(condition)
    kept = {one.tap: one for one in (*plugged, *leaving)}
    return PlugDecision(
        condition=_condition(leaving, waiting, acts, around.now),
        plugged=tuple(kept.values()),
        acts=tuple(acts),
        again_s=min((_next(one) - around.now for one in leaving), default=None),
    )


def _asked(one: Plugged, now: float) -> Plugged:
    asked_at = one.asked_at or now
    pressed_at = now if now >= one.pressed_at + ASK_EVERY_S else one.pressed_at
    return replace(one, asked_at=asked_at, pressed_at=pressed_at)


def _next(one: Plugged) -> float:
    return one.pressed_at + ASK_EVERY_S


def _hindrance(tap: str, plug: NicPlug, taken: Set[int], around: Surroundings) -> Condition | None:
    names = {entry_id("nic", plug.nic_id), entry_id("network", plug.network_id)}
    if lacking := sorted(names & around.lacking):
        return Working(code="waiting_for_network", facts={"lacking": lacking})
    if tap in around.held:
        return held(plug.nic_id, around.held[tap])
    if plug.slot in taken:
        return Working(code="nic_slot_taken", facts={"nic": plug.nic_id, "slot": plug.slot})
    return None


def held(nic: NicId, instance: InstanceId) -> Condition:
    """Another guest of this host has not let go of the nic yet."""
    return Working(code="nic_held", facts={"nic": nic, "instance": instance})


def _condition(leaving: list[Plugged], waiting: list[Condition], acts: list[PlugAct], now: float) -> Condition:
    """The worst first: what waits for ever unless somebody helps."""
    late = [one for one in leaving if now >= one.asked_at + LET_GO_S]
    if late:
        return Blocked(code="guest_keeps_nic", facts=_names(late), retry=True, who_can_help="user")
    if waiting:
        return waiting[0]
    if leaving:
        return Working(code="nic_leaving", facts=_names(leaving))
    return Working(code="plugging_nic") if acts else Ready()


def _names(ones: list[Plugged]) -> Facts:
    return {"nics": [one.nic_id or one.tap for one in ones]}
