"""VMware's VMDK in one file: monolithicSparse and streamOptimized. Source: VMware's Virtual Disk Format 5.0."""

import re
import struct
import zlib
from typing import Final

from kumoi.adapters.storage.disks.mapped import SECTOR, Disk, check_block, fields, plain, refused, table
from kumoi.adapters.storage.image_headers import ReadAt, check_virtual

_HEADER: Final = "<4sIIQQQQIQQQ"
_COMPRESSION_AT: Final = 77
_AT_END: Final = 0xFFFFFFFFFFFFFFFF  # streams: the header that counts is the footer, before the end marker
_MARKER: Final = struct.Struct("<QI")
_MOST_DESCRIPTOR: Final = 64 << 10
_KINDS: Final = ("monolithicsparse", "streamoptimized")


def read(read_at: ReadAt, size: int) -> Disk:
    """Raises Invalid for one that names any other file, or is damaged."""
    at = 0
    header = _header(read_at, at)
    if header[9] == _AT_END:
        at = size - 2 * SECTOR
        header = _header(read_at, at)
    _, _, _, capacity, grain, descriptor, descriptor_size, per_table, _, directory, _ = header
    # A stream's footer repeats the header, and the descriptor lies where the first header says.
    _check_descriptor(read_at, descriptor * SECTOR, descriptor_size * SECTOR)
    (compression,) = fields(read_at, at + _COMPRESSION_AT, "<H")
    block_bytes = grain * SECTOR
    check_block(block_bytes)
    if not 0 < per_table <= 1 << 16 or compression > 1:
        raise refused("bad_header", what="grains", value=per_table)
    virtual_bytes = capacity * SECTOR
    check_virtual(virtual_bytes)
    blocks = _blocks(read_at, directory * SECTOR, -(-capacity // grain), per_table)
    if not compression:
        return plain(read_at, virtual_bytes, block_bytes, blocks)
    return Disk(virtual_bytes, block_bytes, blocks, lambda place: _inflated(read_at, place, block_bytes))


def _header(read_at: ReadAt, at: int) -> tuple[int, ...]:
    if read_at(at, 4) != b"KDMV":
        raise refused("data_file")  # a descriptor alone: its data are elsewhere
    return fields(read_at, at, _HEADER)


def _check_descriptor(read_at: ReadAt, at: int, size: int) -> None:
    text = read_at(at, min(size, _MOST_DESCRIPTOR)).split(b"\0")[0].decode("latin-1")
    kind = re.search(r'^createType\s*=\s*"(\w+)"', text, re.MULTILINE)
    parent = re.search(r"^parentCID\s*=\s*(\w+)", text, re.MULTILINE)
    if kind is None or kind[1].lower() not in _KINDS:
        raise refused("data_file")
    if parent is not None and parent[1].lower() != "ffffffff":
        raise refused("backing_file")


def _blocks(read_at: ReadAt, directory: int, grains: int, per_table: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for number, sector in enumerate(table(read_at, directory, -(-grains // per_table), "<I")):
        if sector:
            first = number * per_table
            rows = table(read_at, sector * SECTOR, min(per_table, grains - first), "<I")
            found |= {first + n: row * SECTOR for n, row in enumerate(rows) if row > 1}  # 1: known to be zeros
    return found


def _inflated(read_at: ReadAt, at: int, block_bytes: int) -> bytes:
    raw = read_at(at, _MARKER.size)
    if len(raw) < _MARKER.size:
        raise refused("bad_header", what="grain", value=at)
    _, size = _MARKER.unpack(raw)
    if size > 2 * block_bytes + SECTOR:
        raise refused("bad_header", what="grain", value=size)
    try:
        return zlib.decompressobj().decompress(read_at(at + _MARKER.size, size), block_bytes)
    except zlib.error as error:
        raise refused("bad_header", what="grain", value=at) from error
