"""Putting an unpacked backup in its place, so that a restore that is killed is finished by the next command.

    STATE/restore.new   being unpacked; counts for nothing
    STATE/restore       whole and made current; from here on it is the cloud, and is moved into place

What does not belong here: unpacking, and making the database current.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kumoi.ops.backup import contents
from kumoi.runtime.state_folder import StateFolder

_BLOB_MODE: Final = 0o440
KEYS_BEFORE: Final = "keys.before-restore"
_BESIDE: Final = ("-wal", "-shm", "-journal")


@contextmanager
def unpacking(state: StateFolder) -> Iterator[Path]:
    """An empty folder, to be filled and then decided upon; gone afterwards."""
    folder = state.root / "restore.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def decide(state: StateFolder, unpacked: Path) -> None:
    """From now on this is the cloud; `finish` moves it."""
    for path in (p for p in unpacked.rglob("*") if p.is_file()):
        _sync(path)
    shutil.rmtree(_decided(state), ignore_errors=True)
    unpacked.rename(_decided(state))
    _sync(state.root)


def finish(state: StateFolder) -> bool:
    """Move what was decided into place, from wherever that was interrupted; False where there is nothing to do."""
    decided = _decided(state)
    if not decided.exists():
        return False
    if (decided / contents.KEYS).exists():
        # As a whole: a key of the cloud that was here before would sign what this one cannot read.
        keys = state.root / contents.KEYS
        if keys.exists():  # the database that was here cannot be read without them
            shutil.rmtree(state.root / KEYS_BEFORE, ignore_errors=True)
            keys.rename(state.root / KEYS_BEFORE)
        (decided / contents.KEYS).rename(keys)
    for path in sorted(p for p in decided.rglob("*") if p.is_file()):
        name = path.relative_to(decided).as_posix()
        if name != contents.DATABASE:
            _place(path, state.root / name, kept=name.startswith(contents.LEDGERS))
    if (decided / contents.DATABASE).exists():
        database = state.root / contents.DATABASE
        for suffix in _BESIDE:  # the old one's log must not be read as the new one's
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        (decided / contents.DATABASE).replace(database)
        _sync(database.parent)
    shutil.rmtree(decided)
    return True


def _place(path: Path, target: Path, *, kept: bool) -> None:
    """`kept`: a host that has a ledger knows itself better than its backup does."""
    if kept and target.exists():
        return
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.parent.parent.name == contents.BLOBS:
        path.chmod(_BLOB_MODE)
    path.replace(target)


def _decided(state: StateFolder) -> Path:
    return state.root / "restore"


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
