"""What the suite of volumes needs of a driver's world; another driver adds a rig of its own."""

from collections.abc import Iterator
from typing import Protocol

from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.system import SystemClock
from kumoi.contracts.volumes import VolumePool
from kumoi.core.ids import VolumeId


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

    def __init__(self) -> None:
        self.world = World(SystemClock())
        self.volumes: VolumePool = FakeVolumePool(self.world)
        self.layers: dict[str, bytes] = {}

    def fetch(self, sha256: str) -> Iterator[bytes]:
        yield self.layers[sha256]

    def write(self, volume: VolumeId, content: bytes) -> None:
        self.world.volumes[volume].content = content

    def content(self, volume: VolumeId) -> bytes:
        return self.world.volumes[volume].content
