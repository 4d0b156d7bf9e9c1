"""The entries of a security group's section: the group with its rules, and its members."""

from kumoi.core.groups import SecurityGroup, SecurityRule
from kumoi.core.nics import Nic
from kumoi.core.plan import GroupEntry, MemberEntry


def group_entry(group: SecurityGroup, rules: tuple[SecurityRule, ...]) -> GroupEntry:
    """Rules in the order of their ids, so that the same rules make the same bytes."""
    return GroupEntry(id=group.id, rules=tuple(sorted(rules, key=lambda r: r.id)), stateful=group.stateful)


def member_entry(nic: Nic, group: SecurityGroup) -> MemberEntry:
    """The nic's own addresses and the pairs that it is allowed."""
    own = [ip.address for ip in nic.fixed_ips]
    return MemberEntry(id=nic.id, group_id=group.id, addresses=(*own, *(p.address for p in nic.pairs)))
