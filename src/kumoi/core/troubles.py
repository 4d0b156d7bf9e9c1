"""Troubles: what a host says of a thing that does not stand there as wished. A row while it is so (writer: the link).

An instance's condition is in its observation; these are of networks, nics and routers, and of images that wait
for a copy.
"""

import msgspec

from kumoi.core.conditions import Condition, Ready
from kumoi.core.ids import HostId
from kumoi.core.plan import SeenThing

ON_THE_WAY = "waiting_for_plan"  # every new thing says so for a moment


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: the host's and the entry's (`vpc/…`, `network/…`, `nic/…`, `image/…`), one each. `since`: seconds since the
    epoch."""

    id: str
    host_id: HostId
    entry: str
    condition: Condition
    since: float = 0.0


def trouble_of(host_id: HostId, thing: SeenThing, now: float) -> Trouble | None:
    """None where all is well, or will be by itself."""
    if isinstance(thing.condition, Ready) or thing.condition.code == ON_THE_WAY:
        return None
    since = thing.condition.since or now
    row_id = f"{host_id}/{thing.entry}"
    return Trouble(id=row_id, host_id=host_id, entry=thing.entry, condition=thing.condition, since=since)
