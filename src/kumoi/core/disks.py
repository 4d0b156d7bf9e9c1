"""Disks as a host is told of them: layers by their content, and what stands on them. Ids and sizes, never paths."""

import msgspec

from kumoi.core.ids import LayerId
from kumoi.core.images import LayerFormat


class LayerRef(msgspec.Struct, frozen=True, kw_only=True):
    """A layer by content; a host fetches it by `sha256` over the link and checks it."""

    id: LayerId
    sha256: str
    format: LayerFormat
    size_bytes: int
    virtual_bytes: int


class RootDisk(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's own disk: an overlay of `size_gib` (0: as large as the layer) on `layers`, deepest last.

    `number`: one of another number takes the place of all that were before."""

    layers: tuple[LayerRef, ...]
    size_gib: int
    number: int = 0


class RescueDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that is booted instead of the root disk, beside it. `stable`: the root disk stays the first one."""

    layers: tuple[LayerRef, ...]
    stable: bool = False
