"""Volumes of a fake world: sizes, and one text that stands for all that is written on them."""

from collections.abc import Sequence
from typing import Final

from kumoi.adapters.fake.compute import volume_handle
from kumoi.adapters.fake.world import FakeSnapshot, FakeVolume, World
from kumoi.adapters.storage.disks import qcow2, qcow2_read
from kumoi.contracts.storage import Fetch
from kumoi.contracts.volumes import GoOn, Pull, Stock, VolumeSight
from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.errors import NotFound
from kumoi.core.ids import SnapshotId, VolumeId

_GIB: Final = 1 << 30


class FakeVolumePool:
    """See `contracts.volumes.VolumePool`. Several pools may be of one world. `fetches`: as `FakeStorage`."""

    def __init__(self, world: World, pool: str = "files", *, fetches: bool = True) -> None:
        self._world = world
        self._pool = pool
        self._fetches = fetches

    def ensure_volume(self, volume: VolumeEntry, fetch: Fetch) -> None:
        known = self._world.volumes.get(volume.id)
        anew = known is None or known.number < volume.number
        if known is not None and not anew and known.size_gib >= volume.size_gib:
            return
        content = b""
        if anew and self._fetches:
            content = b"".join(piece for layer in volume.layers for piece in fetch(layer.sha256))
        with self._world.act("ensure_volume", "storage"):
            if known is None or anew:
                self._touch(volume.id)
                self._world.volumes[volume.id] = self._made(volume, content)
            else:
                self._touch(volume.id)
                known.size_gib = volume.size_gib

    def _made(self, volume: VolumeEntry, content: bytes) -> FakeVolume:
        if volume.snapshot_id is not None:
            of = self._world.snapshots.get(volume.snapshot_id)
            if of is None:
                raise NotFound("storage", kind="snapshot", id=volume.snapshot_id)
            size_gib = max(of.size_gib, volume.size_gib)
            return FakeVolume(self._pool, size_gib, of.content, of.depth + 1, volume.number)
        smallest = max((-(-layer.virtual_bytes // _GIB) for layer in volume.layers), default=0)
        return FakeVolume(self._pool, max(smallest, volume.size_gib), written(content), number=volume.number)

    def handle(self, volume: VolumeId) -> str:
        known = self._world.volumes.get(volume)
        if known is None:
            raise NotFound("storage", kind="volume", id=volume)
        return volume_handle(volume, known.frozen)

    def freeze(self, snapshots: Sequence[SnapshotEntry], go_on: GoOn | None) -> None:
        missing = [one for one in snapshots if one.id not in self._world.snapshots]
        for one in missing:
            if one.volume_id not in self._world.volumes:
                raise NotFound("storage", kind="volume", id=one.volume_id)
        if not missing:
            return
        if go_on is not None:
            volumes = {one.volume_id for one in missing}
            go_on({v: volume_handle(v, self._world.volumes[v].frozen + 1) for v in volumes})
        with self._world.act("freeze", "storage"):
            for one in missing:
                self._freeze(one)

    def _freeze(self, one: SnapshotEntry) -> None:
        known = self._world.volumes[one.volume_id]
        known.frozen += 1
        handle = volume_handle(one.volume_id, known.frozen)
        if any(guest.disks[one.volume_id].handle != handle for guest in self._world.guests_of(one.volume_id)):
            self._world.broken.append(f"{one.volume_id} was frozen, and its guest goes on writing there")
        kept = FakeSnapshot(self._pool, one.volume_id, known.size_gib, known.content, known.depth)
        self._world.snapshots[one.id] = kept
        known.depth += 1

    def flatten(self, volume: VolumeId, pull: Pull | None) -> None:
        if volume not in self._world.volumes:
            raise NotFound("storage", kind="volume", id=volume)
        if pull is not None:
            pull()
        with self._world.act("flatten", "storage"):
            if pull is None:
                self._touch(volume)
            self._world.volumes[volume].depth = 1

    def snapshot_handle(self, snapshot: SnapshotId) -> str:
        if snapshot not in self._world.snapshots:
            raise NotFound("storage", kind="snapshot", id=snapshot)
        return f"fake-snapshot:{snapshot}"

    def remove_volume(self, volume: VolumeId) -> None:
        with self._world.act("remove_volume", "storage"):
            self._touch(volume)
            self._world.volumes.pop(volume, None)

    def remove_snapshot(self, snapshot: SnapshotId) -> None:
        with self._world.act("remove_snapshot", "storage"):
            self._world.snapshots.pop(snapshot, None)

    def observe(self) -> Stock:
        with self._world.lock:
            volumes = {v: _sight(o) for v, o in self._world.volumes.items() if self._mine(o)}
            snapshots = {s: _sight(o) for s, o in self._world.snapshots.items() if self._mine(o)}
        return Stock(volumes=volumes, snapshots=snapshots)

    def _mine(self, one: FakeVolume | FakeSnapshot) -> bool:
        return one.pool == self._pool

    def _touch(self, volume: VolumeId) -> None:
        if self._world.guests_of(volume):
            self._world.broken.append(f"volume {volume} was changed beneath its guest")


def written(content: bytes) -> bytes:
    """What a guest wrote on a disk that is a file of `FakeStorage`'s; of any other, the file."""
    if not content.startswith(b"QFI\xfb"):
        return content
    first = qcow2_read.chunks(lambda at, length: content[at : at + length], len(content), qcow2.CLUSTER)
    return next(first, (0, b""))[1].rstrip(b"\0")


def _sight(one: FakeVolume | FakeSnapshot) -> VolumeSight:
    number = one.number if isinstance(one, FakeVolume) else 0
    return VolumeSight(size_gib=one.size_gib, depth=one.depth, number=number)
