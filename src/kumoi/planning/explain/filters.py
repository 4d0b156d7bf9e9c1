"""Whether the filter lets a packet pass between two ports of a bridge, and what its rule means if not. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from kumoi.core.conditions import Facts
from kumoi.core.groups import Direction
from kumoi.core.ids import NetworkId
from kumoi.core.plan import NicEntry
from kumoi.planning.explain import groups
from kumoi.planning.explain.case import Stopped
from kumoi.planning.explain.ground import Ground
from kumoi.planning.explain.rules import Ended, Packet, Rules
from kumoi.planning.explain.trip import Trip

_BRIDGE: Final = frozenset({"bridge"})
_INET: Final = frozenset({"inet"})
_OURS: Final = "kumoi_"
_WHO: Final = frozenset({"who_sends", "who_receives"})
_SPOOFING: Final = frozenset({"guest_ip4", "guest_ip6", "from_guest"})
_JUDGING: Final = frozenset({"from_nic", "to_nic"})


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """Into a bridge by one port and, once that is known, out of it by another. `nic`: the guest's at that end."""

    network: NetworkId
    direction: Direction
    entered: str
    leaves: str = ""
    nic: NicEntry | None = None

    @property
    def hook(self) -> str:
        return "prerouting" if self.direction == "egress" else "forward"


def cross(ground: Ground, trip: Trip, crossing: Crossing) -> None:
    """The bridge's stage that says whose the packet is, and that of the groups. By the wish where no rules are told."""
    listed = ground.home().rules
    if listed is None:
        _judge(ground, trip.packet, crossing)
        return
    rules, packet = Rules(listed), trip.packet
    packet.entered, packet.leaves = crossing.entered, crossing.leaves
    if (ended := rules.pass_hook(_BRIDGE, crossing.hook, packet)) is not None:
        raise _meaning(ground, packet, crossing, ended)
    bridge = ground.bridge(crossing.network)
    if not bridge.filtered:
        trip.hop("unfiltered", bridge.name)
        return
    seen = replace(packet, entered=bridge.name, leaves=bridge.name if crossing.leaves else "")
    if (ended := rules.pass_hook(_INET, crossing.hook, seen)) is not None:
        raise _meaning(ground, packet, crossing, ended)
    packet.mark = seen.mark


def _judge(ground: Ground, packet: Packet, crossing: Crossing) -> None:
    nic = crossing.nic
    if nic is None or not nic.port_security or packet.state != "new":
        return
    if groups.allowing(nic, crossing.direction, packet, ground.wished.groups, ground.wished.members) is None:
        raise _denied(ground, nic, packet, crossing.direction)


def _meaning(ground: Ground, packet: Packet, crossing: Crossing, ended: Ended) -> Stopped:
    facts: Facts = {"table": ended.rule.table, "chain": ended.rule.chain, "rule": ended.rule.text}
    if not ended.rule.table.partition(" ")[2].startswith(_OURS):
        return Stopped("foreign_rule", **facts)
    nic, chain = crossing.nic, ended.rule.chain
    if nic is None:
        return Stopped("dropped_by_rule", where="", **facts)
    name = ground.name(nic)
    if chain in _WHO:
        return Stopped("nic_unknown_to_filter", name=name, **facts)
    if chain in _SPOOFING:
        return Stopped("spoofed", name=name, source=packet.source, **facts)
    if chain not in _JUDGING and not any(each.startswith("c-") for each in ended.chains):
        return Stopped("dropped_by_rule", where="", **facts)
    rule = groups.allowing(nic, crossing.direction, packet, ground.wished.groups, ground.wished.members)
    if rule is not None:
        return Stopped("rule_not_loaded", name=name, wished=rule.id, group=rule.group_id, **facts)
    return _denied(ground, nic, packet, crossing.direction)


def _denied(ground: Ground, nic: NicEntry, packet: Packet, direction: Direction) -> Stopped:
    named = [ground.wished.names.get(group_id, group_id) for group_id in nic.group_ids]
    remote = packet.destination if direction == "egress" else packet.source
    return Stopped(f"{direction}_denied", name=ground.name(nic), groups=named, remote=remote)
