"""Virtual PC's VHD: fixed and dynamic. Source: Microsoft's Virtual Hard Disk Image Format Specification 1.0."""

from typing import Final

from kumoi.adapters.storage.disks.mapped import SECTOR, Disk, check_block, fields, plain, refused, table
from kumoi.adapters.storage.image_headers import ReadAt

_FIXED, _DYNAMIC = 2, 3
_ABSENT: Final = 0xFFFFFFFF
_FIXED_BLOCK: Final = 2 << 20


def read(read_at: ReadAt, size: int) -> Disk:
    """Raises Invalid for one that stands on another file, or is damaged."""
    footer_at = size - SECTOR
    if read_at(footer_at, 8) != b"conectix":
        raise refused("bad_header", what="footer", value=footer_at)
    (header_at,) = fields(read_at, footer_at + 16, ">Q")
    virtual_bytes, _, kind = fields(read_at, footer_at + 48, ">QII")
    if kind == _FIXED:
        virtual_bytes = min(virtual_bytes, footer_at)
        places = range(-(-virtual_bytes // _FIXED_BLOCK))
        return plain(read_at, virtual_bytes, _FIXED_BLOCK, {n: n * _FIXED_BLOCK for n in places})
    if kind != _DYNAMIC:
        raise refused("backing_file")
    if read_at(header_at, 8) != b"cxsparse":
        raise refused("bad_header", what="header", value=header_at)
    table_at, _, count, block_bytes = fields(read_at, header_at + 16, ">QIII")
    check_block(block_bytes)
    if count < -(-virtual_bytes // block_bytes):
        raise refused("bad_header", what="blocks", value=count)
    bitmap_bytes = -(-block_bytes // SECTOR // 8 // SECTOR) * SECTOR  # before the data of each block
    sectors = table(read_at, table_at, -(-virtual_bytes // block_bytes), ">I")
    blocks = {n: sector * SECTOR + bitmap_bytes for n, sector in enumerate(sectors) if sector != _ABSENT}
    return plain(read_at, virtual_bytes, block_bytes, blocks)
