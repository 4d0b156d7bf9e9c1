"""What bears on an instance's place besides room: its zone, its server group, other instances that are named."""

from collections import Counter
from collections.abc import Iterable

from kumoi.app.instances.wish import RunWish
from kumoi.app.quota_defaults import check_single
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE, zones
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import may
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.planning.neighbours import Neighbours


def zones_of(tx: Transaction) -> dict[HostId, str]:
    """Of hosts that are in another than the default one."""
    return zones(tx.aggregates.find(Query()))


def check_zone(of_hosts: dict[HostId, str], zone: str) -> None:
    """Invalid for a zone that no host is in."""
    if zone not in {"", ZONE, *of_hosts.values()}:
        raise Invalid("compute", field="availability_zone", reason="not_in_enum", value=zone)


def neighbours_of(tx: Transaction, call: Call, wish: RunWish) -> Neighbours:
    """Raises Invalid for a group or an instance that is not there, QuotaExceeded for a group that is full."""
    beside, apart = (_hosts_of(tx, call, ids) for ids in (wish.same_host, wish.different_host))
    found = Neighbours(beside=frozenset(beside) if wish.same_host else None, apart=frozenset(apart))
    if not wish.server_group_id:
        return found
    group = tx.server_groups.get(wish.server_group_id)
    if group is None or group.project_id != call.project_id:
        raise Invalid("compute", field="group", reason="no_such_server_group", value=wish.server_group_id)
    members = members_of(tx, (group.id,))
    check_single(tx, call.project_id, "server_group_members", wish.count_min, used=len(members))
    here = Counter(_placed(tx, (m.id for m in members)))
    return Neighbours(
        policy=group.policy,
        most_per_host=group.most_per_host or 1,
        here=dict(here),
        beside=found.beside,
        apart=found.apart,
    )


def members_of(tx: Transaction, group_ids: Iterable[str]) -> list[Instance]:
    """The living instances of these server groups, oldest first."""
    found = tx.instances.find(Query(filters=(is_in("server_group_id", tuple(group_ids)), alive())))
    return sorted(found, key=lambda one: (one.created_at, one.launch_index, one.id))


def _hosts_of(tx: Transaction, call: Call, ids: tuple[InstanceId, ...]) -> list[HostId]:
    for instance_id in ids:
        one = tx.instances.get(instance_id)
        hidden = one is not None and one.project_id != call.project_id and not may(call, "instance.all_projects")
        if one is None or one.deleted_at is not None or hidden:
            raise Invalid("compute", field="scheduler_hints", reason="no_such_instance", value=instance_id)
    return _placed(tx, ids)


def _placed(tx: Transaction, ids: Iterable[InstanceId]) -> list[HostId]:
    query = Query(filters=(is_in("instance_id", tuple(ids)), eq("role", "run")))
    return [p.host_id for p in tx.placements.find(query)]
