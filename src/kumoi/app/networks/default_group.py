"""The security group that every project has: made when first needed."""

from kumoi.app.house import House
from kumoi.app.writing import Thing, charge, mark_group, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.default_rules import rules_for
from kumoi.core.errors import Taken
from kumoi.core.groups import DEFAULT_GROUP, SecurityGroup, SecurityRule
from kumoi.core.ids import GroupId, ProjectId, RuleId
from kumoi.core.query import Order, Query, alive, eq
from kumoi.core.quotas import Allocation, Claim, Resource, project_scope


def default_group(tx: Transaction, house: House, call: Call, project_id: ProjectId) -> SecurityGroup:
    """The project's group `default`: members reach each other, and all outside. Its name is claimed: there is one."""
    found = tx.security_groups.find(
        Query(filters=(eq("project_id", project_id), eq("name", DEFAULT_GROUP), alive()), limit=1)
    )
    return found[0] if found else add_group(tx, house, call, _default(house, call, project_id))


def add_group(tx: Transaction, house: House, call: Call, group: SecurityGroup) -> SecurityGroup:
    """Write a group with the rules that a new one has. The default one counts where it fits; no quota refuses it."""
    may_refuse = group.name != DEFAULT_GROUP
    _charge(tx, group.project_id, group.id, "security_groups", may_refuse=may_refuse)
    if not may_refuse:
        key = f"group/{group.project_id}/{DEFAULT_GROUP}"
        if not tx.claims.take(Claim(kind="name", key=key, owner=group.id, at=call.now)):
            raise Taken("network", kind="security_group", name=DEFAULT_GROUP)
    tx.security_groups.insert(group)
    for draft in rules_for(group, tx.default_rules.find(Query(order=(Order("created_at"),)))):
        rule = SecurityRule(
            id=RuleId(house.chance.uuid()),
            group_id=group.id,
            project_id=group.project_id,
            **{field: getattr(draft, field) for field in draft.__struct_fields__},
            created_at=call.now,
            updated_at=call.now,
        )
        _charge(tx, group.project_id, rule.id, "security_rules", may_refuse=may_refuse)
        tx.security_rules.insert(rule)
    mark_group(tx, group.id)
    record(tx, house, call, "security_group.create", Thing("security_group", group.id, group.project_id))
    return group


def _charge(tx: Transaction, project_id: ProjectId, consumer: str, resource: Resource, *, may_refuse: bool) -> None:
    if may_refuse:
        charge(tx, project_id, consumer, **{resource: 1})
    else:
        # Where the quota is full it does not fit, and is not counted: a project without its group could do nothing.
        tx.counters.take(Allocation(consumer=consumer, provider=project_scope(project_id), resource=resource, amount=1))


def _default(house: House, call: Call, project_id: ProjectId) -> SecurityGroup:
    return SecurityGroup(
        id=GroupId(house.chance.uuid()),
        project_id=project_id,
        name=DEFAULT_GROUP,
        description="Default security group",
        created_at=call.now,
        updated_at=call.now,
    )
