"""What a file claims to be, read from its first and last bytes; and whether a qcow2 header may be trusted.

Pure: bytes come by a `ReadAt`, at most a few kilobytes of them. What does not belong here: opening, limits on this
process (confinement), a policy on formats (inspector).
Sources: QEMU's docs/interop/qcow2.txt; each format's own signature.
"""

import struct
from collections.abc import Callable, Container
from typing import Final, Literal

import msgspec

from kumoi.core.errors import Fact, Invalid
from kumoi.core.images import MAX_VIRTUAL_GIB

ReadAt = Callable[[int, int], bytes]
Detected = Literal["raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhd", "vhdx", "iso", "luks"]

MAX_VIRTUAL_BYTES: Final = MAX_VIRTUAL_GIB << 30
_SECTOR: Final = 512
_ISO_AT: Final = 0x8001
_VDI_AT: Final = 0x40
_SIGNATURES: Final[tuple[tuple[int, bytes, Detected], ...]] = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"QED\0", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"# Disk Descriptor", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    (0, b"LUKS\xba\xbe", "luks"),
    (_VDI_AT, b"\x7f\x10\xda\xbe", "vdi"),
    (_ISO_AT, b"CD001", "iso"),
)

_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = (1 << bit for bit in range(5))
_KNOWN: Final = _DIRTY | _CORRUPT | _DATA_FILE | _COMPRESSION | _EXTENDED_L2
_HEADER_V2: Final = struct.Struct(">4sIQIIQIIQQIIQ")
_HEADER_V3_MORE: Final = struct.Struct(">QQQII")
_V3_LENGTH: Final = _HEADER_V2.size + _HEADER_V3_MORE.size
_EXTENSION: Final = struct.Struct(">II")
_EXTENSION_END: Final = 0
_EXTENSION_DATA_FILE: Final = 0x44415441
_MOST_EXTENSIONS: Final = 64
_MOST_L1_BYTES: Final = 32 << 20
_MOST_REFCOUNT_BYTES: Final = 8 << 20
_MOST_SNAPSHOTS: Final = 65536


class Qcow2(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a header, as they stand in the file. Offsets and sizes in bytes."""

    version: int
    backing_offset: int
    backing_length: int
    cluster_bits: int
    virtual_bytes: int
    encryption: int
    l1_entries: int
    l1_offset: int
    refcounts_offset: int
    refcounts_clusters: int
    snapshots: int
    snapshots_offset: int
    incompatible: int = 0
    refcount_order: int = 4
    header_length: int = _HEADER_V2.size


def detect(read_at: ReadAt, size: int) -> Detected:
    """By content alone. What no signature claims is raw."""
    for offset, signature, detected in _SIGNATURES:
        if read_at(offset, len(signature)) == signature:
            if detected == "qcow2" and read_at(4, 4) == b"\0\0\0\1":
                return "qcow"
            return detected
    # A fixed VHD is a raw disk with a footer.
    if size > _SECTOR and read_at(size - _SECTOR, 8) == b"conectix":
        return "vhd"
    return "raw"


def read_qcow2(read_at: ReadAt) -> Qcow2:
    """Raises Invalid (reason: not_an_image, bad_header)."""
    head = read_at(0, _V3_LENGTH)
    if len(head) < _HEADER_V2.size:
        raise _refused("not_an_image")
    magic, version, *fields = _HEADER_V2.unpack_from(head)
    if magic != b"QFI\xfb":
        raise _refused("not_an_image")
    if version not in {2, 3}:
        raise _refused("bad_header", what="version", value=version)
    names = (
        "backing_offset", "backing_length", "cluster_bits", "virtual_bytes", "encryption", "l1_entries", "l1_offset",
        "refcounts_offset", "refcounts_clusters", "snapshots", "snapshots_offset",
    )  # fmt: skip
    known: dict[str, int] = dict(zip(names, fields, strict=True))
    if version == 3:
        if len(head) < _V3_LENGTH:
            raise _refused("bad_header", what="length", value=len(head))
        incompatible, _, _, order, length = _HEADER_V3_MORE.unpack_from(head, _HEADER_V2.size)
        known |= {"incompatible": incompatible, "refcount_order": order, "header_length": length}
    return Qcow2(version=version, **known)


def virtual_bytes_of_qcow2(read_at: ReadAt, size: int) -> int:
    """The virtual size of a qcow2 that stands for itself. Raises Invalid for one that names any other file, is
    encrypted, corrupt, of an unknown kind, absurdly large, or whose tables lie outside of its `size` bytes."""
    header = read_qcow2(read_at)
    _check_alone(header)
    _check_shape(header)
    _check_extensions(header, read_at)
    check_virtual(header.virtual_bytes)
    _check_tables(header, size)
    return header.virtual_bytes


def virtual_bytes_of_raw(size: int) -> int:
    """QEMU shows whole sectors."""
    if size == 0:
        raise _refused("not_an_image")
    rounded = -(-size // _SECTOR) * _SECTOR
    check_virtual(rounded)
    return rounded


def check_virtual(virtual_bytes: int) -> None:
    if virtual_bytes > MAX_VIRTUAL_BYTES:
        raise _refused("too_large_virtual", size=virtual_bytes, limit=MAX_VIRTUAL_BYTES)


def backing_name(read_at: ReadAt) -> str:
    """The file that a qcow2 stands on, empty where it stands alone. Raises Invalid."""
    header = read_qcow2(read_at)
    if header.backing_offset == 0:
        return ""
    return read_at(header.backing_offset, min(header.backing_length, 1023)).decode(errors="replace")


def check_ours(read_at: ReadAt, beneath: Container[str]) -> int:
    """A guest's disk, which its QEMU wrote: it may name a file `beneath` it and no other one. Returns its size in
    bytes as the guest sees it. Raises Invalid."""
    header = read_qcow2(read_at)
    _check_shape(header)
    if header.incompatible & _DATA_FILE:
        raise _refused("data_file")
    _check_extensions(header, read_at)
    name = backing_name(read_at)
    if name and name not in beneath:
        raise _refused("backing_file")
    check_virtual(header.virtual_bytes)
    return header.virtual_bytes


def _check_alone(header: Qcow2) -> None:
    if header.backing_offset or header.backing_length:
        raise _refused("backing_file")
    if header.incompatible & _DATA_FILE:
        raise _refused("data_file")
    if header.encryption:
        raise _refused("encrypted")


def _check_shape(header: Qcow2) -> None:
    if header.incompatible & _CORRUPT:
        raise _refused("corrupt")
    if unknown := header.incompatible & ~_KNOWN:
        raise _refused("unknown_features", value=unknown)
    if not 9 <= header.cluster_bits <= 21:
        raise _refused("bad_header", what="cluster_bits", value=header.cluster_bits)
    if header.refcount_order > 6:
        raise _refused("bad_header", what="refcount_order", value=header.refcount_order)
    if header.virtual_bytes % _SECTOR or header.virtual_bytes == 0:
        raise _refused("bad_header", what="virtual_bytes", value=header.virtual_bytes)
    shortest = _V3_LENGTH if header.version == 3 else _HEADER_V2.size
    if not shortest <= header.header_length <= 1 << header.cluster_bits:
        raise _refused("bad_header", what="header_length", value=header.header_length)


def _check_extensions(header: Qcow2, read_at: ReadAt) -> None:
    offset = header.header_length
    for _ in range(_MOST_EXTENSIONS):
        head = read_at(offset, _EXTENSION.size)
        if len(head) < _EXTENSION.size or offset >= 1 << header.cluster_bits:
            return
        kind, length = _EXTENSION.unpack(head)
        if kind == _EXTENSION_END:
            return
        if kind == _EXTENSION_DATA_FILE:
            raise _refused("data_file")
        offset += _EXTENSION.size + -(-length // 8) * 8
    raise _refused("bad_header", what="extensions", value=_MOST_EXTENSIONS)


def _check_tables(header: Qcow2, size: int) -> None:
    cluster = 1 << header.cluster_bits
    per_l2 = cluster // (16 if header.incompatible & _EXTENDED_L2 else 8)
    needed = -(-header.virtual_bytes // (cluster * per_l2))
    if not needed <= header.l1_entries <= _MOST_L1_BYTES // 8:
        raise _refused("bad_header", what="l1_entries", value=header.l1_entries)
    refcounts = header.refcounts_clusters * cluster
    if not 0 < refcounts <= _MOST_REFCOUNT_BYTES:
        raise _refused("bad_header", what="refcounts_clusters", value=header.refcounts_clusters)
    if header.snapshots > _MOST_SNAPSHOTS:
        raise _refused("bad_header", what="snapshots", value=header.snapshots)
    tables = [("l1_offset", header.l1_offset, header.l1_entries * 8), ("refcounts_offset", header.refcounts_offset, 1)]
    if header.snapshots:
        tables.append(("snapshots_offset", header.snapshots_offset, header.snapshots * 40))
    for what, offset, length in tables:
        if offset == 0 or offset % cluster or offset + length > size:
            raise _refused("bad_header", what=what, value=offset)


def _refused(reason: str, **facts: Fact) -> Invalid:
    return Invalid("image", field="image", reason=reason, **facts)
