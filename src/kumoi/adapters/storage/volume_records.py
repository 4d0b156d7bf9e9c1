"""What the volumes and snapshots of a folder stand on, kept on disk: what no record names is nobody's.

    FOLDER/ID.volume     the files of a volume, the one that is written first
    FOLDER/ID.snapshot   the same of a snapshot, all of them written no more

What does not belong here: the files themselves (volume_files).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from kumoi.adapters.storage.durable import made_whole, sync
from kumoi.core.ids import is_uuid

Id = TypeVar("Id", bound=str)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """`files`: names, each standing on the next one. `number`: that of a volume's content."""

    files: tuple[str, ...]
    number: int = 0


class Records(Generic[Id]):
    """Those of one kind, by id. Writers are the caller's to keep apart; readers come at any time. Raises OSError."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix
        self._known: dict[str, Record] = {}
        self.unreadable: list[str] = []  # while there are any, it is not known what nobody needs
        for path in folder.glob(f"*{suffix}"):
            record = _read(path) if is_uuid(path.stem) else None
            if record is None:
                self.unreadable.append(path.name)
            else:
                self._known[path.stem] = record

    def get(self, one: Id) -> Record | None:
        return self._known.get(one)

    def all(self) -> dict[str, Record]:
        return dict(self._known)

    def put(self, one: Id, record: Record) -> None:
        """Durable when it returns."""
        with made_whole(self._path(one)) as fresh:
            fresh.write_bytes(msgspec.json.encode(record))
        self._known = {**self._known, one: record}

    def drop(self, one: Id) -> None:
        self._path(one).unlink(missing_ok=True)
        sync(self._folder)
        self._known = {other: record for other, record in self._known.items() if other != one}

    def _path(self, one: Id) -> Path:
        return self._folder / f"{one}{self._suffix}"


def named(*kinds: Iterable[Record]) -> set[str]:
    """All files of these."""
    return {file for records in kinds for record in records for file in record.files}


def _read(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except msgspec.DecodeError:
        return None
