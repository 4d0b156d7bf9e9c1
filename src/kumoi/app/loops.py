"""Looking at the loops of this process: what each is at, and what it cannot do."""

from kumoi.app.house import House
from kumoi.core.call import Call
from kumoi.core.policy import allow
from kumoi.runtime.loop import LoopState


def states(house: House, call: Call) -> list[LoopState]:
    allow(call, "loop.read")
    return house.loops.states()
