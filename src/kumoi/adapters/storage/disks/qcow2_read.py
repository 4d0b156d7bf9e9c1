"""What is written on a disk that is a qcow2, front to back: one that stands alone, as a plain conversion makes it.

Nothing in it is believed: a table leads nowhere but into the file, and no more is read than the file is large.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from kumoi.adapters.storage.disks.mapped import refused, table
from kumoi.adapters.storage.image_headers import Qcow2, ReadAt, read_qcow2, virtual_bytes_of_qcow2

PIECE_BYTES: Final = 2 << 20
_OFFSET: Final = 0x00FF_FFFF_FFFF_FE00
_COMPRESSED: Final = 1 << 62
_ZERO: Final = 1
_DIRTY: Final = 1


def virtual_bytes(read_at: ReadAt, size: int) -> int:
    """As `image_headers.virtual_bytes_of_qcow2`. Invalid also for one that keeps its clusters in other ways."""
    header = read_qcow2(read_at)
    if header.incompatible & ~_DIRTY:
        raise refused("unknown_features", value=header.incompatible)
    return virtual_bytes_of_qcow2(read_at, size)


def chunks(read_at: ReadAt, size: int, chunk_bytes: int) -> Iterator[tuple[int, bytes]]:
    """The numbers and bytes of the chunks on which there is anything but zeros, ascending. Raises Invalid.

    `chunk_bytes`: a multiple of every size that a cluster may have (2 MiB at most).
    """
    virtual_bytes(read_at, size)
    header = read_qcow2(read_at)
    cluster, zeros = 1 << header.cluster_bits, bytes(chunk_bytes)
    per_chunk = chunk_bytes // cluster
    for number, those in groupby(_clusters(read_at, header, size), lambda pair: pair[0] // per_chunk):
        chunk = bytearray(chunk_bytes)
        for n, place in those:
            piece = read_at(place, cluster)
            at = n % per_chunk * cluster
            chunk[at : at + len(piece)] = piece
        if chunk != zeros:
            yield number, bytes(chunk)


def whole(read_at: ReadAt, size: int) -> Iterator[bytes]:
    """The guest's disk from end to end, in pieces of 2 MiB at most. Raises Invalid."""
    left = virtual_bytes(read_at, size)
    zeros, at = bytes(PIECE_BYTES), 0
    for number, chunk in chunks(read_at, size, PIECE_BYTES):
        while at < number:
            yield zeros
            left, at = left - PIECE_BYTES, at + 1
        yield chunk[:left]
        left, at = left - PIECE_BYTES, at + 1
    while left > 0:
        yield zeros[:left]
        left -= PIECE_BYTES


def _clusters(read_at: ReadAt, header: Qcow2, size: int) -> Iterator[tuple[int, int]]:
    """The guest's clusters that are there, and where in the file they lie."""
    cluster = 1 << header.cluster_bits
    per_table, most, found = cluster // 8, -(-header.virtual_bytes // cluster), 0
    for index, entry in enumerate(table(read_at, header.l1_offset, header.l1_entries, ">Q")):
        if not (at := entry & _OFFSET):
            continue
        for n, row in enumerate(table(read_at, at, per_table, ">Q"), index * per_table):
            if row & _COMPRESSED:
                raise refused("unknown_features", value=_COMPRESSED)
            if not (place := row & _OFFSET) or row & _ZERO or n >= most:
                continue
            found += 1
            if place >= size or found * cluster > size:  # each has a place of its own in the file
                raise refused("bad_header", what="cluster", value=place)
            yield n, place
