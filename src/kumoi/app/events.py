"""Doors of events: what happened to a thing."""

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.events import Event
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query, eq


def of_resource(house: House, call: Call, kind: str, resource_id: str, limit: int = 200) -> list[Event]:
    """Newest first; of one's own project's things only, unless one may see all."""
    allow(call, "event.read")
    query = Query(
        filters=(eq("kind", kind), eq("resource_id", resource_id)), order=(Order("seq", descending=True),), limit=limit
    )
    if not may(call, "instance.all_projects"):
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: tx.events.find(query))
