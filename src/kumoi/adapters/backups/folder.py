"""Backups in a folder: of the machine, or of whatever is mounted there.

FOLDER/PLACE/NAME           an object, never changed
FOLDER/PLACE/.….new         being written; it never counts, and goes with its place
"""

import os
import tempfile
from pathlib import Path
from typing import Final

from kumoi.adapters.storage.durable import sync
from kumoi.adapters.storage.os_errors import translated
from kumoi.core.errors import NotFound
from kumoi.core.ids import is_uuid

LAYER: Final = "storage"


class FolderObjects:
    """See `adapters.backups.objects.Objects`. Places are UUIDs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, place: str, name: str, data: bytes) -> None:
        home = self._home(place)
        with translated(LAYER, "put"):
            if not home.is_dir():
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync(self._folder)
            fd, fresh = tempfile.mkstemp(prefix=".", suffix=".new", dir=home)
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(fd)
                Path(fresh).replace(home / name)
                sync(home)
            finally:
                Path(fresh).unlink(missing_ok=True)

    def get(self, place: str, name: str) -> bytes:
        path = self._home(place) / name
        with translated(LAYER, "get"):
            try:
                return path.read_bytes()
            except FileNotFoundError as e:
                raise NotFound(LAYER, kind="backup", id=place) from e

    def clear(self, place: str, first: str) -> None:
        home = self._home(place)
        with translated(LAYER, "clear"):
            if not home.is_dir():
                return
            (home / first).unlink(missing_ok=True)
            sync(home)
            for path in home.iterdir():
                path.unlink(missing_ok=True)
            home.rmdir()
            sync(self._folder)

    def places(self) -> set[str]:
        with translated(LAYER, "places"):
            if not self._folder.is_dir():
                return set()
            return {path.name for path in self._folder.iterdir() if is_uuid(path.name)}

    def _home(self, place: str) -> Path:
        if not is_uuid(place):
            raise NotFound(LAYER, kind="backup", id=place[:64])
        return self._folder / place
