"""Doors of server groups. Who joins one is said when an instance is made: `app.instances.whereabouts`."""

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.whereabouts import members_of
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.ids import InstanceId, ServerGroupId
from kumoi.core.names import check_name
from kumoi.core.policy import allow, sees
from kumoi.core.query import Order, Query, eq
from kumoi.core.server_groups import GroupPolicy, ServerGroup

NAME_MOST = 255


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    group: ServerGroup
    members: tuple[InstanceId, ...]


def create(house: House, call: Call, name: str, policy: GroupPolicy, most_per_host: int = 0) -> GroupView:
    """`most_per_host`: for anti-affinity only. Raises Invalid, QuotaExceeded."""
    allow(call, "server_group.create")
    check_name(name, NAME_MOST)
    if most_per_host and policy != "anti-affinity":
        raise Invalid("compute", field="rules", reason="rules_of_other_policy", value=policy)
    group = ServerGroup(
        id=ServerGroupId(house.chance.uuid()),
        project_id=call.project_id,
        user_id=call.actor.user_id,
        name=name,
        policy=policy,
        most_per_host=most_per_host,
        created_at=call.now,
    )

    def write(tx: Transaction) -> None:
        charge(tx, call.project_id, group.id, server_groups=1)
        tx.server_groups.insert(group)
        record(tx, house, call, "server_group.create", Thing("server_group", group.id, group.project_id))

    house.store.write(write)
    return GroupView(group=group, members=())


def get(house: House, call: Call, group_id: ServerGroupId) -> GroupView:
    allow(call, "server_group.read")
    return house.store.read(lambda tx: _views(tx, [_visible(tx, call, group_id)])[0])


def find(house: House, call: Call, *, all_projects: bool = False) -> list[GroupView]:
    """The oldest first."""
    allow(call, "server_group.read")
    query = Query(order=(Order("created_at"),))
    if all_projects:
        allow(call, "server_group.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: _views(tx, tx.server_groups.find(query)))


def delete(house: House, call: Call, group_id: ServerGroupId) -> None:
    """Its instances stay where they are; nothing is placed by it any more."""
    allow(call, "server_group.delete")

    def write(tx: Transaction) -> None:
        group = _visible(tx, call, group_id)
        tx.server_groups.remove(group.id)
        tx.counters.give_back(group.id, "project/")
        record(tx, house, call, "server_group.delete", Thing("server_group", group.id, group.project_id))

    house.store.write(write)


def _visible(tx: Transaction, call: Call, group_id: ServerGroupId) -> ServerGroup:
    found = tx.server_groups.get(group_id)
    if found is None or not sees(call, found.project_id, "server_group.all_projects"):
        raise NotFound("compute", kind="server_group", id=group_id)
    return found


def _views(tx: Transaction, groups: list[ServerGroup]) -> list[GroupView]:
    members: dict[ServerGroupId, list[InstanceId]] = {}
    for one in members_of(tx, (g.id for g in groups)):
        members.setdefault(one.server_group_id, []).append(one.id)
    return [GroupView(group=g, members=tuple(members.get(g.id, ()))) for g in groups]
