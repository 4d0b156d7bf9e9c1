"""Open questions to hosts, in this process's memory: each is handed out once and answered once, or forgotten."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from kumoi.core.errors import Unavailable
from kumoi.core.ids import HostId
from kumoi.core.plan import Ask

MOST_OPEN = 1000


class AskDesk:
    """`woken(host)` is called when a host has a new question. Thread-safe."""

    def __init__(self, woken: Callable[[HostId], None]) -> None:
        self._woken = woken
        self._lock = threading.Lock()
        self._new: dict[HostId, list[Ask]] = {}
        self._open: dict[str, Future[Any]] = {}

    def open(self, host_id: HostId, ask: Ask) -> "Future[bytes]":
        return self.call(host_id, ask)

    def call(self, host_id: HostId, ask: Ask) -> "Future[Any]":
        future: Future[Any] = Future()
        with self._lock:
            if len(self._open) >= MOST_OPEN:
                self._forget_cancelled()
            if len(self._open) >= MOST_OPEN:
                raise Unavailable("host", what="agent", retry_after_s=5)
            self._open[ask.id] = future
            self._new.setdefault(host_id, []).append(ask)
        self._woken(host_id)
        return future

    def pending(self, host_id: HostId) -> tuple[Ask, ...]:
        with self._lock:
            return tuple(ask for ask in self._new.pop(host_id, ()) if self.waits(ask.id))

    def answer(self, ask_id: str, data: bytes) -> bool:
        return self.dialled(ask_id, data)

    def waits(self, ask_id: str) -> bool:
        future = self._open.get(ask_id)
        return future is not None and not future.cancelled()

    def dialled(self, ask_id: str, stream: Any) -> bool:
        with self._lock:
            future = self._open.pop(ask_id, None)
        if future is None or not future.set_running_or_notify_cancel():
            return False
        future.set_result(stream)
        return True

    def _forget_cancelled(self) -> None:
        self._open = {k: f for k, f in self._open.items() if not f.cancelled()}
        asked = ((host, [ask for ask in asks if self.waits(ask.id)]) for host, asks in self._new.items())
        self._new = {host: asks for host, asks in asked if asks}
