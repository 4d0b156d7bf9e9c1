"""Blobs in files, named by their content.

    FOLDER/ab/SHA256      a blob: immutable, read-only
    FOLDER/tmp/RANDOM     an upload; its writer holds a lock on it, so that what a crash left is known and swept

What does not belong here: what the bytes mean (inspector), who may read them (doors).
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from kumoi.adapters.storage.durable import sync
from kumoi.adapters.storage.os_errors import translated
from kumoi.core.errors import NotFound, TooLarge

LAYER: Final = "image"
PIECE_BYTES: Final = 1 << 20
_SHA256_DIGITS: Final = 64


class FileBlobs:
    """See `contracts.blobs.Blobs`. Safe for many threads and processes. Raises Unavailable (what: space, files)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._uploads = folder / "tmp"
        with translated(LAYER, "prepare"):
            self._uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()

    def begin(self, most_bytes: int) -> "FileUpload":
        with translated(LAYER, "begin"), self._alone():
            fd, name = tempfile.mkstemp(dir=self._uploads)
            fcntl.flock(fd, fcntl.LOCK_EX)
        return FileUpload(os.fdopen(fd, "wb"), Path(name), self._folder, most_bytes)

    def adopt(self, path: str) -> str:
        # A copy: whoever made the file may still hold it open for writing.
        with translated(LAYER, "adopt"), open(path, "rb") as file:
            upload = self.begin(os.fstat(file.fileno()).st_size)
            try:
                for piece in _pieces(file):
                    upload.write(piece)
                return upload.commit()
            finally:
                upload.abort()

    def read(self, sha256: str, offset: int = 0) -> Iterator[bytes]:
        if self.size(sha256) is None:
            raise NotFound(LAYER, kind="blob", id=sha256)
        return self._read(sha256, offset)

    def size(self, sha256: str) -> int | None:
        if not _is_hash(sha256):
            return None
        with translated(LAYER, "size"):
            try:
                return _path(self._folder, sha256).stat().st_size
            except FileNotFoundError:
                return None

    def remove(self, sha256: str) -> None:
        if _is_hash(sha256):
            with translated(LAYER, "remove"):
                _path(self._folder, sha256).unlink(missing_ok=True)

    def all(self) -> list[str]:
        with translated(LAYER, "all"):
            return sorted(p.name for p in self._folder.glob("??/*") if _is_hash(p.name))

    def _read(self, sha256: str, offset: int) -> Iterator[bytes]:
        try:
            with _path(self._folder, sha256).open("rb") as file:
                file.seek(offset)
                yield from _pieces(file)
        except FileNotFoundError as error:
            raise NotFound(LAYER, kind="blob", id=sha256) from error

    def _sweep(self) -> None:
        with self._alone():
            for path in self._uploads.iterdir():
                with path.open("rb") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No upload is between being made and being locked."""
        fd = os.open(self._uploads, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


class FileUpload:
    """See `contracts.blobs.Upload`. For one thread at a time."""

    def __init__(self, file: BinaryIO, path: Path, folder: Path, most_bytes: int) -> None:
        self._file = file
        self._path = path
        self._folder = folder
        self._most_bytes = most_bytes
        self._size = 0
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._size += len(data)
        self._check_size()
        self._hash.update(data)
        with translated(LAYER, "write"):
            if data.count(0) == len(data):  # a hole: the disk keeps no zeros
                self._file.seek(len(data), os.SEEK_CUR)
            else:
                self._file.write(data)

    def path(self) -> str:
        """Where the bytes so far can be read."""
        with translated(LAYER, "write"):
            self._file.flush()
            os.ftruncate(self._file.fileno(), self._size)
        return str(self._path)

    def commit(self) -> str:
        self._check_size()
        sha256 = self._hash.hexdigest()
        final = _path(self._folder, sha256)
        with translated(LAYER, "commit"):
            self._file.flush()
            os.ftruncate(self._file.fileno(), self._size)  # it may end with a hole
            os.fchmod(self._file.fileno(), 0o440)
            os.fsync(self._file.fileno())
            final.parent.mkdir(exist_ok=True)
            sync(self._folder)
            # The same bytes may be there already; replacing them by themselves harms no reader.
            self._path.replace(final)
            sync(final.parent)
            self._file.close()
        return sha256

    def abort(self) -> None:
        with translated(LAYER, "abort"):
            self._path.unlink(missing_ok=True)
            self._file.close()

    def _check_size(self) -> None:
        if self._size > self._most_bytes:
            raise TooLarge(LAYER, what="blob", size=self._size, limit=self._most_bytes)


def _path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def _is_hash(text: str) -> bool:
    return len(text) == _SHA256_DIGITS and not set(text) - set("0123456789abcdef")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece
