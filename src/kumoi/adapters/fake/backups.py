"""Backups in memory: for tests and trials."""

import threading

from kumoi.core.errors import NotFound


class FakeObjects:
    """See `adapters.backups.objects.Objects`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.heaps: dict[str, dict[str, bytes]] = {}

    def put(self, place: str, name: str, data: bytes) -> None:
        with self._lock:
            self.heaps.setdefault(place, {})[name] = data

    def get(self, place: str, name: str) -> bytes:
        with self._lock:
            if name not in self.heaps.get(place, {}):
                raise NotFound("storage", kind="backup", id=place)
            return self.heaps[place][name]

    def clear(self, place: str, first: str) -> None:
        with self._lock:
            self.heaps.get(place, {}).pop(first, None)
            self.heaps.pop(place, None)

    def places(self) -> set[str]:
        with self._lock:
            return set(self.heaps)
