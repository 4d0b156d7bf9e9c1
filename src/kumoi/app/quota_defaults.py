"""The limits of a project that has none of its own: those of the program, and what administrators made of them.

Inside a transaction; the doors are `quotas`.
"""

from kumoi.contracts.store import Transaction
from kumoi.core.errors import QuotaExceeded
from kumoi.core.ids import ProjectId
from kumoi.core.quotas import DEFAULT_QUOTA, DEFAULT_SCOPE, UNLIMITED, Resource, project_scope


def default_limits(tx: Transaction) -> dict[str, int]:
    """By resource; those of single volume types (`volumes/TYPE`) only where they were set."""
    changed = {c.resource: c.most for c in tx.counters.under(DEFAULT_SCOPE) if c.scope == DEFAULT_SCOPE}
    return {**dict(DEFAULT_QUOTA.items()), **changed}


def default_limit(tx: Transaction, resource: str) -> int | None:
    """None for what is no resource. Where a volume type's was not set, there is no limit."""
    counter = tx.counters.get(DEFAULT_SCOPE, resource)
    if counter is not None:
        return counter.most
    return dict[str, int](DEFAULT_QUOTA.items()).get(resource, UNLIMITED if "/" in resource else None)


def check_single(tx: Transaction, project_id: ProjectId, resource: Resource, amount: int, *, used: int = 0) -> None:
    """QuotaExceeded where so much is too much for one thing: what is bounded, but never counted over a project."""
    counter = tx.counters.get(project_scope(project_id), resource)
    most = counter.most if counter is not None else default_limits(tx)[resource]
    if 0 <= most < used + amount:
        raise QuotaExceeded("quota", resource=resource, wanted=amount, used=used, limit=most)
