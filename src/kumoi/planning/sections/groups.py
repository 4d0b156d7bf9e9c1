"""The entries of a security group's section: the group with its rules, and its members."""

from collections.abc import Iterable

from kumoi.core.address_groups import AddressGroup
from kumoi.core.groups import SecurityGroup, SecurityRule
from kumoi.core.nics import Nic
from kumoi.core.plan import GroupEntry, MemberEntry


def group_entry(group: SecurityGroup, rules: tuple[SecurityRule, ...], named: Iterable[AddressGroup]) -> GroupEntry:
    """Rules in the order of their ids, so that the same rules make the same bytes. `named`: the address groups that
    the rules name."""
    return GroupEntry(
        id=group.id,
        rules=tuple(sorted(rules, key=lambda r: r.id)),
        stateful=group.stateful,
        blocks={a.id: a.addresses for a in sorted(named, key=lambda a: a.id)},
    )


def member_entry(nic: Nic, group: SecurityGroup) -> MemberEntry:
    """The nic's own addresses and the pairs that it is allowed."""
    own = [ip.address for ip in nic.fixed_ips]
    return MemberEntry(id=nic.id, group_id=group.id, addresses=(*own, *(p.address for p in nic.pairs)))
