"""The socket of a guest's serial line, which QEMU answers: one caller at a time, the next one waits.

What does not belong here: the file that the line is logged to (console_log).
"""

import socket
from pathlib import Path
from typing import Final

from kumoi.adapters.libvirt.refusals import LAYER
from kumoi.core.errors import Unavailable

_PATIENCE_S: Final = 5.0


def call(path: Path) -> socket.socket:
    """A connection, served now or when the caller before has gone. Raises Unavailable (what: serial) where nobody
    answers: a guest that was started before serial lines had sockets."""
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(_PATIENCE_S)
    try:
        line.connect(str(path))
    except OSError as error:
        line.close()
        raise Unavailable(LAYER, what="serial", reason="not_there", detail=error.strerror or str(error)) from error
    line.settimeout(None)
    return line


def close_to_others(path: Path) -> None:
    """The folder is ours alone already; libvirtd leaves the socket itself open to its group."""
    path.chmod(0o600)
