"""What the suite of volumes needs of a driver's world; another driver adds a rig of its own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.storage.volume_files import FileVolumePool
from kumoi.adapters.system import SystemClock
from kumoi.contracts.volumes import VolumePool
from kumoi.core.ids import VolumeId

OWN = Owner(uid=os.getuid(), gid=os.getgid())
QEMU = Owner(uid=47000, gid=47000)


class VolumeRig(Protocol):
    """`volumes` is the driver under test; `layers`: what can be fetched, by hash."""

    volumes: VolumePool
    layers: dict[str, bytes]

    def fetch(self, sha256: str) -> Iterator[bytes]: ...
    def write(self, volume: VolumeId, content: bytes) -> None:
        """As a guest would, at the beginning."""
        ...

    def content(self, volume: VolumeId) -> bytes:
        """What stands at the beginning, the zeros after it left out."""
        ...


class FakeRig:
    """Volumes in memory."""

    def __init__(self, _: Path) -> None:
        self.world = World(SystemClock())
        self.volumes: VolumePool = FakeVolumePool(self.world)
        self.layers: dict[str, bytes] = {}

    def fetch(self, sha256: str) -> Iterator[bytes]:
        yield self.layers[sha256]

    def write(self, volume: VolumeId, content: bytes) -> None:
        self.world.volumes[volume].content = content

    def content(self, volume: VolumeId) -> bytes:
        return self.world.volumes[volume].content


class FilesRig:
    """Files in a folder, written and read by qemu-img and qemu-io as a guest's QEMU would."""

    def __init__(self, folder: Path, owner: Owner = OWN) -> None:
        self.folder = folder / "images"
        self.owner = owner
        self.layers: dict[str, bytes] = {}
        self.storage = FileStorage(self.folder, owner)
        self.volumes: VolumePool = self.pool()

    def pool(self) -> FileVolumePool:
        """As a new process has it."""
        return FileVolumePool(self.folder / "volumes", self.storage.layers, self.owner)

    def fetch(self, sha256: str) -> Iterator[bytes]:
        yield self.layers[sha256]

    def write(self, volume: VolumeId, content: bytes) -> None:
        source = self.folder.parent / "content"
        source.write_bytes(content.ljust(512, b"\0"))
        self.io(volume, f"write -q -s {source} 0 512")

    def io(self, volume: VolumeId, *commands: str) -> None:
        words = [word for command in commands for word in ("-c", command)]
        subprocess.run(["qemu-io", "-f", "qcow2", *words, self.volumes.handle(volume)], check=True, capture_output=True)

    def content(self, volume: VolumeId) -> bytes:
        command = ["qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=1M", "count=1"]
        shown = self.folder.parent / "shown"
        subprocess.run([*command, f"if={self.volumes.handle(volume)}", f"of={shown}"], check=True, capture_output=True)
        return shown.read_bytes().rstrip(b"\0")
