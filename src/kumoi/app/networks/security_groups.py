"""Doors of security groups and their rules."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.address_groups import ADDRESS_GROUPS
from kumoi.app.networks.default_group import add_group, default_group
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.sharing import Owned, drop_shares
from kumoi.app.writing import Thing, charge, commit, mark_group, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Taken
from kumoi.core.events import Label
from kumoi.core.given import given
from kumoi.core.group_rules import checked, same
from kumoi.core.groups import DEFAULT_GROUP, RuleWish, SecurityGroup, SecurityRule
from kumoi.core.ids import GroupId, ProjectId, RuleId, VpcId
from kumoi.core.policy import allow
from kumoi.core.query import Filter, Query, alive, eq, is_in

# Two rules that differ in one of these are not the same.
_COMPARED = (
    "direction",
    "ether_type",
    "port_min",
    "port_max",
    "remote_cidr",
    "remote_group_id",
    "remote_address_group_id",
)
MADE_FOR = "made_for"
VPC = "vpc"


class GroupWish(msgspec.Struct, frozen=True, kw_only=True):
    """`unique`: EC2's way, the name must be new in its VPC. `vpc_id` is remembered and means nothing else here:
    a group serves all of its project's nics."""

    name: str
    project_id: ProjectId | None = None
    description: str = ""
    stateful: bool = True
    unique: bool = False
    vpc_id: VpcId | None = None


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    stateful: bool | UnsetType = UNSET
    if_generation: int | None = None


class GroupRuleWish(msgspec.Struct, frozen=True, kw_only=True):
    group_id: GroupId
    rule: RuleWish
    project_id: ProjectId | None = None


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with."""

    group: SecurityGroup
    rules: tuple[SecurityRule, ...]
    tags: tuple[str, ...]
    targets: tuple[str, ...] = ()
    vpc_id: VpcId | None = None


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """`of_default`: of a project's default group."""

    rule: SecurityRule
    of_default: bool


def _views(tx: Transaction, rows: list[SecurityGroup]) -> list[GroupView]:
    ids = tuple(r.id for r in rows)
    rules: dict[str, list[SecurityRule]] = {}
    for rule in tx.security_rules.find(Query(filters=(is_in("group_id", ids),))) if ids else ():
        rules.setdefault(rule.group_id, []).append(rule)
    tags = reading.tags_of(tx, "security_group", rows)
    vpcs = _vpcs(tx, ids)
    targets = reading.targets_of(tx, "security_group", ids)
    return [
        GroupView(
            group=r,
            rules=tuple(rules.get(r.id, ())),
            tags=tags.get(r.id, ()),
            targets=targets.get(r.id, ()),
            vpc_id=vpcs.get(r.id),
        )
        for r in rows
    ]


def _rule_views(tx: Transaction, rows: list[SecurityRule]) -> list[RuleView]:
    defaults = {g.id for g in tx.security_groups.many(tuple({r.group_id for r in rows})) if g.name == DEFAULT_GROUP}
    return [RuleView(rule=r, of_default=r.group_id in defaults) for r in rows]


def _vpcs(tx: Transaction, group_ids: tuple[str, ...]) -> dict[str, VpcId]:
    """The VPCs that groups were made for, by group."""
    labels = tx.labels.of("security_group", group_ids, MADE_FOR)
    return {label.resource_id: VpcId(label.value) for label in labels}


GROUPS: Noun[SecurityGroup, GroupView] = Noun(
    kind="security_group",
    action="security_group",
    rows=lambda tx: tx.security_groups,
    views=_views,
    listed=reading.own_and_shared("security_group"),
    shown=reading.shown_if_shared("security_group"),
)
RULES: Noun[SecurityRule, RuleView] = Noun(
    kind="security_rule",
    action="security_group",
    rows=lambda tx: tx.security_rules,
    views=_rule_views,
    listed=lambda tx, call: reading.among("group_id", _seen_groups(tx, call)),
    shown=lambda tx, call, rule: _sees_group(tx, call, rule.group_id),
    mortal=False,
)


def find_groups(house: House, call: Call, query: Query) -> list[GroupView]:
    """Like every list, but a project without a default group (the caller's, or the one asked for) gets it first."""
    allow(call, "security_group.read")
    asked = (
        {f.value for f in query.filters if isinstance(f, Filter) and (f.field, f.op) == ("project_id", "eq")}
        if reading.sees_all(call)
        else ()
    )
    for project_id in {call.project_id, *asked}:
        ensure_default(house, call, ProjectId(str(project_id)))
    return reading.find(house, call, GROUPS, query)


def ensure_default(house: House, call: Call, project_id: ProjectId) -> None:
    """Nothing is written where the group is there, or the project is not."""
    there = Query(filters=(eq("project_id", project_id), eq("name", DEFAULT_GROUP), alive()), limit=1)

    def missing(tx: Transaction) -> bool:
        return not tx.security_groups.find(there) and tx.projects.get(project_id) is not None

    if house.store.read(missing):
        commit(house, lambda tx: default_group(tx, house, call, project_id))


def create_groups(house: House, call: Call, wishes: tuple[GroupWish, ...]) -> list[GroupView]:
    """All of them or none. Names need not be unique unless that is wished, but nothing else is called `default`."""
    allow(call, "security_group.create")
    for wish in wishes:
        if wish.name.lower() == DEFAULT_GROUP:
            raise Taken("network", kind="security_group", name=wish.name)
    return commit(house, lambda tx: _views(tx, [_create(tx, house, call, wish) for wish in wishes]))


def _create(tx: Transaction, house: House, call: Call, wish: GroupWish) -> SecurityGroup:
    project_id = reading.project_for(call, wish.project_id)
    default_group(tx, house, call, project_id)
    if wish.unique:
        _check_new(tx, project_id, wish)
    group = SecurityGroup(
        id=GroupId(house.chance.uuid()),
        project_id=project_id,
        name=wish.name,
        description=wish.description,
        stateful=wish.stateful,
        created_at=call.now,
        updated_at=call.now,
    )
    if wish.vpc_id is not None:
        row_id = house.chance.uuid()
        tx.labels.put(
            Label(
                id=row_id, kind="security_group", resource_id=group.id, namespace=MADE_FOR, key=VPC, value=wish.vpc_id
            )
        )
    return add_group(tx, house, call, group)


def _check_new(tx: Transaction, project_id: ProjectId, wish: GroupWish) -> None:
    """No group of that name was made for the same VPC, or for none."""
    named = Query(filters=(eq("project_id", project_id), eq("name", wish.name), alive()))
    found = tuple(g.id for g in tx.security_groups.find(named))
    vpcs = _vpcs(tx, found)
    if any(vpcs.get(g, wish.vpc_id) == wish.vpc_id for g in found):
        raise Taken("network", kind="security_group", name=wish.name)


def update_group(house: House, call: Call, group_id: GroupId, change: GroupChange) -> GroupView:
    """The default group keeps its name; whether it is stateful changes only while nothing uses it."""
    allow(call, "security_group.update")

    def write(tx: Transaction) -> list[GroupView]:
        group = reading.owned(tx, call, GROUPS, group_id, "update")
        reading.check_generation(GROUPS, group, change.if_generation)
        changed = replace(group, **given(change, "if_generation"), updated_at=call.now)
        if changed.name != group.name and DEFAULT_GROUP in {group.name, changed.name.lower()}:
            raise _default_stays(group)
        if changed.stateful != group.stateful:
            _check_unused(tx, group)
        saved = tx.security_groups.save(changed)
        mark_group(tx, saved.id)
        record(tx, house, call, "security_group.update", Thing("security_group", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_group(house: House, call: Call, group_id: GroupId) -> None:
    """With its rules, and the rules of others that name it. InUse while a nic is in it; the default one stays."""
    allow(call, "security_group.delete")

    def write(tx: Transaction) -> None:
        group = reading.owned(tx, call, GROUPS, group_id, "delete")
        if group.name == DEFAULT_GROUP and not reading.sees_all(call):
            raise _default_stays(group)
        _check_unused(tx, group)
        _drop_group(tx, house, call, group)

    commit(house, write)


def drop_groups_of(tx: Transaction, house: House, call: Call, project_id: ProjectId) -> None:
    """Inside the transaction that ends a project: all its groups, the default one too. InUse while a nic is in one."""
    for group in tx.security_groups.find(Query(filters=(eq("project_id", project_id), alive()))):
        _check_unused(tx, group)
        _drop_group(tx, house, call, group)


def create_rules(house: House, call: Call, wishes: tuple[GroupRuleWish, ...]) -> list[RuleView]:
    """All of them or none. Taken for a rule that lets through what another of the group does."""
    allow(call, "security_group.create")
    canonical = [(wish, checked(wish.rule)) for wish in wishes]
    return commit(
        house, lambda tx: _rule_views(tx, [add_rule(tx, house, call, wish, rule) for wish, rule in canonical])
    )


def delete_rules(house: House, call: Call, rule_ids: tuple[RuleId, ...]) -> None:
    """All of them or none."""
    allow(call, "security_group.delete")

    def write(tx: Transaction) -> None:
        for rule_id in rule_ids:
            rule = reading.owned(tx, call, RULES, rule_id, "delete")
            drop_rule(tx, rule)
            touch_group(tx, rule.group_id, call.now)
            record(tx, house, call, "security_group.delete_rule", Thing("security_rule", rule.id, rule.project_id))

    commit(house, write)


def _default_stays(group: SecurityGroup) -> InUse:
    return InUse("network", kind="default_group", id=group.id, by_kind="project", by_id=group.project_id)


def add_rule(tx: Transaction, house: House, call: Call, wish: GroupRuleWish, rule: RuleWish) -> SecurityRule:
    group = reading.owned(tx, call, GROUPS, wish.group_id, "update")
    if rule.remote_group_id is not None:
        reading.visible(tx, call, GROUPS, rule.remote_group_id)
    if rule.remote_address_group_id is not None:
        reading.visible(tx, call, ADDRESS_GROUPS, rule.remote_address_group_id)
    alike = tuple(eq(field, getattr(rule, field)) for field in _COMPARED)
    for other in tx.security_rules.find(Query(filters=(eq("group_id", group.id), *alike))):
        if same(other, rule):  # however its protocol is spelled
            raise Taken("network", kind="security_rule", name=other.id)
    rule_id = RuleId(house.chance.uuid())
    project_id = reading.project_for(call, wish.project_id or group.project_id)
    charge(tx, project_id, rule_id, security_rules=1)
    made = SecurityRule(
        id=rule_id,
        group_id=group.id,
        project_id=project_id,
        **{field: getattr(rule, field) for field in rule.__struct_fields__},
        created_at=call.now,
        updated_at=call.now,
    )
    tx.security_rules.insert(made)
    touch_group(tx, group.id, call.now)
    thing = Thing("security_rule", rule_id, project_id)
    record(tx, house, call, "security_group.create_rule", thing, {"group_id": group.id})
    return made


def _drop_group(tx: Transaction, house: House, call: Call, group: SecurityGroup) -> None:
    for field in ("group_id", "remote_group_id"):
        for rule in tx.security_rules.find(Query(filters=(eq(field, group.id),))):
            drop_rule(tx, rule)
    tx.security_groups.save(replace(group, deleted_at=call.now, updated_at=call.now))
    tx.counters.give_back(group.id, "project/")
    tx.claims.drop_owner(group.id)
    tx.labels.drop("security_group", group.id)
    drop_shares(tx, Owned(kind="security_group", id=group.id, project_id=group.project_id))
    mark_group(tx, group.id)
    record(tx, house, call, "security_group.delete", Thing("security_group", group.id, group.project_id))


def drop_rule(tx: Transaction, rule: SecurityRule) -> None:
    tx.security_rules.remove(rule.id)
    tx.labels.drop("security_rule", rule.id)
    tx.counters.give_back(rule.id, "project/")
    mark_group(tx, rule.group_id)


def touch_group(tx: Transaction, group_id: GroupId, now: float) -> None:
    """A group's generation rises with its rules."""
    group = reading.there(tx.security_groups.get(group_id), "security_group", group_id)
    tx.security_groups.save(replace(group, updated_at=now))
    mark_group(tx, group_id)


def _check_unused(tx: Transaction, group: SecurityGroup) -> None:
    for nic in tx.nics.find(Query(filters=(eq("group_ids", group.id), alive()), limit=1)):
        raise InUse("network", kind="security_group", id=group.id, by_kind="nic", by_id=nic.id)


def _seen_groups(tx: Transaction, call: Call) -> tuple[str, ...]:
    return tuple(g.id for g in tx.security_groups.find(Query(filters=(*GROUPS.listed(tx, call), alive()))))


def _sees_group(tx: Transaction, call: Call, group_id: GroupId) -> bool:
    group = tx.security_groups.get(group_id)
    if group is None:
        return False
    return group.project_id == call.actor.project_id or GROUPS.shown(tx, call, group)
