"""An interrupt by which a hanging guest dumps its memory, and a password for one of its users: asked of the host now.

Nothing is tried again: a caller who hears nothing does not know whether it was done. What does not belong here: what
the guest makes of it.
"""

from concurrent.futures import Future
from typing import Final

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.read import check_unlocked, visible
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import BY_CODE, Invalid, Unavailable, Unsupported, WrongState
from kumoi.core.guest_acts import CAPABILITY, PASSWORD_MOST, Acted, GuestAct
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.instances import Status
from kumoi.core.plan import Ask
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

ANSWER_WITHIN_S: Final = 15.0
_ALLOWED: Final[dict[GuestAct, frozenset[Status]]] = {
    "interrupt": frozenset({"active", "paused", "rescued", "resized"}),
    "set_password": frozenset({"active"}),
}


def ask_interrupt(house: House, call: Call, instance_id: InstanceId) -> "Future[bytes]":
    """An NMI. The caller waits at most `ANSWER_WITHIN_S` for what `check_acted` takes. Raises WrongState."""
    host_id = _allowed(house, call, instance_id, "interrupt")
    return house.asks.open(host_id, Ask(id=house.chance.uuid(), kind="interrupt", instance_id=instance_id))


def ask_password(house: House, call: Call, instance_id: InstanceId, user: str, password: str) -> "Future[bytes]":
    """By the guest's own agent, for a user that it has. As `ask_interrupt`."""
    if not 1 <= len(password) <= PASSWORD_MOST:
        raise Invalid("compute", field="password", reason="length", bound=f"from 1 to {PASSWORD_MOST}")
    host_id = _allowed(house, call, instance_id, "set_password")
    ask = Ask(id=house.chance.uuid(), kind="set_password", instance_id=instance_id, user=user, secret=password)
    return house.asks.open(host_id, ask)


def check_acted(answer: bytes) -> None:
    """Raises what stood in its way."""
    acted = msgspec.json.decode(answer, type=Acted)
    if acted.code:
        kind = BY_CODE.get(acted.code, Unavailable)
        raise kind(acted.layer, **acted.facts)


def _allowed(house: House, call: Call, instance_id: InstanceId, act: GuestAct) -> HostId:
    """The host to ask; told as an event before it is done, since nobody could tell afterwards."""
    allow(call, "instance.power")

    def write(tx: Transaction) -> HostId:
        one = visible(tx, call, instance_id)
        check_unlocked(call, one, act)
        placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
        if one.status not in _ALLOWED[act] or not placed:
            raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=act)
        host = tx.hosts.get(placed[0].host_id)
        if host is None or CAPABILITY not in host.capabilities:
            raise Unsupported("host", what=act)
        record(tx, house, call, f"instance.{act}", Thing("instance", one.id, one.project_id))
        return host.id

    return house.store.write(write)
