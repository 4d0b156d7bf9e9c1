"""Backups as chunks: what is not zeros of a disk, in pieces of 4 MiB, each by its hash and compressed.

    PLACE/SHA256      a chunk that this backup was the first to hold, by zstd; the name is that of its plain bytes
    PLACE/map         which chunks make the disk, its own and its parents', and what the disk is as a whole; written
                      last: without it nothing is there

A map names all chunks of its disk, so reading needs no parent's map; and who removes a place removes what no other one
names, as long as nothing goes that another stands on. What does not belong here: where objects lie (Objects).
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
import zstandard

from kumoi.adapters.backups.objects import Objects
from kumoi.adapters.storage.disks import qcow2, qcow2_read
from kumoi.adapters.storage.disks.mapped import Disk
from kumoi.adapters.storage.layers import reader
from kumoi.adapters.storage.os_errors import translated
from kumoi.core.backups import KeptBackup
from kumoi.core.errors import Unavailable

LAYER: Final = "storage"
CHUNK_BYTES: Final = 4 << 20
MAP: Final = "map"
_LEVEL: Final = 3
_SUM_BYTES: Final = 32
_MOST_MAP_BYTES: Final = 512 << 20


class ChunkMap(msgspec.Struct, frozen=True, kw_only=True):
    """`chunks`: the number of each that is there to `PLACE/SHA256`."""

    chunk_bytes: int
    chunks: dict[int, str]
    kept: KeptBackup


class ChunkedBackups:
    """See `contracts.backups.Backups`. Safe for many threads."""

    def __init__(self, objects: Objects, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._objects = objects
        self._chunk_bytes = chunk_bytes

    def keep(self, place: str, path: str, parent: str | None) -> KeptBackup:
        known = {_sum_of(name): name for name in self._map(parent).chunks.values()} if parent is not None else {}
        chunks: dict[int, str] = {}
        stored: dict[str, int] = {}
        with translated(LAYER, "keep"), open(path, "rb") as file:
            size, read_at = os.fstat(file.fileno()).st_size, reader(file.fileno())
            virtual = qcow2_read.virtual_bytes(read_at, size)
            for number, chunk in qcow2_read.chunks(read_at, size, self._chunk_bytes):
                name = hashlib.sha256(chunk).hexdigest()
                if name not in known:
                    packed = zstandard.ZstdCompressor(_LEVEL, write_content_size=True).compress(chunk)
                    self._objects.put(place, name, packed)
                    known[name], stored[name] = f"{place}/{name}", len(packed)
                chunks[number] = known[name]
        hashed, whole = hashlib.sha256(), 0
        for piece in self._disk(chunks, virtual, self._chunk_bytes):  # what was written is read again
            hashed.update(piece)
            whole += len(piece)
        kept = KeptBackup(
            sha256=hashed.hexdigest(),
            size_bytes=whole,
            virtual_bytes=virtual,
            objects=len(stored),
            stored_bytes=sum(stored.values()),
        )
        self._put_map(place, ChunkMap(chunk_bytes=self._chunk_bytes, chunks=chunks, kept=kept))
        return kept

    def look(self, place: str) -> KeptBackup:
        return self._map(place).kept

    def read(self, place: str) -> Iterator[bytes]:
        known = self._map(place)
        return self._disk(known.chunks, known.kept.virtual_bytes, known.chunk_bytes)

    def remove(self, place: str) -> None:
        self._objects.clear(place, MAP)

    def places(self) -> set[str]:
        return self._objects.places()

    def _disk(self, chunks: Mapping[int, str], virtual: int, chunk_bytes: int) -> Iterator[bytes]:
        blocks = {number: number for number in chunks}
        return qcow2.stream(Disk(virtual, chunk_bytes, blocks, lambda n: self._chunk(chunks[n], chunk_bytes)))

    def _chunk(self, name: str, chunk_bytes: int) -> bytes:
        place, _, sha256 = name.partition("/")
        chunk = _unpacked(self._objects.get(place, sha256), chunk_bytes, place)
        if hashlib.sha256(chunk).hexdigest() != sha256:
            raise Unavailable(LAYER, what="backup", reason="hash_mismatch", id=place)
        return chunk

    def _put_map(self, place: str, known: ChunkMap) -> None:
        packed = zstandard.ZstdCompressor(_LEVEL, write_content_size=True).compress(msgspec.json.encode(known))
        self._objects.put(place, MAP, hashlib.sha256(packed).digest() + packed)

    def _map(self, place: str) -> ChunkMap:
        raw = self._objects.get(place, MAP)
        summed, packed = raw[:_SUM_BYTES], raw[_SUM_BYTES:]
        if hashlib.sha256(packed).digest() != summed:
            raise Unavailable(LAYER, what="backup", reason="hash_mismatch", id=place)
        try:
            return msgspec.json.decode(_unpacked(packed, _MOST_MAP_BYTES, place), type=ChunkMap)
        except msgspec.MsgspecError as e:
            raise Unavailable(LAYER, what="backup", reason="unreadable", id=place) from e


def _unpacked(packed: bytes, most: int, place: str) -> bytes:
    """At most so many bytes, whatever they claim."""
    try:
        if not 0 <= zstandard.frame_content_size(packed) <= most:
            raise Unavailable(LAYER, what="backup", reason="unreadable", id=place)
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as e:
        raise Unavailable(LAYER, what="backup", reason="unreadable", id=place) from e


def _sum_of(name: str) -> str:
    return name.partition("/")[2]
