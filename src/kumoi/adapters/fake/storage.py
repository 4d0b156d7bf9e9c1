"""Disks and layers of a fake world: sizes and names, no bytes but those of copies."""

import hashlib
from collections.abc import Iterator

from msgspec.structs import replace

from kumoi.adapters.fake.compute import disk_handle
from kumoi.adapters.fake.world import World
from kumoi.adapters.storage.disks import qcow2
from kumoi.adapters.storage.disks.mapped import Disk
from kumoi.contracts.storage import Fetch, WriteCopy
from kumoi.core.copies import Copied, CopyBytes
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk
from kumoi.core.errors import NotFound, Unavailable
from kumoi.core.ids import ImageId, InstanceId, SnapshotId, VolumeId

PIECE_BYTES = 64 << 10
_GIB = 1 << 30


class FakeStorage:
    """See `contracts.storage.Storage`. `fetches`: whether layers are brought by the link, or believed to be here.

    A thousand simulated hosts would fetch a thousand times what none of them reads.
    """

    def __init__(self, world: World, *, fetches: bool = True) -> None:
        self._world = world
        self._fetches = fetches

    def has_layer(self, layer: LayerRef) -> bool:
        return layer.sha256 in self._world.layers

    def ensure_layer(self, layer: LayerRef, fetch: Fetch) -> None:
        if self.has_layer(layer):
            return
        size = _fetched(layer, fetch) if self._fetches else layer.size_bytes
        with self._world.act("ensure_layer", "storage"):
            self._world.layers[layer.sha256] = size

    def ensure_root(self, instance: InstanceId, root: RootDisk) -> str:
        with self._world.act("ensure_root", "storage"):
            self._check(root.layers)
            old = self._world.roots.get(instance)
            if old is not None and old.number >= root.number:
                root = replace(old, size_gib=max(old.size_gib, root.size_gib))
            if old is not None and root != old:
                self._touch(instance)
            if old is None or root.number != old.number:
                self._world.drives.pop(instance, None)
            self._world.roots[instance] = root
        return disk_handle(instance)

    def ensure_rescue(self, instance: InstanceId, disk: RescueDisk | None) -> str:
        if disk == self._world.rescues.get(instance):
            return "" if disk is None else f"{disk_handle(instance)}:rescue"
        with self._world.act("ensure_rescue", "storage"):
            self._touch(instance)
            if disk is None:
                del self._world.rescues[instance]
                return ""
            self._check(disk.layers)
            self._world.rescues[instance] = disk
        return f"{disk_handle(instance)}:rescue"

    def _check(self, layers: tuple[LayerRef, ...]) -> None:
        for layer in layers:
            if layer.sha256 not in self._world.layers:
                raise NotFound("storage", kind="layer", id=layer.sha256)

    def _touch(self, instance: InstanceId) -> None:
        one = self._world.machines.get(instance)
        if one is not None and one.power != "off":
            self._world.broken.append(f"a disk of {instance} was changed beneath its machine")

    def ensure_config_drive(self, instance: InstanceId, files: dict[str, bytes]) -> str:
        with self._world.act("ensure_config_drive", "storage"):
            self._world.drives[instance] = files
        return f"{disk_handle(instance)}:config"

    def remove_root(self, instance: InstanceId) -> None:
        with self._world.act("remove_root", "storage"):
            if instance in self._world.machines:
                self._world.broken.append(f"the disk of {instance} was removed beneath its machine")
            self._world.roots.pop(instance, None)
            self._world.rescues.pop(instance, None)
            self._world.drives.pop(instance, None)

    def copy_root(self, instance: InstanceId, image: ImageId, live: WriteCopy | None) -> None:
        if image in self._world.copies:
            return
        root = self._world.roots.get(instance)
        if root is None:
            raise NotFound("storage", kind="disk", id=instance)
        if live is not None:
            live(disk_handle(instance), f"fake:{image}")
        with self._world.act("copy_root", "storage"):
            one = self._world.machines.get(instance)
            if live is None and one is not None and one.power in {"running", "paused"}:
                self._world.broken.append(f"the disk of {instance} was copied beneath its machine")
            virtual = max([root.size_gib * _GIB, *(layer.virtual_bytes for layer in root.layers), qcow2.CLUSTER])
            self._world.copies[image] = (instance, _bytes_of(virtual, self._world.written.get(instance, b"")))

    def copy_volume(self, volume: VolumeId, image: ImageId, frozen: str) -> None:
        with self._world.act("copy_volume", "storage"):
            kept = self._world.snapshots.get(SnapshotId(frozen.removeprefix("fake-snapshot:")))
            if kept is None or kept.volume_id != volume:
                raise NotFound("storage", kind="snapshot", id=frozen)
            self._world.copies.setdefault(image, (volume, _bytes_of(kept.size_gib * _GIB, kept.content)))

    def look_at_copy(self, image: ImageId) -> CopyBytes:
        data = self._copy(image)
        return CopyBytes(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    def read_copy(self, image: ImageId) -> Iterator[bytes]:
        data = self._copy(image)
        for at in range(0, len(data), PIECE_BYTES):
            with self._world.act("read_copy", "storage"):
                piece = data[at : at + PIECE_BYTES]
            yield piece

    def drop_copy(self, image: ImageId) -> None:
        with self._world.act("drop_copy", "storage"):
            self._world.copies.pop(image, None)

    def observe_copies(self) -> dict[ImageId, Copied]:
        with self._world.lock:
            return {image: owner for image, (owner, _) in self._world.copies.items()}

    def _copy(self, image: ImageId) -> bytes:
        if image not in self._world.copies:
            raise NotFound("storage", kind="copy", id=image)
        return self._world.copies[image][1]

    def observe_roots(self) -> tuple[set[InstanceId], list[str]]:
        with self._world.lock:
            return set(self._world.roots), []

    def collect_layers(self, keep: set[str]) -> None:
        with self._world.act("collect_layers", "storage"):
            disks = [disk.layers for disk in self._world.roots.values()]
            disks += [disk.layers for disk in self._world.rescues.values()]
            used = {layer.sha256 for disk in disks for layer in disk}
            for sha256 in set(self._world.layers) - keep - used:
                del self._world.layers[sha256]


def _fetched(layer: LayerRef, fetch: Fetch) -> int:
    hashed, size = hashlib.sha256(), 0
    for piece in fetch(layer.sha256):
        hashed.update(piece)
        size += len(piece)
    if hashed.hexdigest() != layer.sha256:
        raise Unavailable("storage", what="layer", reason="hash_mismatch", sha256=layer.sha256)
    return size


def _bytes_of(virtual: int, written: bytes) -> bytes:
    """A disk as a file: empty but for what a guest wrote at its beginning."""
    blocks = {0: 0} if written else {}
    disk = Disk(virtual, qcow2.CLUSTER, blocks, lambda _at: written.ljust(qcow2.CLUSTER, b"\0"))
    return b"".join(qcow2.stream(disk))
