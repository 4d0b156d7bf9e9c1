"""Storage in files: layers by hash, root disks as qcow2 overlays on them.

    FOLDER/layers/SHA256         immutable, readable by QEMU's group and nobody else's
    FOLDER/disks/ID.qcow2        QEMU's own; ID.N.qcow2 after the Nth rebuild
    FOLDER/disks/ID.rescue.qcow2 what it is rescued from
    FOLDER/disks/ID.config.iso   the config drive
    FOLDER/copies/ID.IMAGE.qcow2 a copy of a root disk or volume, on its way to become an image
    …/.NAME.new                  being made; never counts, made over by the next attempt

Libvirt must not chown (dynamic_ownership = 0), so ownership is set here. Nothing of a layer is opened by qemu-img.
"""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kumoi.adapters.storage import config_drive, image_headers, qemu_img
from kumoi.adapters.storage.copies import DiskCopies
from kumoi.adapters.storage.durable import made_whole, sync
from kumoi.adapters.storage.layers import Layers, reader
from kumoi.adapters.storage.os_errors import translated
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.contracts.storage import Fetch, WriteCopy
from kumoi.core.copies import Copied, CopyBytes
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk
from kumoi.core.errors import Invalid, NotFound, Unavailable, Unsupported
from kumoi.core.ids import ImageId, InstanceId, VolumeId, is_uuid

LAYER: Final = "storage"
_DISK: Final = ".qcow2"
_DRIVE: Final = ".config.iso"
_RESCUE: Final = ".rescue.qcow2"
_OURS: Final = re.compile(r"(\.rescue|\.[0-9]+)?\.qcow2|\.config\.iso")
_GIB: Final = 1 << 30


class FileStorage:
    """See `contracts.storage.Storage`. `folder` is the path under which QEMU too knows it; `layers` may be shared with
    pools of volumes beside it. Safe for many threads.

    Raises Unavailable (what: space, files, layer, qemu_img), Invalid for a layer that is not what the plan says.
    """

    def __init__(self, folder: Path, owner: Owner, program: str = "qemu-img") -> None:
        self.layers = Layers(folder / "layers", owner)
        self._disks = folder / "disks"
        self._owner = owner
        self._qemu_img = program
        self._copies = DiskCopies(folder / "copies", self.layers.folder, owner, program)
        self._disks_lock = threading.Lock()
        with translated(LAYER, "prepare"):
            for place in (folder, self.layers.folder, self._disks, folder / "copies"):
                place.mkdir(parents=True, exist_ok=True)
                os.chown(place, -1, owner.gid)
                place.chmod(0o750)

    # --- layers ---------------------------------------------------------------------------------

    def has_layer(self, layer: LayerRef) -> bool:
        return self.layers.path(layer).exists()

    def ensure_layer(self, layer: LayerRef, fetch: Fetch) -> None:
        self.layers.ensure(layer, fetch)

    def collect_layers(self, keep: set[str]) -> None:
        with self._disks_lock, translated(LAYER, "collect_layers"):
            used = self._used()
            if used is not None:
                self.layers.collect(keep, used)

    def _used(self) -> set[str] | None:
        """The layers beneath all disks; None where a disk does not tell, for then nothing is known to be unused."""
        used: set[str] = set()
        for disk in self._disks.glob(f"*{_DISK}"):
            try:
                with disk.open("rb") as file:
                    used.add(Path(image_headers.backing_name(reader(file.fileno()))).name)
            except FileNotFoundError:
                continue
            except Invalid:
                return None
        return used

    # --- disks ----------------------------------------------------------------------------------

    def ensure_root(self, instance: InstanceId, root: RootDisk) -> str:
        if len(root.layers) > 1:
            raise Unsupported(LAYER, what="layer_chain", depth=len(root.layers))
        with self._disks_lock, translated(LAYER, "ensure_root"):
            path = self._disk(instance, max(root.number, self._newest(instance)))
            if not path.exists():
                self._drop(instance)
                with made_whole(path) as fresh:
                    self._create(fresh, root.layers, root.size_gib * _GIB)
                    self._give_to_qemu(fresh)
            else:
                self._grow(path, root.size_gib * _GIB)
        return str(path)

    def ensure_rescue(self, instance: InstanceId, disk: RescueDisk | None) -> str:
        path = self._disks / f"{instance}{_RESCUE}"
        with self._disks_lock, translated(LAYER, "ensure_rescue"):
            if disk is None:
                path.unlink(missing_ok=True)
                return ""
            if not path.exists():
                with made_whole(path) as fresh:
                    self._create(fresh, disk.layers, 0)
                    self._give_to_qemu(fresh)
        return str(path)

    def ensure_config_drive(self, instance: InstanceId, files: dict[str, bytes]) -> str:
        path = self._disks / f"{instance}{_DRIVE}"
        with self._disks_lock, translated(LAYER, "ensure_config_drive"):
            if not path.exists():
                with made_whole(path) as fresh:
                    config_drive.write(files, fresh)
                    self._give_to_qemu(fresh)
        return str(path)

    def remove_root(self, instance: InstanceId) -> None:
        with self._disks_lock, translated(LAYER, "remove_root"):
            self._drop(instance)

    def observe_roots(self) -> tuple[set[InstanceId], list[str]]:
        roots: set[InstanceId] = set()
        strays: list[str] = []
        with translated(LAYER, "observe_roots"):
            names = os.listdir(self._disks)
        for name in names:
            stem, dot, rest = name.partition(".")
            if is_uuid(stem) and _OURS.fullmatch(dot + rest):
                roots.add(InstanceId(stem))
            elif not name.startswith("."):
                strays.append(name)
        return roots, sorted(strays)

    # --- copies ---------------------------------------------------------------------------------

    def copy_root(self, instance: InstanceId, image: ImageId, live: WriteCopy | None) -> None:
        disk = self._disk(instance, self._newest(instance))
        if not disk.exists():
            raise NotFound(LAYER, kind="disk", id=instance)
        self._copies.make(instance, image, disk, live)

    def copy_volume(self, volume: VolumeId, image: ImageId, frozen: str) -> None:
        self._copies.make_of_frozen(volume, image, Path(frozen))

    def look_at_copy(self, image: ImageId) -> CopyBytes:
        return self._copies.look_at(image)

    def read_copy(self, image: ImageId) -> Iterator[bytes]:
        return self._copies.read(image)

    def drop_copy(self, image: ImageId) -> None:
        self._copies.drop(image)

    def observe_copies(self) -> dict[ImageId, Copied]:
        return self._copies.observe()

    # --- inside ---------------------------------------------------------------------------------

    def _disk(self, instance: InstanceId, number: int) -> Path:
        return self._disks / (f"{instance}.{number}{_DISK}" if number else f"{instance}{_DISK}")

    def _newest(self, instance: InstanceId) -> int:
        """A restored cloud may name an older disk: what was rebuilt since is not thrown away for it."""
        names = (path.name.split(".")[1] for path in self._disks.glob(f"{instance}.*{_DISK}"))
        return max((int(number) for number in names if number.isdecimal()), default=0)

    def _drop(self, instance: InstanceId) -> None:
        """All files of the instance, half-made ones too."""
        for pattern in (f"{instance}.*", f".{instance}.*"):
            for path in self._disks.glob(pattern):
                path.unlink(missing_ok=True)
        sync(self._disks)

    def _grow(self, path: Path, virtual: int) -> None:
        """What is no disk any more is left as it is: whoever starts it says so."""
        try:
            with path.open("rb") as file:
                now = image_headers.read_qcow2(reader(file.fileno())).virtual_bytes
        except Invalid:
            return
        if now < virtual:
            self._run(["resize", "-q", "-f", "qcow2", str(path), str(virtual)])

    def _create(self, path: Path, layers: tuple[LayerRef, ...], virtual: int) -> None:
        command = ["create", "-q", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=128k"]
        if layers:
            layer = layers[0]
            beneath = self.layers.path(layer)
            if not beneath.exists():
                raise Unavailable(LAYER, what="layer", reason="not_here", sha256=layer.sha256)
            virtual = max(virtual, layer.virtual_bytes)
            # -u: the size is known, so nothing of the layer need be opened.
            command += ["-u", "-F", layer.format, "-b", str(beneath)]
        self._run([*command, str(path), str(virtual)])

    def _run(self, command: list[str]) -> None:
        qemu_img.run([self._qemu_img, *command], "ensure_root")

    def _give_to_qemu(self, path: Path) -> None:
        os.chown(path, self._owner.uid, self._owner.gid)
        path.chmod(0o600)
