"""The serial console's text: a question to the instance's host, answered over the link."""

from concurrent.futures import Future

from kumoi.app.house import House
from kumoi.app.instances.read import visible
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import WrongState
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.plan import Ask
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

ANSWER_WITHIN_S = 10.0


def ask_console(house: House, call: Call, instance_id: InstanceId, limit: int) -> "Future[bytes]":
    """The last `limit` bytes, some time soon: the caller waits at most `ANSWER_WITHIN_S` and cancels then.

    WrongState for an instance that is on no host.
    """
    allow(call, "instance.console")

    def read(tx: Transaction) -> HostId:
        one = visible(tx, call, instance_id)
        placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
        if not placed:
            raise WrongState("compute", kind="instance", id=one.id, status=one.status, action="console")
        return placed[0].host_id

    host_id = house.store.read(read)
    ask = Ask(id=house.chance.uuid(), kind="console", instance_id=instance_id, limit=limit)
    return house.asks.open(host_id, ask)
