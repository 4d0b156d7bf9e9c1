"""What fake hosts export to one another, and the wire between them.

A world that is on a wire reaches the others' portals there. What does not belong here: the volumes (volumes).
"""

from collections.abc import Callable, Mapping, Sequence, Set

from kumoi.adapters.fake.world import World
from kumoi.core.disks import Export, Remote
from kumoi.core.errors import Unavailable
from kumoi.core.exports import target_name
from kumoi.core.ids import InstanceId, VolumeId


class Wire:
    """Portals by their addresses. Safe for threads as a dictionary is."""

    def __init__(self) -> None:
        self.portals: dict[str, FakeExporter] = {}

    def log_in(self, remote: Remote, volume: VolumeId, instance: InstanceId) -> None:
        """Raises Unavailable as an initiator would: nobody there, no such target, not let in."""
        portal = self.portals.get(remote.portal)
        if portal is None:
            raise Unavailable("compute", what="portal", portal=remote.portal)
        portal.log_in(remote, volume, instance)


class FakeExporter:
    """See `contracts.exports.Exporter`."""

    def __init__(self, world: World, wire: Wire, portal: str) -> None:
        self._world = world
        self._portal = portal
        self._watchers: list[Callable[[], None]] = []
        self.offered: dict[VolumeId, tuple[Export, ...]] = {}
        self.sessions: dict[VolumeId, set[InstanceId]] = {}
        wire.portals[portal] = self

    def offer(self, volume: VolumeId, handle: str, exports: Sequence[Export]) -> None:
        with self._world.act("offer", "storage"):
            if exports and self._world.guests_of(volume):
                self._world.broken.append(f"volume {volume} was offered to others beneath its guest")
            if self.offered.get(volume, ()) != tuple(exports):
                self.sessions.pop(volume, None)
                self.offered[volume] = tuple(exports)
            if not exports:
                self.offered.pop(volume, None)

    def observe(self) -> Mapping[VolumeId, Set[str]]:
        with self._world.lock:
            return {volume: frozenset(one.user for one in exports) for volume, exports in self.offered.items()}

    def watch(self, callback: Callable[[], None]) -> None:
        self._watchers.append(callback)

    def die(self) -> None:
        """Its processes do; who was connected goes on trying."""
        self.offered.clear()
        for watcher in self._watchers:
            watcher()

    def log_in(self, remote: Remote, volume: VolumeId, instance: InstanceId) -> None:
        with self._world.lock:
            shown = (remote.initiator, remote.user, remote.secret)
            known = [(one.initiator, one.user, one.secret) for one in self.offered.get(volume, ())]
            if remote.target != target_name(volume) or shown not in known:
                raise Unavailable("compute", what="target", target=remote.target)
            others = self.sessions.get(volume, set()) - {instance}
            if others:
                self._world.broken.append(f"{instance} was given the volume {volume}, which {sorted(others)} have")
            self.sessions.setdefault(volume, set()).add(instance)
