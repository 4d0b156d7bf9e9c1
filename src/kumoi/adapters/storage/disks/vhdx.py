"""Hyper-V's VHDX. Source: Microsoft's MS-VHDX."""

import uuid
from typing import Final

from kumoi.adapters.storage.disks.mapped import Disk, check_block, fields, plain, refused, table
from kumoi.adapters.storage.image_headers import ReadAt

_HEADERS: Final = (64 << 10, 128 << 10)
_REGIONS: Final = 192 << 10
_BAT: Final = uuid.UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
_METADATA: Final = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_FILE_PARAMETERS: Final = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_VIRTUAL_SIZE: Final = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_SECTOR_SIZE: Final = uuid.UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
_ENTRY_BYTES: Final = 32
_MOST_ENTRIES: Final = 2047
_HAS_PARENT: Final = 2
_STATE, _THERE = 7, (6, 7)


def read(read_at: ReadAt, _size: int) -> Disk:
    """Raises Invalid for one that stands on another file, was not closed properly, or is damaged."""
    _check_closed(read_at)
    regions = _entries(read_at, _REGIONS, 16, b"regi", "<QI")
    items = _entries(read_at, regions[_METADATA][0], _ENTRY_BYTES, b"metadata", "<II", counted_at=10)
    base = regions[_METADATA][0]
    block_bytes, flags = fields(read_at, base + items[_FILE_PARAMETERS][0], "<II")
    (virtual_bytes,) = fields(read_at, base + items[_VIRTUAL_SIZE][0], "<Q")
    (sector_bytes,) = fields(read_at, base + items[_SECTOR_SIZE][0], "<I")
    if flags & _HAS_PARENT:
        raise refused("backing_file")
    check_block(block_bytes)
    if sector_bytes not in {512, 4096}:
        raise refused("bad_header", what="sector", value=sector_bytes)
    per_chunk = (1 << 23) * sector_bytes // block_bytes  # after so many blocks the table has one entry for a bitmap
    count = -(-virtual_bytes // block_bytes)
    rows = table(read_at, regions[_BAT][0], count + (count - 1) // per_chunk if count else 0, "<Q")
    blocks = {}
    for n in range(count):
        row = rows[n + n // per_chunk]
        if row & _STATE in _THERE:
            blocks[n] = row >> 20 << 20
    return plain(read_at, virtual_bytes, block_bytes, blocks)


def _check_closed(read_at: ReadAt) -> None:
    """The newer of the two headers; its log must be empty, or what is in the file is not all."""
    newest, log_id = -1, b""
    for at in _HEADERS:
        (sequence,) = fields(read_at, at + 8, "<Q")
        if read_at(at, 4) == b"head" and sequence > newest:
            newest, log_id = sequence, read_at(at + 48, 16)
    if newest < 0:
        raise refused("bad_header", what="header", value=_HEADERS[0])
    if any(log_id):
        raise refused("corrupt")


def _entries(
    read_at: ReadAt, at: int, header_bytes: int, signature: bytes, layout: str, counted_at: int = 8
) -> dict[bytes, tuple[int, ...]]:
    """The offset (and length) of each of a table's things, by its GUID."""
    if read_at(at, len(signature)) != signature:
        raise refused("bad_header", what=signature.decode(), value=at)
    (count,) = fields(read_at, at + counted_at, "<H")
    if count > _MOST_ENTRIES:
        raise refused("bad_header", what="entries", value=count)
    places = (at + header_bytes + n * _ENTRY_BYTES for n in range(count))
    found = {read_at(place, 16): fields(read_at, place + 16, layout) for place in places}
    return _Known(found)


class _Known(dict[bytes, tuple[int, ...]]):
    def __missing__(self, key: bytes) -> tuple[int, ...]:
        raise refused("bad_header", what="region", value=str(uuid.UUID(bytes_le=key)))
