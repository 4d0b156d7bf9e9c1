"""Volumes and their snapshots in one pool of one host."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from kumoi.contracts.storage import Fetch
from kumoi.core.disks import SnapshotEntry, VolumeEntry
from kumoi.core.ids import SnapshotId, VolumeId

GoOn = Callable[[Mapping[VolumeId, str]], None]  # the handles on which the guests that have them are to go on at once
Pull = Callable[[], None]  # the guest that has a volume makes it stand alone


class VolumeSight(msgspec.Struct, frozen=True, kw_only=True):
    """`size_gib` as a guest sees it; `used_bytes` as they are on the disk, shared ones with whoever shares them.
    `depth`: how many things, one on the other, are read to read it. `number`: that of its content."""

    size_gib: int
    used_bytes: int = 0
    depth: int = 1
    number: int = 0


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What is whole in a pool. Half-made things are not in it; `strays` by name."""

    volumes: Mapping[VolumeId, VolumeSight]
    snapshots: Mapping[SnapshotId, VolumeSight]
    strays: tuple[str, ...] = ()


class VolumePool(Protocol):
    """Every verb is harmless twice, and what was cut off anywhere is finished or begun anew by the next call.

    Who stands on what is the driver's to know: removing anything breaks nothing else. Raises core errors, layer
    `storage`. No guest has the volume meanwhile, unless it says otherwise.
    """

    def ensure_volume(self, volume: VolumeEntry, fetch: Fetch) -> None:
        """Make it where it is absent, of nothing, of layers or of a snapshot; where its content is of an earlier number
        put another one in its place, at one stroke; make it larger where it is too small, never smaller. What is made
        of a volume is made of a snapshot by whoever calls: `source_id` says nothing here.

        NotFound where what it is to be made of is not there.
        """
        ...

    def handle(self, volume: VolumeId) -> str:
        """What the compute driver is given, an opaque text. NotFound; Invalid for one that is not safe to open."""
        ...

    def freeze(self, snapshots: Sequence[SnapshotEntry], go_on: GoOn | None) -> None:
        """The volumes as they are at one moment. Where guests have them, `go_on` has those go on elsewhere: it may be
        called again with the same, and nothing counts as frozen before it returned. NotFound where a volume is not
        there."""
        ...

    def flatten(self, volume: VolumeId, pull: Pull | None) -> None:
        """Make it stand alone: by `pull` where a guest has it."""
        ...

    def snapshot_handle(self, snapshot: SnapshotId) -> str:
        """As `handle`, to be read only."""
        ...

    def remove_volume(self, volume: VolumeId) -> None: ...
    def remove_snapshot(self, snapshot: SnapshotId) -> None: ...
    def observe(self) -> Stock: ...
