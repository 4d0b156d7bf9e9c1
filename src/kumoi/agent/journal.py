"""Records that must outlive the process: appended, one JSON line each, safe on the disk before `append` returns.

A line torn by a crash was never acknowledged and is dropped. What the records mean is their owners' business.
"""

import os
from pathlib import Path
from typing import Protocol

from kumoi.core.errors import Unavailable


class Journal(Protocol):
    def read(self) -> list[bytes]:
        """All records, oldest first."""
        ...

    def append(self, record: bytes) -> None: ...
    def replace(self, records: list[bytes]) -> None:
        """These instead of all there were, at once or not at all."""
        ...

    def size(self) -> int:
        """Bytes, so that the owner can judge when a shorter history would do."""
        ...


class FileJournal:
    """A file of mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_torn_line()
        self._fd = self._open(path)

    def read(self) -> list[bytes]:
        return self._path.read_bytes().splitlines()

    def append(self, record: bytes) -> None:
        """Raises Unavailable when the disk does not take it; then it is as if nothing had been asked."""
        size = self.size()
        try:
            _write(self._fd, record + b"\n")
        except OSError as e:
            os.truncate(self._fd, size)
            raise Unavailable("host", what=self._path.name, errno=e.errno) from e

    def replace(self, records: list[bytes]) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        fd = self._open(new)
        _write(fd, b"".join(record + b"\n" for record in records))
        new.rename(self._path)
        self._sync_folder()
        os.close(self._fd)
        self._fd = fd

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        os.close(self._fd)

    def _drop_torn_line(self) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)

    def _open(self, path: Path) -> int:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._sync_folder()
        return fd

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
    os.fdatasync(fd)


class NoJournal:
    """For a host that is itself only memory."""

    def read(self) -> list[bytes]:
        return []

    def append(self, record: bytes) -> None: ...
    def replace(self, records: list[bytes]) -> None: ...
    def size(self) -> int:
        return 0
