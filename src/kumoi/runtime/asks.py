"""Open questions to hosts, in this process's memory: each is handed out once and answered once, or forgotten."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from kumoi.core.ids import HostId
from kumoi.core.plan import Ask

MOST_OPEN = 1000


class AskDesk:
    """`woken(host)` is called when a host has a new question. Thread-safe."""

    def __init__(self, woken: Callable[[HostId], None]) -> None:
        self._woken = woken
        self._lock = threading.Lock()
        self._new: dict[HostId, list[Ask]] = {}
        self._open: dict[str, Future[bytes]] = {}

    def open(self, host_id: HostId, ask: Ask) -> "Future[bytes]":
        future: Future[bytes] = Future()
        with self._lock:
            if len(self._open) >= MOST_OPEN:
                self._forget_cancelled()
            self._open[ask.id] = future
            self._new.setdefault(host_id, []).append(ask)
        self._woken(host_id)
        return future

    def pending(self, host_id: HostId) -> tuple[Ask, ...]:
        with self._lock:
            return tuple(ask for ask in self._new.pop(host_id, ()) if not self._open[ask.id].cancelled())

    def answer(self, ask_id: str, data: bytes) -> bool:
        with self._lock:
            future = self._open.pop(ask_id, None)
        if future is None or not future.set_running_or_notify_cancel():
            return False
        future.set_result(data)
        return True

    def _forget_cancelled(self) -> None:
        waiting = {ask.id for asks in self._new.values() for ask in asks}
        self._open = {k: f for k, f in self._open.items() if not f.cancelled() or k in waiting}
