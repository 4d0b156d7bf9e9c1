"""A disk as a qcow2 (version 3), front to back in one go: all that is needed is known before the first byte.

The same disk makes the same bytes, for ever: of backups that were kept only the sum of these is known.

    header · refcount table · refcount blocks · L1 table · L2 tables · the clusters that are there, in the guest's order

Source: QEMU's docs/interop/qcow2.txt.
"""

import struct
from collections.abc import Iterator
from typing import Final

from kumoi.adapters.storage.disks.mapped import SECTOR, Disk

CLUSTER: Final = 64 << 10
_BITS: Final = 16
_PER_L2: Final = CLUSTER // 8
_PER_REFCOUNTS: Final = CLUSTER // 2
_COPIED: Final = 1 << 63
_HEADER: Final = struct.Struct(">4sIQIIQIIQQIIQQQQII")


def stream(disk: Disk) -> Iterator[bytes]:
    """Pieces of at most a cluster, or of a table."""
    virtual_bytes = -(-disk.virtual_bytes // SECTOR) * SECTOR
    there = _clusters(disk)
    tables = sorted({cluster // _PER_L2 for cluster in there})
    l1_entries = max(1, -(-virtual_bytes // (CLUSTER * _PER_L2)))
    l1 = _in_clusters(l1_entries * 8)
    fixed = 1 + l1 + len(tables) + len(there)
    blocks, listed = _refcounts(fixed)
    blocks_at, l1_at = 1 + listed, 1 + listed + blocks
    l2_at = l1_at + l1
    data_at = l2_at + len(tables)
    yield _header(virtual_bytes, l1_entries, l1_at, listed)
    yield _numbers([(blocks_at + n) * CLUSTER for n in range(blocks)], listed)
    yield _ones(fixed + blocks + listed, blocks)
    places = {number: l2_at + n for n, number in enumerate(tables)}
    yield _numbers([places[n] * CLUSTER | _COPIED if n in places else 0 for n in range(l1_entries)], l1)
    yield from _l2_tables(tables, there, data_at)
    yield from _data(disk, there)


def _clusters(disk: Disk) -> list[int]:
    """The numbers of the clusters in which some block is, ascending."""
    most = -(-disk.virtual_bytes // CLUSTER)
    if disk.block_bytes <= CLUSTER:
        per = CLUSTER // disk.block_bytes
        return sorted({n for block in disk.blocks if (n := block // per) < most})
    per = disk.block_bytes // CLUSTER
    return [n for block in sorted(disk.blocks) for n in range(block * per, (block + 1) * per) if n < most]


def _refcounts(fixed: int) -> tuple[int, int]:
    """How many clusters count the others and themselves, and how many list those."""
    blocks = listed = 0
    while True:
        needs = -(-(fixed + blocks + listed) // _PER_REFCOUNTS)
        lists = _in_clusters(needs * 8)
        if (needs, lists) == (blocks, listed):
            return blocks, listed
        blocks, listed = needs, lists


def _header(virtual_bytes: int, l1_entries: int, l1_at: int, listed: int) -> bytes:
    header = _HEADER.pack(
        b"QFI\xfb", 3, 0, 0, _BITS, virtual_bytes, 0, l1_entries, l1_at * CLUSTER, CLUSTER, listed, 0, 0, 0, 0, 0, 4,
        _HEADER.size,
    )  # fmt: skip
    return header.ljust(CLUSTER, b"\0")


def _numbers(numbers: list[int], clusters: int) -> bytes:
    return struct.pack(f">{len(numbers)}Q", *numbers).ljust(clusters * CLUSTER, b"\0")


def _ones(count: int, blocks: int) -> bytes:
    return (b"\0\1" * count).ljust(blocks * CLUSTER, b"\0")


def _l2_tables(tables: list[int], there: list[int], data_at: int) -> Iterator[bytes]:
    place = 0
    for number in tables:
        rows = bytearray(CLUSTER)
        while place < len(there) and there[place] // _PER_L2 == number:
            struct.pack_into(">Q", rows, there[place] % _PER_L2 * 8, (data_at + place) * CLUSTER | _COPIED)
            place += 1
        yield bytes(rows)


def _data(disk: Disk, there: list[int]) -> Iterator[bytes]:
    """Each cluster whole; what is not there, or is cut off at the file's end, as zeros."""
    held, data = -1, b""
    for cluster in there:
        piece = bytearray(CLUSTER)
        at = cluster * CLUSTER
        for block in range(at // disk.block_bytes, -(-(at + CLUSTER) // disk.block_bytes)):
            place = disk.blocks.get(block)
            if place is None:
                continue
            if place != held:
                held, data = place, disk.read_block(place)
            begin = max(at, block * disk.block_bytes)
            end = min(at + CLUSTER, (block + 1) * disk.block_bytes)
            part = data[begin - block * disk.block_bytes : end - block * disk.block_bytes]
            piece[begin - at : begin - at + len(part)] = part
        yield bytes(piece)


def _in_clusters(size: int) -> int:
    return -(-size // CLUSTER)
