"""What instances used within a time, from when they were made until they were deleted.

Those that were deleted so long ago that their rows are purged are not remembered here; the feed of events is for bills.
"""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import ProjectId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.core.query import Filter, Order, Query, eq

HOUR_S = 3600.0


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """One instance, and how many hours of it lie within the time that was asked for."""

    instance: Instance
    hours: float


def usage(
    house: House, call: Call, start: float, end: float, project_id: ProjectId | None = None
) -> dict[ProjectId, list[Used]]:
    """By project, oldest first. None: of all projects, for administrators; so is another project's than one's own."""
    allow(call, "instance.read")
    if project_id != call.actor.project_id or project_id is None:
        allow(call, "instance.all_projects")

    def read(tx: Transaction) -> dict[ProjectId, list[Used]]:
        query = Query(filters=(Filter("created_at", "lt", end),), order=(Order("created_at"), Order("id")))
        found: dict[ProjectId, list[Used]] = {}
        for one in tx.instances.find(query if project_id is None else query.where(eq("project_id", project_id))):
            until = min(end, one.deleted_at if one.deleted_at is not None else call.now, call.now)
            if until > start:
                hours = max(0.0, until - max(start, one.created_at)) / HOUR_S
                found.setdefault(one.project_id, []).append(Used(instance=one, hours=hours))
        return found

    return house.store.read(read)
