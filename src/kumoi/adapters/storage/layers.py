"""Layers by hash in one folder: fetched once, checked, immutable, readable by QEMU's group and nobody else's.

    FOLDER/SHA256        whole
    FOLDER/.SHA256.new   being fetched; never counts

What does not belong here: what stands on them, and who still needs them (files, volumes).
"""

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Set
from pathlib import Path
from typing import Final

from kumoi.adapters.storage import image_headers
from kumoi.adapters.storage.durable import made_whole
from kumoi.adapters.storage.os_errors import translated
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.contracts.storage import Fetch
from kumoi.core.disks import LayerRef
from kumoi.core.errors import Invalid, Unavailable

LAYER: Final = "storage"
_SHA256_DIGITS: Final = 64


class Layers:
    """Safe for many threads. Raises Invalid for a layer that is not what the plan says."""

    def __init__(self, folder: Path, owner: Owner) -> None:
        self.folder = folder
        self._owner = owner
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def path(self, layer: LayerRef) -> Path:
        if len(layer.sha256) != _SHA256_DIGITS or set(layer.sha256) - set("0123456789abcdef"):
            raise Invalid(LAYER, field="sha256", reason="not_a_hash", value=layer.sha256)
        return self.folder / layer.sha256

    def ensure(self, layer: LayerRef, fetch: Fetch) -> None:
        with self._locks[layer.sha256]:
            self._bring(layer, fetch)

    def share(self, layer: LayerRef, fetch: Fetch, name: Path) -> None:
        """Give it another name, which stays whatever becomes of the first one. Harmless twice."""
        with self._locks[layer.sha256], translated(LAYER, "share_layer"):
            if not name.exists():
                self._bring(layer, fetch)
                os.link(self.path(layer), name)

    def collect(self, keep: Set[str], used: Set[str]) -> None:
        """Drop all that is neither kept nor used."""
        for path in self.folder.iterdir():
            if path.name in keep | used:
                continue
            # What is being fetched right now is wanted, whatever the caller knew.
            sha256 = path.name.removeprefix(".").removesuffix(".new")
            lock = self._locks[sha256]
            if sha256 not in keep and lock.acquire(blocking=False):
                try:
                    path.unlink(missing_ok=True)
                finally:
                    lock.release()

    def _bring(self, layer: LayerRef, fetch: Fetch) -> None:
        path = self.path(layer)
        with translated(LAYER, "ensure_layer"):
            if path.exists():
                return
            with made_whole(path) as fresh:
                _receive(fresh, layer, fetch)
                _check(fresh, layer)
                os.chown(fresh, -1, self._owner.gid)
                fresh.chmod(0o440)


def reader(fd: int) -> image_headers.ReadAt:
    """Bytes of an open file, fewer at its end."""
    return lambda offset, length: os.pread(fd, length, offset)


def _receive(path: Path, layer: LayerRef, fetch: Fetch) -> None:
    hashed = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for piece in fetch(layer.sha256):
            size += len(piece)
            if size > layer.size_bytes:
                raise Unavailable(LAYER, what="layer", reason="too_long", sha256=layer.sha256, limit=layer.size_bytes)
            hashed.update(piece)
            file.write(piece)
    if hashed.hexdigest() != layer.sha256:
        raise Unavailable(LAYER, what="layer", reason="hash_mismatch", sha256=layer.sha256, got=hashed.hexdigest())


def _check(path: Path, layer: LayerRef) -> None:
    """The plan may come from a broken serve: a layer that names another file would let a guest read it."""
    with path.open("rb") as file:
        if layer.format == "qcow2":
            virtual = image_headers.virtual_bytes_of_qcow2(reader(file.fileno()), layer.size_bytes)
        else:
            virtual = image_headers.virtual_bytes_of_raw(layer.size_bytes)
    if virtual != layer.virtual_bytes:
        raise Invalid(LAYER, field="virtual_bytes", reason="size_mismatch", size=virtual, limit=layer.virtual_bytes)
