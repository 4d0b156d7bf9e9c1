"""What of a state folder makes the cloud: database, keys, settings, the host's ledger, the bytes of images.

Not kept: guests' disks and volumes (they are what guests' own backups are for), logs, charts, what every start makes
anew. Blobs never change and go only when no image names them, so they are linked aside before and after the database is
copied: the copy names none that is not there.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kumoi.runtime import settings
from kumoi.runtime.state_folder import StateFolder

DATABASE: Final = "db/kumoi.sqlite"
KEYS: Final = "keys"
BLOBS: Final = "blobs"
LEDGERS: Final = "lib/kumoi"
_KNOWN: Final = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(settings.FILE_NAME)}|{BLOBS}/[0-9a-f]{{2}}/[0-9a-f]{{64}}"
    rf"|{KEYS}(/[A-Za-z0-9_][A-Za-z0-9_.-]*){{1,3}}|{LEDGERS}/(ledger|notebook)"
)


def known(name: str) -> bool:
    """Whether a file of this name may be in a backup; none of them leads out of the folder."""
    return _KNOWN.fullmatch(name) is not None


def besides(state: StateFolder) -> Iterator[tuple[str, Path]]:
    """All but the database and the blobs, which want a moment of their own."""
    for path in (state.root / settings.FILE_NAME, *_files(state.root / KEYS), *_files(state.root / LEDGERS)):
        name = path.relative_to(state.root).as_posix()
        if path.is_file() and not path.is_symlink() and known(name):
            yield name, path


def link_blobs(state: StateFolder, aside: Path) -> None:
    """A second name below `aside` for every blob that there is now, and has none there yet."""
    for path in _files(state.root / BLOBS):
        name = path.relative_to(state.root).as_posix()
        if known(name):
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError, FileNotFoundError):  # there already; or just let go
                os.link(path, aside / name)


def linked(aside: Path) -> Iterator[tuple[str, Path]]:
    for path in _files(aside / BLOBS):
        yield path.relative_to(aside).as_posix(), path


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if not path.is_dir())
