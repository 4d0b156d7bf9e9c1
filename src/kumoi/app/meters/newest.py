"""The newest points of all guests, for monitoring from outside."""

import msgspec

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.ids import ProjectId
from kumoi.core.meters import Point
from kumoi.core.policy import allow


class GuestPoint(msgspec.Struct, frozen=True):
    point: Point
    project_id: ProjectId


def newest(house: House, call: Call) -> list[GuestPoint]:
    """What this process heard within a minute, of instances that still have a row."""
    allow(call, "meter.scrape")
    points = house.series.newest(call.now)
    ids = tuple({point.instance_id for point in points})
    owners = house.store.read(lambda tx: {one.id: one.project_id for one in tx.instances.many(ids)})
    return [GuestPoint(point, owners[point.instance_id]) for point in points if point.instance_id in owners]
