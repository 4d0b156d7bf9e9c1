"""Hosts as what they offer and what is held of it: Placement's view of counters and allocation rows. Reading only:
a host says itself what it has, and who runs an instance holds a part of it."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import Aggregate
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId, ProjectId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query
from kumoi.core.quotas import UNLIMITED, Allocation, Counter, host_scope

HOSTS = "host/"


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """`room`: its counters by resource; `held`: by consumer and resource."""

    host: Host
    room: dict[str, Counter]
    held: dict[str, dict[str, int]]
    aggregates: tuple[Aggregate, ...]

    def total(self, resource: str) -> int:
        """What it has, before over-commit."""
        return int(getattr(self.host.capacity, resource))

    def used(self, resource: str) -> int:
        return sum(amounts.get(resource, 0) for amounts in self.held.values())

    def fits(self, amounts: dict[str, int], now: float) -> bool:
        """Whether somebody could hold so much more of it now."""
        if not self.host.enabled or state(self.host, now) != "up":
            return False
        return all(
            r in self.room and (self.room[r].most == UNLIMITED or self.room[r].used + n <= self.room[r].most)
            for r, n in amounts.items()
        )


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What one consumer holds, by host and resource, and whose it is."""

    project_id: str
    user_id: str
    generation: int
    of_hosts: dict[HostId, dict[str, int]]


def find(house: House, call: Call) -> list[Provider]:
    """By name."""
    allow(call, "host.providers")
    return house.store.read(_providers)


def get(house: House, call: Call, host_id: str) -> Provider:
    for one in find(house, call):
        if one.host.id == host_id:
            return one
    raise NotFound("compute", kind="resource_provider", id=host_id)


def holding(house: House, call: Call, consumer: str) -> Holding | None:
    """Of an instance; None where it holds nothing."""
    allow(call, "host.providers")

    def read(tx: Transaction) -> Holding | None:
        one = tx.instances.get(consumer)
        held = [a for a in tx.counters.allocations(consumer) if a.provider.startswith(HOSTS)]
        if one is None or not held:
            return None
        found: dict[HostId, dict[str, int]] = {}
        for allocation in held:
            _add(found.setdefault(_host(allocation), {}), allocation)
        return Holding(project_id=one.project_id, user_id=one.user_id, generation=one.generation, of_hosts=found)

    return house.store.read(read)


def usage(house: House, call: Call, project_id: ProjectId, user_id: str | None = None) -> tuple[dict[str, int], int]:
    """What a project's instances hold, by resource, and how many these are. One's own project, or any for those who
    may."""
    allow(call, "quota.read")
    if project_id != call.actor.project_id and not may(call, "host.providers"):
        allow(call, "host.providers")

    def read(tx: Transaction) -> tuple[dict[str, int], int]:
        held = tx.counters.held(HOSTS)
        consumers = {i.id: i for i in tx.instances.many(tuple({a.consumer for a in held}))}
        counted = {key for key, one in consumers.items() if _is_theirs(one, project_id, user_id)}
        sums: dict[str, int] = {}
        for allocation in held:
            if allocation.consumer in counted:
                _add(sums, allocation)
        return sums, len(counted)

    return house.store.read(read)


def _is_theirs(one: Instance, project_id: str, user_id: str | None) -> bool:
    return one.project_id == project_id and user_id in {None, one.user_id}


def _providers(tx: Transaction) -> list[Provider]:
    rooms: dict[str, dict[str, Counter]] = {}
    for counter in tx.counters.under(HOSTS):
        rooms.setdefault(counter.scope, {})[counter.resource] = counter
    held: dict[str, dict[str, dict[str, int]]] = {}
    for allocation in tx.counters.held(HOSTS):
        _add(held.setdefault(allocation.provider, {}).setdefault(allocation.consumer, {}), allocation)
    aggregates = tx.aggregates.find(Query(order=(Order("number"),)))
    return [
        Provider(
            host=host,
            room=rooms.get(host_scope(host.id), {}),
            held=held.get(host_scope(host.id), {}),
            aggregates=tuple(a for a in aggregates if host.id in a.hosts),
        )
        for host in tx.hosts.find(Query(order=(Order("name"),)))
    ]


def _host(allocation: Allocation) -> HostId:
    return HostId(allocation.provider.removeprefix(HOSTS))


def _add(sums: dict[str, int], allocation: Allocation) -> None:
    sums[allocation.resource] = sums.get(allocation.resource, 0) + allocation.amount
