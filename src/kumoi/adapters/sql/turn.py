"""Whose turn it is: a thread is in one transaction at a time, and says so instead of waiting for itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    """`inside` holds while a `fn` runs on this thread; `free` refuses a second one."""

    def __init__(self) -> None:
        self._local = threading.local()

    def free(self) -> None:
        if getattr(self._local, "inside", False):
            raise RuntimeError("store.write or store.read inside a transaction: use the transaction at hand")

    @contextmanager
    def inside(self) -> Iterator[None]:
        self._local.inside = True
        try:
            yield
        finally:
            self._local.inside = False
