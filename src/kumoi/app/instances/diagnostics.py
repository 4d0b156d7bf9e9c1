"""What an instance uses at this moment: a question to its host, answered over the link."""

from concurrent.futures import Future

import msgspec

from kumoi.app.house import House
from kumoi.app.instances.read import visible
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import WrongState
from kumoi.core.ids import HostId, InstanceId
from kumoi.core.instances import Instance, Observation
from kumoi.core.nics import Nic
from kumoi.core.plan import Ask
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.readings import Diagnosis, Reading

ANSWER_WITHIN_S = 10.0


class Diagnosed(msgspec.Struct, frozen=True, kw_only=True):
    """A running guest. `macs` by tap. `busy`: of its vcpus in per cent, as it was last measured; None for unknown."""

    instance: Instance
    power: str
    accelerator: str
    up_s: float
    reading: Reading
    macs: dict[str, str]
    busy: float | None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, and of what: `diagnosed` makes an answer of it."""

    answer: "Future[bytes]"
    instance: Instance
    seen: Observation | None
    nics: tuple[Nic, ...]


def ask_diagnostics(house: House, call: Call, instance_id: InstanceId) -> Question:
    """The caller waits at most `ANSWER_WITHIN_S` for its answer. WrongState for what does not run."""
    allow(call, "instance.diagnostics")
    one, seen, nics, host_id = house.store.read(lambda tx: _looked_up(tx, call, instance_id))
    ask = Ask(id=house.chance.uuid(), kind="diagnostics", instance_id=instance_id)
    return Question(answer=house.asks.open(host_id, ask), instance=one, seen=seen, nics=nics)


def diagnosed(house: House, call: Call, question: Question, answer: bytes) -> Diagnosed:
    """WrongState for a guest that does not run (any more)."""
    told, one = msgspec.json.decode(answer, type=Diagnosis), question.instance
    if told.reading is None:
        raise _not_running(one)
    macs: dict[str, str] = {nic.id: nic.mac for nic in question.nics}
    now = house.series.newest(call.now)
    busy = next((p.values[1] for p in now if p.instance_id == one.id and p.subject == "instance"), None)
    began = question.seen.first_running_at if question.seen is not None else 0.0
    return Diagnosed(
        instance=one,
        power=told.power,
        accelerator=told.accelerator,
        up_s=call.now - began if began else 0.0,
        reading=told.reading,
        macs={tap: macs[nic] for tap, nic in told.taps.items() if nic in macs},
        busy=busy,
    )


def _looked_up(
    tx: Transaction, call: Call, instance_id: InstanceId
) -> tuple[Instance, Observation | None, tuple[Nic, ...], HostId]:
    one = visible(tx, call, instance_id)
    placed = tx.placements.find(Query(filters=(eq("instance_id", one.id), eq("role", "run"))))
    seen = tx.observations.get(one.id)
    if not placed or seen is None or seen.power in {"off", "missing"}:
        raise _not_running(one)
    return one, seen, tuple(tx.nics.find(Query(filters=(eq("instance_id", one.id),)))), placed[0].host_id


def _not_running(one: Instance) -> WrongState:
    return WrongState("compute", kind="instance", id=one.id, status=one.status, action="diagnostics")
