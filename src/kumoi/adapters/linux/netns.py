"""Network namespaces with a name (routers, DHCP): where they are, and how a thread goes inside.

What does not belong here: the cloud's own namespaces (`namespace.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kumoi.adapters.linux import syscalls

FOLDER: Final = Path("/run/netns")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """The calling thread is in this namespace for a while; sockets opened there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            syscalls.setns(there, syscalls.CLONE_NEWNET)
        finally:
            os.close(there)
        try:
            yield
        finally:
            syscalls.setns(home, syscalls.CLONE_NEWNET)
    finally:
        os.close(home)
