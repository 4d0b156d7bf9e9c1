"""A connection to libvirtd that is opened when needed, opened again when lost, and never waits for ever.

Opening happens on a thread of its own, since a libvirtd that accepts but does not answer holds its caller for good;
calls in flight are ended by keepalive. What does not belong here: domains.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import libvirt

from kumoi.adapters.libvirt.refusals import LAYER, refusal
from kumoi.core.errors import Unavailable

OPEN_TIMEOUT_S: Final = 10.0
KEEPALIVE_INTERVAL_S: Final = 5
KEEPALIVE_COUNT: Final = 3

_loop_lock: Final = threading.Lock()
_loop: list[threading.Thread] = []


class Connection:
    """Safe for many threads. `on_open` runs with each new connection before anybody else gets it."""

    def __init__(self, uri: str, on_open: Callable[[libvirt.virConnect], None] | None = None) -> None:
        self._uri = uri
        self._on_open = on_open
        self._lock = threading.Lock()
        self._opening: Future[libvirt.virConnect] | None = None
        self._deadline = 0.0

    def get(self) -> libvirt.virConnect:
        """A live connection. Raises Unavailable (what: libvirtd) at most OPEN_TIMEOUT_S after opening began: at once,
        when others have waited in vain already."""
        with self._lock:
            if self._opening is None or _is_over(self._opening):
                self._opening = self._open()
                self._deadline = time.monotonic() + OPEN_TIMEOUT_S
            opening = self._opening
        try:
            return opening.result(max(0.0, self._deadline - time.monotonic()))
        except TimeoutError as error:
            raise Unavailable(LAYER, what="libvirtd", reason="no_answer", waited_s=OPEN_TIMEOUT_S) from error
        except libvirt.libvirtError as error:
            raise refusal(error, "open") from error

    def _open(self) -> Future[libvirt.virConnect]:
        _ensure_event_loop()
        opening: Future[libvirt.virConnect] = Future()
        threading.Thread(target=self._run, args=(opening,), name="libvirt-open", daemon=True).start()
        return opening

    def _run(self, opening: Future[libvirt.virConnect]) -> None:
        try:
            connection = libvirt.open(self._uri)
            connection.setKeepAlive(KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT)
            if self._on_open is not None:
                self._on_open(connection)
        except libvirt.libvirtError as error:
            opening.set_exception(error)
        else:
            opening.set_result(connection)


def _is_over(opening: Future[libvirt.virConnect]) -> bool:
    """Whether it failed, or the connection that came of it is dead."""
    return opening.done() and (opening.exception() is not None or not opening.result().isAlive())


def _ensure_event_loop() -> None:
    """libvirt's loop is one a process, and must stand before the first connection is opened."""
    with _loop_lock:
        if _loop:
            return
        libvirt.virEventRegisterDefaultImpl()
        libvirt.registerErrorHandler(_say_nothing, None)
        thread = threading.Thread(target=_turn, name="libvirt-events", daemon=True)
        _loop.append(thread)
        thread.start()


def _turn() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def _say_nothing(_context: object, _error: object) -> None:
    """The errors come as exceptions; libvirt would print them to stderr as well."""
