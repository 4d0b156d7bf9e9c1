"""Series in memory: for tests and trials."""

import threading
from collections.abc import Iterable, Sequence
from itertools import count

from kumoi.contracts.series import Block, Track
from kumoi.core.ids import InstanceId


class FakeShelf:
    """See `contracts.series.Shelf`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = count(1)
        self._tracks: dict[Track, int] = {}
        self._blocks: dict[tuple[int, int, int], bytes] = {}
        self._rolled: dict[int, int] = {}

    def number(self, tracks: Iterable[Track]) -> dict[Track, int]:
        with self._lock:
            return {track: self._tracks.setdefault(track, next(self._count)) for track in tracks}

    def of(self, instance_id: InstanceId) -> dict[Track, int]:
        with self._lock:
            return {track: n for track, n in self._tracks.items() if track.instance_id == instance_id}

    def numbers(self, after: int, limit: int) -> list[int]:
        with self._lock:
            return sorted(n for n in self._tracks.values() if n > after)[:limit]

    def instances(self) -> set[InstanceId]:
        with self._lock:
            return {track.instance_id for track in self._tracks}

    def forget(self, instances: Iterable[InstanceId]) -> None:
        gone = set(instances)
        with self._lock:
            self._tracks = {track: n for track, n in self._tracks.items() if track.instance_id not in gone}

    def put(self, level: int, blocks: Sequence[Block]) -> None:
        with self._lock:
            self._blocks |= {(level, block.start, block.track): block.data for block in blocks}

    def get(self, level: int, starts: Sequence[int], tracks: Sequence[int]) -> list[Block]:
        with self._lock:
            keys = [(level, start, track) for start in starts for track in tracks]
            return [Block(key[2], key[1], self._blocks[key]) for key in keys if key in self._blocks]

    def rolled(self, level: int) -> int | None:
        return self._rolled.get(level)

    def set_rolled(self, level: int, upto: int) -> None:
        self._rolled[level] = upto

    def sweep(self, level: int, before: int, start: int) -> None:
        with self._lock:
            known = set(self._tracks.values())
            for key in [k for k in self._blocks if k[0] == level]:
                if key[1] < before or (key[1] == start and key[2] not in known):
                    del self._blocks[key]

    def close(self) -> None: ...
