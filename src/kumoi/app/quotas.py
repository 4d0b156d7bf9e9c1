"""Doors of quotas: what a project may have, and has. The charging itself is `writing.charge`."""

from collections.abc import Iterable, Mapping

from kumoi.app.house import House
from kumoi.app.quota_defaults import default_limits
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid
from kumoi.core.ids import ProjectId
from kumoi.core.policy import allow, may
from kumoi.core.quotas import DEFAULT_SCOPE, UNLIMITED, Counter, Resource, project_scope

Limits = Mapping[Resource, int] | Mapping[str, int]  # texts: those of single volume types too


def quota(house: House, call: Call, project_id: ProjectId) -> dict[str, Counter]:
    """Counters by resource; those that were never set have the default limit and no use."""
    _check_sees(call, project_id)
    return house.store.read(lambda tx: _counters(tx, project_id))


def changed_quotas(house: House, call: Call) -> dict[ProjectId, dict[str, Counter]]:
    """The projects whose limits are not all the default ones."""
    allow(call, "quota.update")

    def read(tx: Transaction) -> dict[ProjectId, dict[str, Counter]]:
        found: dict[ProjectId, dict[str, Counter]] = {}
        for counter in tx.counters.under(project_scope(ProjectId(""))):
            found.setdefault(ProjectId(counter.scope.partition("/")[2]), {})[counter.resource] = counter
        usual = default_limits(tx)
        return {
            project: counters
            for project, counters in found.items()
            if any(usual.get(c.resource, c.most) != c.most for c in counters.values())
        }

    return house.store.read(read)


def set_quota(
    house: House, call: Call, project_id: ProjectId, limits: Limits, *, below_use: bool = True
) -> dict[str, Counter]:
    """`below_use` False: refuse a limit under what is used already (Invalid, reason below_use)."""
    allow(call, "quota.update")
    _check_range(limits)

    def write(tx: Transaction) -> dict[str, Counter]:
        now = _counters(tx, project_id)
        for resource, most in limits.items():
            used = now[resource].used if resource in now else 0
            if not below_use and most != UNLIMITED and used > most:
                raise Invalid("quota", field=resource, reason="below_use", value=most, used=used)
            tx.counters.set_most(project_scope(project_id), resource, most)
        record(tx, house, call, "quota.update", Thing("quota", project_id, project_id), dict(limits.items()))
        return _counters(tx, project_id)

    return house.store.write(write)


def reset_quota(house: House, call: Call, project_id: ProjectId, resources: Iterable[str]) -> None:
    """The default limits again."""
    allow(call, "quota.update")
    usual = house.store.read(default_limits)
    set_quota(house, call, project_id, {r: usual.get(r, UNLIMITED) for r in resources})


def defaults(house: House, call: Call) -> dict[str, int]:
    """What projects have that have nothing of their own."""
    allow(call, "quota.read")
    return house.store.read(default_limits)


def set_defaults(house: House, call: Call, limits: Limits) -> dict[str, int]:
    """For projects to come, and for those that have the default limit now."""
    allow(call, "quota.update")
    _check_range(limits)
    wished: dict[str, int] = dict(limits.items())

    def write(tx: Transaction) -> dict[str, int]:
        before = default_limits(tx)
        for counter in tx.counters.under(project_scope(ProjectId(""))):
            most = wished.get(counter.resource)
            if most is not None and counter.most == before.get(counter.resource, UNLIMITED):
                tx.counters.set_most(counter.scope, counter.resource, most)
        for resource, most in limits.items():
            tx.counters.set_most(DEFAULT_SCOPE, resource, most)
        record(tx, house, call, "quota.update", Thing("quota", DEFAULT_SCOPE, ""), dict(limits.items()))
        return default_limits(tx)

    return house.store.write(write)


def _check_range(limits: Limits) -> None:
    for resource, most in limits.items():
        if most < UNLIMITED or most >= 2**31:
            raise Invalid("quota", field=resource, reason="range", bound=f"from -1 to {2**31 - 1}", value=most)


def _check_sees(call: Call, project_id: ProjectId) -> None:
    allow(call, "quota.read")
    if project_id != call.actor.project_id and not may(call, "quota.update"):
        raise Forbidden("quota", action="quota.read", needs=["admin"])


def _counters(tx: Transaction, project_id: ProjectId) -> dict[str, Counter]:
    scope = project_scope(project_id)
    found = {r: Counter(scope=scope, resource=r, used=0, most=most) for r, most in default_limits(tx).items()}
    # The prefix of one project's scope may be another's too.
    return {**found, **{c.resource: c for c in tx.counters.under(scope) if c.scope == scope}}
