"""The file that a guest's serial console is written to: its end, and keeping it bounded.

QEMU itself appends to it. What does not belong here: interactive consoles.
"""

import os
from pathlib import Path
from typing import Final

KEPT_BYTES: Final = 1 << 20
MOST_BYTES: Final = 8 * KEPT_BYTES


def tail(path: Path, limit: int) -> bytes:
    """The last `limit` bytes; empty where there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
            return file.read(limit)
    except FileNotFoundError:
        return b""


def trim(path: Path) -> None:
    """Keep the end of a log that has grown beyond MOST_BYTES: a guest may write as fast as it likes.

    QEMU's descriptor appends, so it goes on after the new end; what it writes meanwhile may be lost.
    """
    try:
        if path.stat().st_size <= MOST_BYTES:
            return
        kept = tail(path, KEPT_BYTES)
        with path.open("r+b") as file:
            file.truncate(0)
        with path.open("ab") as file:
            file.write(kept)
    except FileNotFoundError:
        return
