"""Which rule of its groups lets a nic's packet in or out, as was wished; none: it is to be dropped. Pure."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network

from kumoi.core.group_rules import protocol_number
from kumoi.core.groups import Direction, SecurityRule
from kumoi.core.ids import GroupId
from kumoi.core.plan import GroupEntry, MemberEntry, NicEntry
from kumoi.planning.explain.rules import Packet

_ICMP = frozenset({1, 58})


def allowing(
    nic: NicEntry,
    direction: Direction,
    packet: Packet,
    groups: Mapping[GroupId, GroupEntry],
    members: Iterable[MemberEntry],
) -> SecurityRule | None:
    remote = packet.destination if direction == "egress" else packet.source
    known = tuple(members)
    for group in (groups[group_id] for group_id in nic.group_ids if group_id in groups):
        for rule in group.rules:
            if rule.direction == direction and _fits(rule, packet) and _knows(rule, remote, group, known):
                return rule
    return None


def _fits(rule: SecurityRule, packet: Packet) -> bool:
    if rule.ether_type != f"IPv{packet.version}":
        return False
    number = protocol_number(rule.protocol)
    if number is not None and number != packet.protocol and not {number, packet.protocol} <= _ICMP:
        return False
    if packet.protocol in _ICMP:
        return rule.port_min in {None, 8, 128}
    if rule.port_min is None and rule.port_max is None:
        return True
    low = rule.port_min if rule.port_min is not None else 0
    return low <= packet.destination_port <= (rule.port_max if rule.port_max is not None else low)


def _knows(rule: SecurityRule, remote: str, group: GroupEntry, members: tuple[MemberEntry, ...]) -> bool:
    if rule.remote_group_id is not None:
        return _within(remote, (text for m in members if m.group_id == rule.remote_group_id for text in m.addresses))
    if rule.remote_address_group_id is not None:
        return _within(remote, group.blocks.get(rule.remote_address_group_id, ()))
    return rule.remote_cidr is None or _within(remote, (rule.remote_cidr,))


def _within(address: str, blocks: Iterable[str]) -> bool:
    there = ip_address(address)
    return any(there in block for text in blocks if (block := ip_network(text, strict=False)).version == there.version)
