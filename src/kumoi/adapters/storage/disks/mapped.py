"""A disk whose blocks lie somewhere in a file: the least that all of these formats have in common."""

import struct
from collections.abc import Callable
from typing import Final

import msgspec

from kumoi.adapters.storage.image_headers import ReadAt, check_virtual
from kumoi.core.errors import Fact, Invalid

SECTOR: Final = 512
MOST_TABLE_BYTES: Final = 64 << 20


class Disk(msgspec.Struct, frozen=True):
    """`blocks`: the guest's block number to where it lies in the file; blocks that are not there are zeros."""

    virtual_bytes: int
    block_bytes: int
    blocks: dict[int, int]
    read_block: Callable[[int], bytes]


def plain(read_at: ReadAt, virtual_bytes: int, block_bytes: int, blocks: dict[int, int]) -> Disk:
    """Blocks that lie in the file as the guest sees them."""
    check_virtual(virtual_bytes)
    return Disk(virtual_bytes, block_bytes, blocks, lambda at: read_at(at, block_bytes))


def table(read_at: ReadAt, at: int, count: int, entry: str) -> list[int]:
    """`count` numbers of a struct format at an offset. Invalid for an absurd or a cut-off table."""
    size = count * struct.calcsize(entry)
    if not 0 <= size <= MOST_TABLE_BYTES:
        raise refused("bad_header", what="table", value=size)
    raw = read_at(at, size)
    if len(raw) < size:
        raise refused("bad_header", what="table", value=at)
    return [number for (number,) in struct.iter_unpack(entry, raw)]


def fields(read_at: ReadAt, at: int, layout: str) -> tuple[int, ...]:
    raw = read_at(at, struct.calcsize(layout))
    if len(raw) < struct.calcsize(layout):
        raise refused("bad_header", what="length", value=len(raw))
    return struct.unpack(layout, raw)


def check_block(block_bytes: int) -> None:
    """A power of two from one sector to 256 MiB."""
    if not SECTOR <= block_bytes <= 256 << 20 or block_bytes & (block_bytes - 1):
        raise refused("bad_header", what="block", value=block_bytes)


def refused(reason: str, **facts: Fact) -> Invalid:
    return Invalid("image", field="image", reason=reason, **facts)
