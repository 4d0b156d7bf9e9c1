"""Which tracked flows the rules no longer allow. Pure.

A rule that goes does not end the flows it let in: the kernel accepts what is established. So after every change that
takes something away, the flows are judged by the same rules once more and the doomed ones are cut, and only those.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from kumoi.adapters.linux import addresses, protocols
from kumoi.adapters.linux.addresses import IpNetwork
from kumoi.adapters.linux.netfilter import Flow
from kumoi.contracts.network import Filters
from kumoi.core.groups import Direction, SecurityRule
from kumoi.core.ids import AddressGroupId, GroupId, NetworkId
from kumoi.core.plan import NicEntry

Address = IPv4Address | IPv6Address
_METADATA: Final = frozenset({"169.254.169.254", "fe80::a9fe:a9fe"})
_DHCP_SERVERS: Final = frozenset({67, 547})


class _Judge:
    """The wanted rules, ready to be asked about many flows."""

    def __init__(self, filters: Filters, nics: Iterable[NicEntry], zones: dict[NetworkId, int]) -> None:
        self._groups = {group.id: group.rules for group in filters.groups}
        self._blocks_of: dict[AddressGroupId, tuple[IpNetwork, ...]] = {
            named: tuple(addresses.networks(blocks)) for g in filters.groups for named, blocks in g.blocks.items()
        }
        self._single: dict[GroupId, set[str]] = {}
        self._wide: dict[GroupId, list[IpNetwork]] = {}
        for member in filters.members:
            for block in addresses.networks(member.addresses):
                if block.prefixlen == block.max_prefixlen:
                    self._single.setdefault(member.group_id, set()).add(str(block.network_address))
                else:
                    self._wide.setdefault(member.group_id, []).append(block)
        self._owners: dict[tuple[int, str], NicEntry] = {}
        self._blocks: list[tuple[int, IpNetwork, NicEntry]] = []
        for nic in nics:
            zone = zones.get(nic.network_id)
            if zone is not None and nic.admin_up:
                self._place(zone, nic)

    def _place(self, zone: int, nic: NicEntry) -> None:
        for blocks in addresses.of_nic(nic).values():
            for block in blocks:
                if block.prefixlen == block.max_prefixlen:
                    self._owners[zone, str(block.network_address)] = nic
                else:
                    self._blocks.append((zone, block, nic))

    def allows(self, flow: Flow) -> bool:
        """Both ends that are local nics must agree; a flow that is none of theirs belongs to a nic that is gone."""
        sender, receiver = self._owner(flow.zone, flow.source), self._owner(flow.zone, flow.destination)
        if sender is None and receiver is None:
            return False
        return self._passes(sender, flow, "egress") and self._passes(receiver, flow, "ingress")

    def _owner(self, zone: int, address: str) -> NicEntry | None:
        owner = self._owners.get((zone, address))
        if owner is not None or not self._blocks:
            return owner
        there = ip_address(address)
        return next((nic for z, block, nic in self._blocks if z == zone and there in block), None)

    def _passes(self, nic: NicEntry | None, flow: Flow, direction: Direction) -> bool:
        if nic is None or not nic.port_security or (direction == "egress" and _always(flow)):
            return True
        remote = flow.destination if direction == "egress" else flow.source
        rules = (rule for group in nic.group_ids for rule in self._groups.get(group, ()))
        return any(r.direction == direction and _fits(r, flow) and self._knows(r, remote) for r in rules)

    def _knows(self, rule: SecurityRule, remote: str) -> bool:
        if rule.remote_group_id is not None:
            if remote in self._single.get(rule.remote_group_id, ()):
                return True
            return any(ip_address(remote) in block for block in self._wide.get(rule.remote_group_id, ()))
        if rule.remote_address_group_id is not None:
            return any(ip_address(remote) in block for block in self._blocks_of.get(rule.remote_address_group_id, ()))
        return rule.remote_cidr is None or ip_address(remote) in addresses.network(rule.remote_cidr)


def doomed(
    flows: Iterable[Flow], filters: Filters, nics: tuple[NicEntry, ...], zones: dict[NetworkId, int]
) -> list[Flow]:
    """Those of our zones that the rules would not let begin now. `zones`: network → its bridge's conntrack zone."""
    judge, ours = _Judge(filters, nics, zones), frozenset(zones.values())
    return [flow for flow in flows if flow.zone in ours and not judge.allows(flow)]


def _always(flow: Flow) -> bool:
    """What the filter lets out whatever the groups say."""
    if flow.protocol == protocols.TCP:
        return flow.destination in _METADATA and flow.destination_port == 80
    return flow.protocol == protocols.UDP and flow.destination_port in _DHCP_SERVERS


def _fits(rule: SecurityRule, flow: Flow) -> bool:
    version = 6 if ":" in flow.source else 4
    wanted = protocols.number(rule)
    if (rule.ether_type == "IPv6") != (version == 6) or wanted not in {None, flow.protocol}:
        return False
    low, high = rule.port_min, rule.port_max
    if wanted in {protocols.ICMP, protocols.ICMP6}:
        return low in {None, flow.source_port} and (low is None or high in {None, flow.destination_port})
    if wanted is None or (low is None and high is None):
        return True
    first = low if low is not None else 0
    return first <= flow.destination_port <= (high if high is not None else first)
