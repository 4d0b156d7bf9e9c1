"""Volumes of one host offered to others over the network."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Protocol

from kumoi.core.disks import Export
from kumoi.core.ids import VolumeId


class Exporter(Protocol):
    """Harmless twice. Raises core errors, layer `storage`. What it holds may vanish at any moment with its processes,
    never the volumes: whoever looks sees that nothing is offered, and offers anew."""

    def offer(self, volume: VolumeId, handle: str, exports: Sequence[Export]) -> None:
        """From now on these reach the volume, by its pool's handle, and nobody else: who did until now is cut off
        before this returns. With none, nothing here holds the volume any more."""
        ...

    def observe(self) -> Mapping[VolumeId, Set[str]]:
        """Everything that is offered, and to which users; to nobody, what is still held here."""
        ...

    def watch(self, callback: Callable[[], None]) -> None:
        """Call back, from any thread, when something that was offered may be so no more."""
        ...
