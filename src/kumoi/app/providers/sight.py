"""Providers as they are: clients' rows, and hosts with what was written about them. Within a transaction."""

from collections.abc import Iterable

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import Aggregate
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host, state
from kumoi.core.providers import Offer, ResourceProvider, counter_of, of_host, own_inventories, own_traits, scope_of
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Counter
from kumoi.core.resource_classes import class_of

HOSTS = "host/"


def find(tx: Transaction, house: House) -> list[ResourceProvider]:
    """By name."""
    rows: dict[str, ResourceProvider] = {row.id: row for row in tx.resource_providers.find(Query())}
    groups = tx.aggregates.find(Query(order=(Order("number"),)))
    found = [_seen(house, host, rows.pop(host.id, None), groups) for host in tx.hosts.find(Query())]
    return sorted([*found, *rows.values()], key=lambda one: one.name)


def get(tx: Transaction, house: House, row_id: str, reason: str = "no_provider") -> ResourceProvider:
    """Raises NotFound."""
    row = tx.resource_providers.get(row_id)
    host = tx.hosts.get(row_id)
    if host is not None:
        return _seen(house, host, row, tx.aggregates.find(Query(order=(Order("number"),))))
    if row is None:
        raise NotFound("compute", kind="resource_provider", id=row_id, reason=reason)
    return row


def kept(tx: Transaction, house: House, seen: ResourceProvider, now: float) -> ResourceProvider:
    """The row that a change is written into; a host has none before the first. It is called by the host's id: the name
    is the host's own, and told by it."""
    row = tx.resource_providers.get(seen.id)
    if row is None:
        row = ResourceProvider(
            id=seen.id, name=seen.id, root_id=seen.id, is_host=True, created_at=now, updated_at=now
        )  # fmt: skip
        tx.resource_providers.insert(row)
    return row


def children(tx: Transaction, row_id: str) -> list[ResourceProvider]:
    return tx.resource_providers.find(Query(filters=(eq("parent_id", row_id),)))


def used(tx: Transaction, one: ResourceProvider) -> dict[str, int]:
    """How much of each class is held; of those that it has, nothing too."""
    return dict.fromkeys(one.inventories, 0) | _held(tx.counters.under(scope_of(one)), one)


def offers(tx: Transaction, house: House, now: float) -> list[Offer]:
    """All of them, by name, with what is held and whether more may be."""
    counters: dict[str, list[Counter]] = {}
    for prefix in (HOSTS, "provider/"):
        for counter in tx.counters.under(prefix):
            counters.setdefault(counter.scope, []).append(counter)
    closed = {str(host.id) for host in tx.hosts.find(Query()) if not host.enabled or state(host, now) != "up"}
    return [
        Offer(
            provider=one,
            used=_held(counters.get(scope_of(one), ()), one),
            open=one.id not in closed,
        )
        for one in find(tx, house)
    ]


def open_counters(tx: Transaction, one: ResourceProvider) -> None:
    """From now on so much may be held of each class; of what it has not, nothing."""
    scope = scope_of(one)
    most = {counter_of(one, name): max(0, has.capacity) for name, has in one.inventories.items()}
    for resource, bound in most.items():
        tx.counters.set_most(scope, resource, bound)
    for counter in tx.counters.under(scope):
        if counter.resource not in most:
            if counter.used:
                tx.counters.set_most(scope, counter.resource, 0)
            else:
                tx.counters.drop(scope, counter.resource)


def class_in(one: ResourceProvider, resource: str) -> str:
    """What a counter of this provider counts."""
    return class_of(resource) if one.is_host else resource


def ratios(house: House) -> dict[str, float]:
    return {"VCPU": house.rules.cpu_overcommit, "MEMORY_MB": house.rules.memory_overcommit}


def _held(counters: Iterable[Counter], one: ResourceProvider) -> dict[str, int]:
    return {class_in(one, c.resource): c.used for c in counters}


def _seen(house: House, host: Host, row: ResourceProvider | None, groups: Iterable[Aggregate]) -> ResourceProvider:
    own = own_inventories(host, ratios(house))
    in_groups = (group.id for group in groups if host.id in group.hosts)
    return of_host(host, row, own, own_traits(host, house.clock.now()), in_groups)
