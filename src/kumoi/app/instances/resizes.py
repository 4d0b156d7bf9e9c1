"""Resizes that were and that are: a view of what happened; nothing is stored for it. For operators."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.events import Event
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq, is_in

MOST = 5000  # events that are looked through, the newest
BEGUN = "instance.resize"
ENDS = {"instance.confirm_resize": "confirmed", "instance.revert_resize": "reverted"}
_OPEN = {"resizing": "migrating", "resized": "finished", "error": "error"}


class Resize(msgspec.Struct, frozen=True, kw_only=True):
    """`number` and `id` are those of the event that began it. `host`: the name of the one on which it was; guests stay
    where they are. `status` is one of Nova's words."""

    number: int
    id: str
    instance_id: InstanceId
    user_id: str
    project_id: str
    host: str | None
    former_flavor: str
    flavor: str
    status: str
    created_at: float
    updated_at: float


def find(house: House, call: Call, instance_id: str | None = None) -> list[Resize]:
    """Newest first; of one instance, or of all."""
    allow(call, "instance.migrations")
    query = Query(
        filters=(eq("kind", "instance"), is_in("action", (BEGUN, *ENDS))),
        order=(Order("seq", descending=True),),
        limit=MOST,
    )
    if instance_id is not None:
        query = query.where(eq("resource_id", instance_id))

    def read(tx: Transaction) -> list[Resize]:
        events = tx.events.find(query)
        ids = tuple({e.resource_id for e in events})
        instances: dict[str, Instance] = {i.id: i for i in tx.instances.many(ids)}
        hosts = _hosts(tx, ids)
        ended: dict[str, Event] = {}
        found = []
        for event in events:  # from the last: an end comes before its beginning
            if event.action in ENDS:
                ended[event.resource_id] = event
                continue
            end = ended.pop(event.resource_id, None)
            found.append(_resize(event, end, instances.get(event.resource_id), hosts.get(event.resource_id)))
        return found

    return house.store.read(read)


def _hosts(tx: Transaction, ids: tuple[str, ...]) -> dict[str, str]:
    placed = tx.placements.find(Query(filters=(is_in("instance_id", ids),))) if ids else []
    names = {h.id: h.name for h in tx.hosts.many(tuple({p.host_id for p in placed}))}
    return {p.instance_id: names[p.host_id] for p in placed if p.host_id in names}


def _resize(begun: Event, end: Event | None, one: Instance | None, host: str | None) -> Resize:
    status = ENDS[end.action] if end is not None else _OPEN.get(one.status, "finished") if one else "finished"
    return Resize(
        number=begun.seq,
        id=begun.id,
        instance_id=InstanceId(begun.resource_id),
        user_id=begun.user_id,
        project_id=begun.project_id,
        host=host,
        former_flavor=str(begun.facts.get("former_flavor", "")),
        flavor=str(begun.facts.get("flavor", "")),
        status=status,
        created_at=begun.at,
        updated_at=end.at if end is not None else begun.at,
    )
