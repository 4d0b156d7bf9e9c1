"""One moment for the volumes of several guests: they stand still until the last of them goes on elsewhere.

What does not belong here: which volumes are frozen (volumes), and what lies beneath them (drivers).
"""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager

from msgspec.structs import replace

from kumoi.agent.hands import Hands
from kumoi.core.errors import Unavailable
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.core.plan import entry_id


class Moments:
    """Safe for threads."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def go_on(self, guests: Mapping[VolumeId, InstanceId], handles: Mapping[VolumeId, str]) -> None:
        """All volumes of one guest at one moment; several guests stand still until the last of them is done."""
        theirs: dict[InstanceId, dict[VolumeId, str]] = {}
        for volume in guests.keys() & handles.keys():
            theirs.setdefault(guests[volume], {})[volume] = handles[volume]
        machines = self._hands.scene.machines.get()
        running = [one for one in sorted(theirs) if machines.sight(one).power == "running"]
        with self._standing_still(running if len(theirs) > 1 else []):
            for instance, mine in sorted(theirs.items()):
                self._hands.drivers.compute.freeze_disks(instance, mine)

    @contextmanager
    def _standing_still(self, instances: list[InstanceId]) -> Iterator[None]:
        """Remembered as ours before they stop: an agent that follows one that died has them go on."""
        held: set[Hashable] = set(instances)
        if not self._hands.stilled.take_all(held):
            raise Unavailable("compute", what="machine_busy")
        try:
            for one in instances:
                self._still(one)
            yield
            for one in instances:
                self._hands.drivers.compute.resume(one)
        finally:
            self._hands.stilled.give_back_all(held)
            for one in instances:  # whatever came between: its own pass has it go on
                self._hands.loop.hint(entry_id("instance", one))

    def _still(self, instance: InstanceId) -> None:
        memory = self._hands.notebook.get(instance)
        if memory is None:
            raise Unavailable("compute", what="machine_busy")
        self._hands.notebook.keep(instance, replace(memory, paused=True))
        self._hands.drivers.compute.pause(instance)
