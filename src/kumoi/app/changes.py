"""The names of what changed, for those who look at it live. What a thing is now is read at its own door."""

import msgspec

from kumoi.app.house import House
from kumoi.core.call import Actor
from kumoi.core.query import Order, Query

READ_MOST = 500


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something about this thing is not as it was."""

    kind: str
    resource_id: str
    project_id: str
    user_id: str = ""


def newest(house: House) -> int:
    """The number of the last event; 0 before the first."""
    last = house.store.read(lambda tx: tx.events.find(Query(order=(Order("seq", descending=True),), limit=1)))
    return last[0].seq if last else 0


def changes_after(house: House, seq: int) -> tuple[int, list[Change]]:
    """What the events after this number name, each once, and the number of the last one read. For no caller's eyes
    before `concerns` was asked."""
    found = house.store.read(lambda tx: tx.events.after(seq, READ_MOST))
    named = (Change(kind=e.kind, resource_id=e.resource_id, project_id=e.project_id, user_id=e.user_id) for e in found)
    return (found[-1].seq if found else seq), list(dict.fromkeys(named))


def changes_of_instances(house: House, ids: tuple[str, ...]) -> list[Change]:
    """The same for instances of which a host says something new that is no event (a condition)."""
    found = house.store.read(lambda tx: tx.instances.many(ids))
    return [Change(kind="instance", resource_id=one.id, project_id=one.project_id) for one in found]


def concerns(actor: Actor, change: Change) -> bool:
    """Whether this actor may know that the thing changed: it is of its project or its own doing, or it sees all."""
    own = change.project_id == actor.project_id and bool(change.project_id)
    return own or change.user_id == actor.user_id or actor.is_admin
