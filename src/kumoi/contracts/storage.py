"""Disks and layers on one host."""

from collections.abc import Callable, Iterator
from typing import Protocol

from kumoi.core.copies import Copied, CopyBytes
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk
from kumoi.core.ids import ImageId, InstanceId, VolumeId

Fetch = Callable[[str], Iterator[bytes]]
WriteCopy = Callable[[str, str], None]  # the handles of a disk, and of an empty one as large that is to be like it


class Storage(Protocol):
    """Layers are immutable files by hash, shared; root disks are overlays on them. Raises core errors, layer
    `storage`."""

    def has_layer(self, layer: LayerRef) -> bool: ...
    def ensure_layer(self, layer: LayerRef, fetch: Fetch) -> None:
        """Bring the layer here by `fetch(sha256)` (pieces of bytes) and check its hash; partial files never count."""
        ...

    def ensure_root(self, instance: InstanceId, root: RootDisk) -> str:
        """Make the overlay if absent and return its handle for the compute driver.

        An existing disk of this number is only ever made larger; one of another number goes, and its config drive with
        it. Nothing of the instance runs meanwhile.
        """
        ...

    def ensure_rescue(self, instance: InstanceId, disk: RescueDisk | None) -> str:
        """The same for the disk that it is rescued from; None: there is to be none."""
        ...

    def ensure_config_drive(self, instance: InstanceId, files: dict[str, bytes]) -> str: ...
    def remove_root(self, instance: InstanceId) -> None: ...
    def observe_roots(self) -> tuple[set[InstanceId], list[str]]:
        """The instances that have disks here, and strays by name."""
        ...

    def collect_layers(self, keep: set[str]) -> None:
        """Drop layers whose hash is not kept and that no disk uses."""
        ...

    def copy_root(self, instance: InstanceId, image: ImageId, live: WriteCopy | None) -> None:
        """Keep the root disk as it is now, standing alone, for an image; partial ones never count.

        `live` writes it, where the disk is in use; otherwise nothing of the instance runs or starts meanwhile.
        Harmless where it is there already. NotFound where the instance has no disk.
        """
        ...

    def copy_volume(self, volume: VolumeId, image: ImageId, frozen: str) -> None:
        """The same of a volume, by its pool's handle of a snapshot: nobody writes it."""
        ...

    def look_at_copy(self, image: ImageId) -> CopyBytes:
        """NotFound where there is none."""
        ...

    def read_copy(self, image: ImageId) -> Iterator[bytes]: ...
    def drop_copy(self, image: ImageId) -> None:
        """And whatever is left of one that was never finished. Harmless twice."""
        ...

    def observe_copies(self) -> dict[ImageId, Copied]:
        """The copies that are whole, and of whom."""
        ...
