"""Looking at an uploaded image before anything opens it: by a confined process, with limits."""

from typing import Protocol

import msgspec

from kumoi.core.images import LayerFormat


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What the bytes really are. `virtual_bytes` as a guest would see it; 0: they are kept, but nothing can run on
    them."""

    disk_format: str
    virtual_bytes: int
    layer_format: LayerFormat


class Inspector(Protocol):
    """Refuses with Invalid (layer image; reason: backing_file, data_file, too_large_virtual, not_an_image,
    format_mismatch…)."""

    def inspect(self, path: str, claimed_format: str) -> Inspected: ...
