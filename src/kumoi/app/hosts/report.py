"""A host tells all that it sees: observations are renewed, statuses follow, and what is proved absent is purged.

Absence is proved only by a report made under a plan that says absent (its `acted` serial), in which the thing is
not seen.
"""

import hashlib

import msgspec
from msgspec.structs import replace

from kumoi.app.hosts.fetch import check_epoch, check_session
from kumoi.app.hosts.proof import proof_awaited, take_proofs
from kumoi.app.hosts.troubles import take_troubles
from kumoi.app.house import House
from kumoi.app.instances.shelve import offloaded
from kumoi.app.volumes.sight import follow_instance, observe_snapshots, observe_volumes
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
STRAYS_MOST = 1000  # that are remembered of one host: one gone mad fills no database


def take_report(house: House, report: Report) -> None:
    """Raises Stale when the session or epoch is old; a report with an old sequence says nothing.

    An unchanged one writes nothing but, now and then, that the host was heard; unless it proves what waits for proof.
    """
    check_epoch(house, report.host_id, report.epoch)
    now, digest = house.clock.now(), _digest(report)

    def news(tx: Transaction) -> bool:
        check_session(tx, report.host_id, report.session)
        host = tx.hosts.get(report.host_id)
        unheard = host is None or now - host.seen_at > TOUCH_S
        return unheard or host is None or host.report_digest != digest or proof_awaited(tx, host, report)

    def write(tx: Transaction) -> list[InstanceId]:
        check_session(tx, report.host_id, report.session)
        host = tx.hosts.get(report.host_id)
        if host is None or report.sequence <= host.sequence:
            return []
        heard = replace(host, sequence=report.sequence, report_digest=digest, seen_at=now, boot_id=report.boot_id)
        strays = tuple(f"{stray.kind}/{stray.name}" for stray in report.strays[:STRAYS_MOST])
        tx.hosts.save(replace(heard, halted=report.halted, strays=strays))
        changed: list[InstanceId] = []
        if host.report_digest != digest:
            changed = _observe(tx, house, host, report, now)
            observe_volumes(tx, house, host, report, now)
            observe_snapshots(tx, house, host, report, now)
            take_troubles(tx, house, host, report, now)
        take_proofs(tx, house, host, report, now)
        return changed

    if house.store.read(news):
        for instance_id in house.store.write(write):
            house.hints.publish(INSTANCE_TOPIC, instance_id)


def _digest(report: Report) -> str:
    """Of everything that it says, its number left out."""
    return hashlib.sha256(msgspec.json.encode(replace(report, sequence=0))).hexdigest()


def _observe(tx: Transaction, house: House, host: Host, report: Report, now: float) -> list[InstanceId]:
    """Only of instances that are placed on this host: one that is seen elsewhere is a stray there."""
    on_host = Query(filters=(eq("host_id", host.id),))
    placed = {p.instance_id for p in tx.placements.find(on_host)}
    seen = {s.id: s for s in report.instances if s.id in placed}
    before = {o.id: o for o in tx.observations.find(on_host)}
    before |= {o.id: o for o in tx.observations.many(tuple(seen))}
    changed: list[InstanceId] = []
    for one in tx.instances.many(tuple({*seen, *before})):
        old = before.get(one.id)
        new = _observation(old, seen.get(one.id), one.id, report, now)
        if new is None:
            continue
        _keep(tx, old, new)
        _follow(tx, house, one, new, now)
        follow_instance(tx, house, one.id, now)
        changed.append(one.id)
    return changed


def _observation(
    old: Observation | None, seen: SeenInstance | None, instance_id: InstanceId, report: Report, now: float
) -> Observation | None:
    """The new observation, or None when it says what is known already."""
    if seen is None:
        if old is None or old.power == "missing":
            return None
        return replace(old, power="missing", volumes=(), reported_at=now)
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
        forms_done=seen.forms_done,
        ended_by=seen.ended_by,
        condition=None if isinstance(seen.condition, Ready) else seen.condition,
        volumes=seen.volumes,
        first_running_at=first,
        reported_at=now,
    )


def _says_the_same(old: Observation, seen: SeenInstance) -> bool:
    condition: Condition = old.condition if old.condition is not None else Ready()
    return (
        old.power == seen.power
        and old.runs_done == seen.runs_done
        and old.reboots_done == seen.reboots_done
        and old.forms_done == seen.forms_done
        and old.ended_by == seen.ended_by
        and old.volumes == seen.volumes
        and same_reason(condition, seen.condition)
    )


def _keep(tx: Transaction, old: Observation | None, new: Observation) -> None:
    if old is None:
        tx.observations.insert(new)
    else:
        tx.observations.save(new)


def _follow(tx: Transaction, house: House, one: Instance, seen: Observation, now: float) -> None:
    """Let the instance follow what was seen: a guest that ended its own run is wished off, one that was
    shelved gives back its room; the status is projected."""
    after = one
    if one.power == "on" and seen.ended_by == "guest" and seen.runs_done == one.run_wanted and one.deleted_at is None:
        after = replace(after, power="off", rest="", updated_at=now)
        mark_instance(tx, one.id)
    if one.shelf == "shelved" and seen.power in {"off", "missing"} and one.deleted_at is None:
        after = offloaded(tx, after)
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
