"""Hints within one process: a call of every subscriber, in the publisher's thread. Subscribers only wake something."""

import threading
from collections.abc import Callable

import structlog


class LocalHints:
    """`contracts.hints.Hints` without a broker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[str, tuple[Callable[[str], None], ...]] = {}

    def publish(self, topic: str, key: str) -> None:
        for callback in self._subscribers.get(topic, ()):
            try:
                callback(key)
            except Exception:  # noqa: BLE001 - a hint is lossy and never fails its publisher
                structlog.get_logger().exception("hint_lost", topic=topic, key=key)

    def subscribe(self, topic: str, callback: Callable[[str], None]) -> None:
        with self._lock:
            self._subscribers[topic] = (*self._subscribers.get(topic, ()), callback)

    def close(self) -> None:
        self._subscribers = {}
