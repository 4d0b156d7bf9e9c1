"""The operating system's refusals as the core's: a full disk, a broken one."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kumoi.core.errors import Fact, Layer, Unavailable

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def translated(layer: Layer, action: str) -> Iterator[None]:
    """An OSError inside comes out as Unavailable; what: space where there is none left, else files."""
    try:
        yield
    except OSError as error:
        facts: dict[str, Fact] = {"what": "files"}
        if error.errno in _FULL:
            facts = {"what": "space", "reason": "disk_full"}
        raise Unavailable(layer, **facts, action=action, detail=error.strerror, errno=error.errno) from error
