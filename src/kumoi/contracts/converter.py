"""Disks of other hypervisors made into one that runs here, and one of ours as a guest sees it: by a confined process,
with limits."""

from collections.abc import Iterator
from typing import Final, Protocol

# What is converted when it is imported; what else there is runs as it is, or is kept as it is.
CONVERTED: Final = frozenset({"vmdk", "vdi", "vhd", "vhdx"})


class Converter(Protocol):
    """`convert` yields the pieces of a qcow2. Refuses with Invalid (layer image; reason: backing_file, data_file,
    corrupt, bad_header, too_large_virtual, inspection_failed), perhaps only after the first pieces."""

    def convert(self, path: str, disk_format: str) -> Iterator[bytes]: ...
    def expand(self, path: str) -> Iterator[bytes]:
        """All of a disk that is a qcow2 of its own, zeros too, in pieces. Refuses as `convert`."""
        ...
