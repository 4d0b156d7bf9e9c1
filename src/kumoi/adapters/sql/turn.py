"""Whose turn it is: a thread is in one transaction at a time, and says so instead of waiting for itself.

After the close it is nobody's.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    """`inside` holds while a `fn` runs on this thread; `free` refuses a second one."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._over = False

    def end(self) -> None:
        self._over = True

    def free(self) -> None:
        if self._over:
            raise RuntimeError("the store is closed")
        if getattr(self._local, "inside", False):
            raise RuntimeError("store.write or store.read inside a transaction: use the transaction at hand")

    @contextmanager
    def inside(self) -> Iterator[None]:
        self._local.inside = True
        try:
            yield
        finally:
            self._local.inside = False
