"""Disks and layers of a fake world: sizes and names, no bytes."""

import hashlib

from msgspec.structs import replace

from kumoi.adapters.fake.compute import disk_handle
from kumoi.adapters.fake.world import World
from kumoi.contracts.storage import Fetch
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk
from kumoi.core.errors import NotFound, Unavailable
from kumoi.core.ids import InstanceId


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
