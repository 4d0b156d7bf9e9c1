"""What doors do inside their transaction besides writing rows: charge quota, claim, mark the plan, record events.

Every change to something that a host must know leaves a mark; the stamper in control makes entries of the marks.
This file is the one place that knows which sections a noun's change touches.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.quota_defaults import default_limit, default_limits
from kumoi.contracts.store import Transaction
from kumoi.core import instances
from kumoi.core.call import Call
from kumoi.core.conditions import Facts
from kumoi.core.errors import QuotaExceeded
from kumoi.core.events import Event
from kumoi.core.ids import (
    GroupId,
    HostId,
    InstanceId,
    NetworkId,
    ProjectId,
    VpcId,
    group_section,
    host_section,
    network_section,
)
from kumoi.core.instances import Instance
from kumoi.core.nics import Nic
from kumoi.core.plan import entry_id
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Allocation, project_scope

T = TypeVar("T")
MARKS_TOPIC = "marks"
INSTANCE_TOPIC = "instance"


class Thing:
    """Names the subject of an event."""

    __slots__ = ("kind", "project_id", "resource_id")

    def __init__(self, kind: str, resource_id: str, project_id: str) -> None:
        self.kind = kind
        self.resource_id = resource_id
        self.project_id = project_id


def commit(house: House, fn: Callable[[Transaction], T]) -> T:
    """Run a door's transaction, then hint the stamper that there may be marks."""
    done = house.store.write(fn)
    house.hints.publish(MARKS_TOPIC, "")
    return done


def record(tx: Transaction, house: House, call: Call, action: str, thing: Thing, facts: Facts | None = None) -> None:
    """Write the event of what this door does, in the door's own transaction."""
    tx.events.add(
        Event(
            id=house.chance.uuid(),
            at=call.now,
            action=action,
            kind=thing.kind,
            resource_id=thing.resource_id,
            project_id=thing.project_id,
            user_id=call.actor.user_id,
            request_id=call.request_id,
            facts=facts or {},
        )
    )


def charge(tx: Transaction, project: ProjectId, consumer: str, **amounts: int) -> None:
    """Take quota units for `consumer`, or raise QuotaExceeded naming the first resource that does not fit.

    They go back by `tx.counters.give_back(consumer, "project/")`.
    """
    scope = project_scope(project)
    for resource, amount in amounts.items():
        if amount == 0:
            continue
        taken = tx.counters.take(Allocation(consumer=consumer, provider=scope, resource=resource, amount=amount))
        if taken:
            continue
        counter = tx.counters.get(scope, resource)
        usual = default_limit(tx, resource)
        if counter is None and usual is not None:
            # A project older than the resource.
            tx.counters.set_most(scope, resource, usual)
            charge(tx, project, consumer, **{resource: amount})
            continue
        raise QuotaExceeded(
            "quota",
            resource=resource,
            wanted=amount,
            used=counter.used if counter else 0,
            limit=counter.most if counter else 0,
        )


def open_quota(tx: Transaction, project: ProjectId) -> None:
    """Give a new project its counters with the default limits."""
    for resource, most in default_limits(tx).items():
        tx.counters.set_most(project_scope(project), resource, most)


# --- marks ------------------------------------------------------------------------------------------


def mark_instance(tx: Transaction, instance_id: InstanceId) -> None:
    """The instance's own entry, on every host it is placed on."""
    for placement in tx.placements.find(Query(filters=(eq("instance_id", instance_id),))):
        tx.sections.mark(host_section(placement.host_id), entry_id("instance", instance_id))


def mark_vpc(tx: Transaction, vpc_id: VpcId, host_id: HostId | None) -> None:
    """The router's entry on the host where it runs."""
    if host_id is not None:
        tx.sections.mark(host_section(host_id), entry_id("vpc", vpc_id))


def mark_network(tx: Transaction, network_id: NetworkId) -> None:
    tx.sections.mark(network_section(network_id), entry_id("network", network_id))


def mark_subnet(tx: Transaction, network_id: NetworkId, subnet_id: str) -> None:
    tx.sections.mark(network_section(network_id), entry_id("subnet", subnet_id))


def mark_nic(tx: Transaction, nic: Nic, former_groups: tuple[GroupId, ...] = ()) -> None:
    """The nic on its network, its membership in its (and its former) groups, and what it is plugged into."""
    tx.sections.mark(network_section(nic.network_id), entry_id("nic", nic.id))
    for group_id in {*nic.group_ids, *former_groups}:
        tx.sections.mark(group_section(group_id), entry_id("member", nic.id))
    if nic.instance_id is not None:
        mark_instance(tx, nic.instance_id)
    if nic.vpc_id is not None:
        vpc = tx.vpcs.get(nic.vpc_id)
        mark_vpc(tx, nic.vpc_id, vpc.host_id if vpc else None)


def mark_group(tx: Transaction, group_id: GroupId) -> None:
    tx.sections.mark(group_section(group_id), entry_id("group", group_id))


# --- the status projection ----------------------------------------------------------------------------


def project_status(tx: Transaction, instance: Instance, now: float) -> Instance:
    """The instance with its status as it follows from everything known in this transaction (not saved)."""
    status = instances.status_of(instance, tx.observations.get(instance.id))
    if status == instance.status:
        return instance
    return replace(instance, status=status, status_changed_at=now)
