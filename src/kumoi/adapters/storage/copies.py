"""Copies of root disks and volumes: whole, standing alone, until control has them.

    FOLDER/OWNER.IMAGE.qcow2     ours, not QEMU's any more
    FOLDER/.OWNER.IMAGE.….new    being written, by qemu-img or by the guest's own QEMU

What does not belong here: which disk is copied, and when nothing runs on it.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kumoi.adapters.storage import image_headers, qemu_img
from kumoi.adapters.storage.durable import made_whole
from kumoi.adapters.storage.layers import reader
from kumoi.adapters.storage.os_errors import translated
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.contracts.storage import WriteCopy
from kumoi.core.copies import Copied, CopyBytes
from kumoi.core.errors import NotFound
from kumoi.core.ids import ImageId, InstanceId, VolumeId, is_uuid

LAYER: Final = "storage"
PIECE_BYTES: Final = 1 << 20
_DISK: Final = ".qcow2"


class DiskCopies:
    """The verbs of `contracts.storage.Storage` that are about copies. One at a time for one image."""

    def __init__(self, folder: Path, layers: Path, owner: Owner, program: str) -> None:
        self._folder = folder
        self._layers = layers
        self._owner = owner
        self._program = program
        for left in folder.glob(".*.new"):  # nobody is at it any more
            left.unlink(missing_ok=True)

    def make(self, instance: InstanceId, image: ImageId, disk: Path, live: WriteCopy | None) -> None:
        path = self._folder / f"{instance}.{image}{_DISK}"
        with translated(LAYER, "copy_root"):
            if path.exists():
                return
            virtual = self._look(disk)
            with made_whole(path) as fresh:
                fresh.unlink(missing_ok=True)  # whoever still writes to it writes to nobody's file
                self._create(fresh, virtual)
                if live is None:
                    self._convert(disk, fresh)
                else:
                    live(str(disk), str(fresh))
                self._take(fresh)

    def make_of_frozen(self, volume: VolumeId, image: ImageId, disk: Path) -> None:
        """Of a file that nobody writes, and whose pool looked at it."""
        path = self._folder / f"{volume}.{image}{_DISK}"
        with translated(LAYER, "copy_volume"):
            if path.exists():
                return
            with disk.open("rb") as file:
                virtual = image_headers.read_qcow2(reader(file.fileno())).virtual_bytes
            with made_whole(path) as fresh:
                self._create(fresh, virtual)
                self._convert(disk, fresh)
                self._take(fresh)

    def look_at(self, image: ImageId) -> CopyBytes:
        hashed, size = hashlib.sha256(), 0
        for piece in self.read(image):
            hashed.update(piece)
            size += len(piece)
        return CopyBytes(size_bytes=size, sha256=hashed.hexdigest())

    def read(self, image: ImageId) -> Iterator[bytes]:
        with translated(LAYER, "read_copy"), self._path(image).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def drop(self, image: ImageId) -> None:
        with translated(LAYER, "drop_copy"):
            for pattern in (f"*.{image}{_DISK}", f".*.{image}{_DISK}.new"):
                for path in self._folder.glob(pattern):
                    path.unlink(missing_ok=True)

    def observe(self) -> dict[ImageId, Copied]:
        found: dict[ImageId, Copied] = {}
        with translated(LAYER, "observe_copies"):
            for name in os.listdir(self._folder):
                owner, _, image = name.removesuffix(_DISK).partition(".")
                if is_uuid(owner) and is_uuid(image):
                    found[ImageId(image)] = InstanceId(owner)
        return found

    def _take(self, fresh: Path) -> None:
        os.chown(fresh, os.geteuid(), os.getegid())
        fresh.chmod(0o400)

    def _path(self, image: ImageId) -> Path:
        if not is_uuid(image) or not (found := list(self._folder.glob(f"*.{image}{_DISK}"))):
            raise NotFound(LAYER, kind="copy", id=image)
        return found[0]

    def _look(self, disk: Path) -> int:
        """The guest's QEMU wrote it, and may have been the guest's: it is looked at before anything opens it."""
        with disk.open("rb") as file:
            layers = {str(layer) for layer in self._layers.iterdir()}
            return image_headers.check_ours(lambda at, length: os.pread(file.fileno(), length, at), layers)

    def _create(self, fresh: Path, virtual: int) -> None:
        qemu_img.run([self._program, "create", "-q", "-f", "qcow2", str(fresh), str(virtual)], "copy_root")
        os.chown(fresh, self._owner.uid, self._owner.gid)
        fresh.chmod(0o600)

    def _convert(self, disk: Path, fresh: Path) -> None:
        command = [self._program, "convert", "-q", "-n", "--target-is-zero", "-f", "qcow2", "-O", "qcow2"]
        whole = qemu_img.as_guest(self._owner, [*command, str(disk), str(fresh)])
        qemu_img.run(whole, "copy_root", qemu_img.WHOLE_DISK_S)
