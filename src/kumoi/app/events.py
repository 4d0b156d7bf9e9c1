"""Doors of events: what happened to a thing, and what happens."""

import msgspec

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.events import Event
from kumoi.core.policy import allow, may
from kumoi.core.query import MAX_PAGE, Filter, Order, Query, eq


def of_resource(house: House, call: Call, kind: str, resource_id: str, limit: int = 200) -> list[Event]:
    """Newest first; of one's own project's things only, unless one may see all."""
    allow(call, "event.read")
    query = Query(
        filters=(eq("kind", kind), eq("resource_id", resource_id)), order=(Order("seq", descending=True),), limit=limit
    )
    if not may(call, "instance.all_projects"):
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: tx.events.find(query))


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """Which events. `after` a number: those that came later, oldest first; else newest first, `before` a number if one
    is given. `action` is a prefix: `instance.` means all that happens to instances."""

    after: int | None = None
    before: int | None = None
    project_id: str | None = None
    kind: str | None = None
    resource_id: str | None = None
    action: str | None = None
    request_id: str | None = None
    limit: int = 100


def feed(house: House, call: Call, wanted: Feed) -> list[Event]:
    """What happened, a page at a time: in one's own project, unless one may see all.

    Forbidden for another project's.
    """
    allow(call, "event.read")
    filters: list[Filter] = []
    if may(call, "event.all_projects"):
        if wanted.project_id is not None:
            filters.append(eq("project_id", wanted.project_id))
    elif wanted.project_id not in {None, call.project_id}:
        allow(call, "event.all_projects")
    else:
        filters.append(eq("project_id", call.project_id))
    for field, value in (
        ("kind", wanted.kind), ("resource_id", wanted.resource_id), ("request_id", wanted.request_id),
    ):  # fmt: skip
        if value is not None:
            filters.append(eq(field, value))
    if wanted.action is not None:
        filters.append(Filter("action", "prefix", wanted.action))
    if wanted.after is not None:
        filters.append(Filter("seq", "gt", wanted.after))
    if wanted.before is not None:
        filters.append(Filter("seq", "lt", wanted.before))
    query = Query(
        filters=tuple(filters),
        order=(Order("seq", descending=wanted.after is None),),
        limit=min(wanted.limit, MAX_PAGE),
    )
    return house.store.read(lambda tx: tx.events.find(query))
