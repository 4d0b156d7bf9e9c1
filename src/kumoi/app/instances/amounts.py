"""More and less of what a living instance holds of its host and of its project's quota."""

from kumoi.app.writing import charge
from kumoi.contracts.store import Transaction
from kumoi.core.errors import NoCapacity
from kumoi.core.ids import HostId
from kumoi.core.instances import Instance
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Allocation, host_scope, project_scope


def host_of(tx: Transaction, one: Instance) -> HostId | None:
    """Where it runs, or would."""
    placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
    return placed[0].host_id if placed else None


def take_of_host(tx: Transaction, one: Instance, **amounts: int) -> None:
    """NoCapacity where its host has not so much more: its disk is there, so no other host will do."""
    host_id = host_of(tx, one)
    scope = host_scope(HostId(host_id or ""))
    for resource, amount in amounts.items():
        more = Allocation(consumer=one.id, provider=scope, resource=resource, amount=amount)
        if amount > 0 and not tx.counters.take(more):
            counter = tx.counters.get(scope, resource)
            free = max(0, counter.most - counter.used) if counter else 0
            raise NoCapacity("compute", hosts=1, dropped=[f"{resource}:1"], would_fit=[f"{resource}:{free}"])


def take_of_quota(tx: Transaction, one: Instance, **amounts: int) -> None:
    """Raises QuotaExceeded."""
    charge(tx, one.project_id, one.id, **{r: n for r, n in amounts.items() if n > 0})


def give_to_host(tx: Transaction, one: Instance, **amounts: int) -> None:
    host_id = host_of(tx, one)
    if host_id is not None:
        _lower(tx, one, host_scope(host_id), amounts)


def give_to_quota(tx: Transaction, one: Instance, **amounts: int) -> None:
    _lower(tx, one, project_scope(one.project_id), amounts)


def _lower(tx: Transaction, one: Instance, scope: str, amounts: dict[str, int]) -> None:
    for resource, amount in amounts.items():
        if amount > 0:
            tx.counters.lower(Allocation(consumer=one.id, provider=scope, resource=resource, amount=amount))
