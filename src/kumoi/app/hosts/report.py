"""A host tells all that it sees: observations are renewed, statuses follow, and what is proved absent is purged.

Absence is proved only by a report made under a plan that says absent (its `acted` serial), in which the thing is
not seen.
"""

from msgspec.structs import replace

from kumoi.app.hosts.fetch import check_epoch, check_session
from kumoi.app.hosts.proof import take_proofs
from kumoi.app.house import House
from kumoi.app.writing import INSTANCE_TOPIC, mark_instance, project_status
from kumoi.contracts.store import Transaction
from kumoi.core.conditions import Condition, Facts, Ready, same_reason
from kumoi.core.events import Event
from kumoi.core.hosts import Host
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance, Observation
from kumoi.core.plan import Report, SeenInstance
from kumoi.core.query import Query, eq

TOUCH_S = 15.0


def take_report(house: House, report: Report) -> None:
    """Raises Stale when the session, epoch or sequence is old: such a report says nothing."""
    check_epoch(house, report.host_id, report.epoch)
    now = house.clock.now()

    def write(tx: Transaction) -> list[InstanceId]:
        check_session(tx, report.host_id, report.session)
        host = tx.hosts.get(report.host_id)
        if host is None or report.sequence <= host.sequence:
            return []
        tx.hosts.save(replace(host, sequence=report.sequence, seen_at=now, boot_id=report.boot_id))
        return _observe(tx, house, host, report, now)

    for instance_id in house.store.write(write):
        house.hints.publish(INSTANCE_TOPIC, instance_id)


def touch(house: House, report: Report) -> None:
    """An unchanged report: nothing is written but, now and then, that the host was heard."""
    now = house.clock.now()

    def write(tx: Transaction) -> None:
        check_session(tx, report.host_id, report.session)
        host = tx.hosts.get(report.host_id)
        if host is not None:
            tx.hosts.save(replace(host, seen_at=now))

    host = house.store.read(lambda tx: tx.hosts.get(report.host_id))
    if host is None or now - host.seen_at > TOUCH_S:
        house.store.write(write)


def _observe(tx: Transaction, house: House, host: Host, report: Report, now: float) -> list[InstanceId]:
    seen = {s.id: s for s in report.instances}
    known = {o.id: o for o in tx.observations.find(Query(filters=(eq("host_id", host.id),)))}
    changed: list[InstanceId] = []
    wanted = {i.id: i for i in tx.instances.many(tuple({*seen, *known}))}
    for instance_id, one in wanted.items():
        new = _observation(known.get(instance_id), seen.get(instance_id), instance_id, report, now)
        if new is None:
            continue
        _keep(tx, known.get(instance_id), new)
        _follow(tx, house, one, new, now)
        changed.append(instance_id)
    take_proofs(tx, house, host, report, now)
    return changed


def _observation(
    old: Observation | None, seen: SeenInstance | None, instance_id: InstanceId, report: Report, now: float
) -> Observation | None:
    """The new observation, or None when it says what is known already."""
    if seen is None:
        if old is None or old.power == "missing":
            return None
        return replace(old, power="missing", reported_at=now)
    first = old.first_running_at if old else 0.0
    if seen.power == "running" and first == 0.0:
        first = now
    if old is not None and _says_the_same(old, seen):
        return None
    return Observation(
        id=instance_id,
        host_id=report.host_id,
        power=seen.power,
        runs_done=seen.runs_done,
        reboots_done=seen.reboots_done,
        ended_by=seen.ended_by,
        condition=None if isinstance(seen.condition, Ready) else seen.condition,
        first_running_at=first,
        reported_at=now,
    )


def _says_the_same(old: Observation, seen: SeenInstance) -> bool:
    condition: Condition = old.condition if old.condition is not None else Ready()
    return (
        old.power == seen.power
        and old.runs_done == seen.runs_done
        and old.reboots_done == seen.reboots_done
        and old.ended_by == seen.ended_by
        and same_reason(condition, seen.condition)
    )


def _keep(tx: Transaction, old: Observation | None, new: Observation) -> None:
    if old is None:
        tx.observations.insert(new)
    else:
        tx.observations.save(new)


def _follow(tx: Transaction, house: House, one: Instance, seen: Observation, now: float) -> None:
    """Let the instance follow what was seen: a guest that ended its own run is wished off; the status is projected."""
    after = one
    if one.power == "on" and seen.ended_by == "guest" and seen.runs_done == one.run_wanted and one.deleted_at is None:
        after = replace(after, power="off", updated_at=now)
        mark_instance(tx, one.id)
    after = project_status(tx, after, now)
    if after is one:
        return
    tx.instances.save(after)
    if after.status != one.status:
        facts: Facts = {"before": one.status, "after": after.status, "host": seen.host_id}
        if seen.ended_by:
            facts["ended_by"] = seen.ended_by
        tx.events.add(
            Event(
                id=house.chance.uuid(),
                at=now,
                action="instance.status",
                kind="instance",
                resource_id=one.id,
                project_id=one.project_id,
                user_id="",
                request_id="",
                facts=facts,
            )
        )
