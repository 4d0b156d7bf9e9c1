"""Disk images made byte by byte: a small honest qcow2, and dishonest ones by changing its header."""

import struct
from typing import Any

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
_FIELDS = {
    "magic": b"QFI\xfb",
    "version": 3,
    "backing_offset": 0,
    "backing_length": 0,
    "cluster_bits": CLUSTER_BITS,
    "virtual_bytes": 1 << 20,
    "encryption": 0,
    "l1_entries": 1,
    "l1_offset": 3 * CLUSTER,
    "refcounts_offset": CLUSTER,
    "refcounts_clusters": 1,
    "snapshots": 0,
    "snapshots_offset": 0,
    "incompatible": 0,
    "compatible": 0,
    "autoclear": 0,
    "refcount_order": 4,
    "header_length": 104,
}
_HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")


def qcow2(extensions: bytes = b"", **changed: Any) -> bytes:
    """An empty qcow2 of one MiB: header, refcount table, refcount block, L1 table; `changed` fields as they stand."""
    header = _HEADER.pack(*(_FIELDS | changed).values()) + extensions
    refcount_table = struct.pack(">Q", 2 * CLUSTER)
    refcount_block = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(CLUSTER, b"\0") for part in (header, refcount_table, refcount_block, b""))


def with_backing(name: bytes) -> bytes:
    data = bytearray(qcow2(backing_offset=512, backing_length=len(name)))
    data[512 : 512 + len(name)] = name
    return bytes(data)
