"""Files that appear whole and durable, or not at all. What does not belong here: names and contents."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def fresh_name(path: Path) -> Path:
    """Where the next `path` is made. It never counts: a crash leaves it, the next attempt makes it over."""
    return path.with_name(f".{path.name}.new")


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """A temporary name that takes the place of `path`, durably, when all went well; and is gone otherwise.

    Two at a time for one path are the caller's to prevent.
    """
    fresh = fresh_name(path)
    try:
        yield fresh
        sync(fresh)
        fresh.replace(path)
        sync(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
