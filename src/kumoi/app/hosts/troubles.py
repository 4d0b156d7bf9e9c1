"""What a report says of networks, nics, routers and copies that are not as wished: kept while it is so, and told."""

from typing import Any

from kumoi.app.backups.taking import give_up_within
from kumoi.app.house import House
from kumoi.app.images.copying import give_up
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.conditions import Blocked, Facts, Ready, same_reason
from kumoi.core.events import Event
from kumoi.core.hosts import Host
from kumoi.core.ids import BackupId, ImageId
from kumoi.core.plan import Report
from kumoi.core.query import Query, eq
from kumoi.core.troubles import Trouble, trouble_of


def take_troubles(tx: Transaction, house: House, host: Host, report: Report, now: float) -> None:
    """Rows and events of what begins, ends or has another reason."""
    told = {t.id: t for thing in report.things if (t := trouble_of(host.id, thing, now)) is not None}
    before = {t.id: t for t in tx.troubles.find(Query(filters=(eq("host_id", host.id),)))}
    for row_id in before.keys() - told.keys():
        tx.troubles.remove(row_id)
        _tell(tx, house, before[row_id], now, ended=True)
    for row_id, trouble in told.items():
        old = before.get(row_id)
        if old is None:
            tx.troubles.insert(trouble)
        elif same_reason(old.condition, trouble.condition):
            continue
        else:
            tx.troubles.save(trouble)
        _tell(tx, house, trouble, now, ended=False)
        _end_waiting(tx, house, trouble)


def _end_waiting(tx: Transaction, house: House, trouble: Trouble) -> None:
    """Nobody goes on waiting for what its host will never make."""
    kind, _, resource_id = trouble.entry.partition("/")
    if kind == "image" and isinstance(trouble.condition, Blocked) and not trouble.condition.retry:
        facts: Facts = {**trouble.condition.facts, "code": trouble.condition.code}
        give_up(tx, house, ImageId(resource_id), facts)
        give_up_within(tx, house, BackupId(resource_id), facts)


def _tell(tx: Transaction, house: House, trouble: Trouble, now: float, *, ended: bool) -> None:
    kind, _, resource_id = trouble.entry.partition("/")
    facts: Facts = {"host": trouble.host_id}
    if not ended and not isinstance(trouble.condition, Ready):
        facts["code"] = trouble.condition.code
    tx.events.add(
        Event(
            id=house.chance.uuid(),
            at=now,
            action=f"{kind}.{'mended' if ended else 'trouble'}",
            kind=kind,
            resource_id=resource_id,
            project_id=_owner(tx, kind, resource_id),
            user_id="",
            request_id="",
            facts=facts,
        )
    )


def _owner(tx: Transaction, kind: str, resource_id: str) -> str:
    nouns: dict[str, Rows[Any]] = {"network": tx.networks, "nic": tx.nics, "vpc": tx.vpcs, "image": tx.images}
    row = nouns[kind].get(resource_id) or (tx.backups.get(resource_id) if kind == "image" else None)
    return row.project_id if row is not None else ""
