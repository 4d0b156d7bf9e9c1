"""Standing still: paused in memory, or suspended with its memory on disk; and going on."""

from typing import Final

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.acting import Act, act
from kumoi.core.call import Call
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance, Rest

_RESTS: Final[tuple[tuple[Act, Rest], ...]] = (
    ("pause", "paused"),
    ("unpause", ""),
    ("suspend", "suspended"),
    ("resume", ""),
)


def pause(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """It keeps its memory and takes no CPU."""
    return _rest(house, call, instance_id, "pause")


def unpause(house: House, call: Call, instance_id: InstanceId) -> Instance:
    return _rest(house, call, instance_id, "unpause")


def suspend(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """It takes neither memory nor CPU of its host; they stay reserved for it."""
    return _rest(house, call, instance_id, "suspend")


def resume(house: House, call: Call, instance_id: InstanceId) -> Instance:
    return _rest(house, call, instance_id, "resume")


def _rest(house: House, call: Call, instance_id: InstanceId, name: Act) -> Instance:
    rest = dict(_RESTS)[name]
    return act(house, call, instance_id, name, lambda _tx, one: replace(one, rest=rest))
