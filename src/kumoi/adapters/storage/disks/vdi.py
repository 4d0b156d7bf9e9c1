"""VirtualBox's VDI. Source: its header as QEMU's block/vdi.c documents it."""

from typing import Final

from kumoi.adapters.storage.disks.mapped import Disk, check_block, fields, plain, refused, table
from kumoi.adapters.storage.image_headers import ReadAt

_DYNAMIC, _FIXED = 1, 2
_ABSENT: Final = 0xFFFFFFFE  # this number and the next: not there, and all zeros


def read(read_at: ReadAt, _size: int) -> Disk:
    """Raises Invalid for one that stands on another file, or is damaged."""
    (kind,) = fields(read_at, 0x4C, "<I")
    if kind not in {_DYNAMIC, _FIXED}:
        raise refused("backing_file")
    blocks_at, data_at = fields(read_at, 0x154, "<II")
    virtual_bytes, block_bytes, extra, count = fields(read_at, 0x170, "<QIII")
    check_block(block_bytes)
    if extra or count != -(-virtual_bytes // block_bytes):
        raise refused("bad_header", what="blocks", value=count)
    places = table(read_at, blocks_at, count, "<I")
    blocks = {n: data_at + place * block_bytes for n, place in enumerate(places) if place < _ABSENT}
    return plain(read_at, virtual_bytes, block_bytes, blocks)
