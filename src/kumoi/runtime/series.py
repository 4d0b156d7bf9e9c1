"""Series of points: taken into memory, written a minute at a time, rolled up, and read back at any step.

Open minutes lie in memory (a crash loses them), closed ones are written in slices, and a coarser block is made once
nothing more may come into the finer ones: so every archive is what the finer one says, also after a crash in between,
and the newest part of a coarse curve is folded from finer points when it is asked for. Several processes may do this
on one shelf: halves of a minute are merged, and rolling up twice gives the same. What does not belong here: who may
see what.
"""

import threading
from array import array
from collections.abc import Iterable
from math import isnan
from typing import Final

import msgspec

from kumoi.contracts.series import Block, Shelf, Track
from kumoi.core.archives import (
    ARCHIVES,
    LATE_S,
    Archive,
    Stats,
    blank,
    block_from,
    coarser,
    merged,
    points_of,
)
from kumoi.core.errors import KumoiError
from kumoi.core.ids import InstanceId
from kumoi.core.meters import NAMES, Point, kind_of

SLICE: Final = 200  # tracks written or rolled up in one piece: some milliseconds
GRACE_S: Final = 5  # of an ended minute, for what is still on its way
EARLY_S: Final = 30  # a host's clock may be fast by so much
STALE_S: Final = 60  # nothing older is a guest's newest point
_MINUTE: Final = ARCHIVES[0]

ByTrack = dict[Track, "array[float]"]
Curves = dict[Track, dict[int, tuple[Stats, ...]]]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One meter of one subject: a number for each step, None where nothing was measured."""

    subject: str
    meter: str
    average: list[float | None]
    least: list[float | None]
    most: list[float | None]


class Series:
    """Safe for threads. Adding never waits for the shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._open: dict[int, ByTrack] = {}
        self._newest: dict[tuple[InstanceId, str], Point] = {}
        self._cursor: dict[int, int] = {}
        self._swept: dict[int, int] = {}

    # --- taking ---------------------------------------------------------------------------------

    def add(self, points: Iterable[Point], now: float) -> int:
        """Returns how many were taken: what is late, or ahead of our time, is not."""
        taken = 0
        with self._lock:
            for point in points:
                kind = kind_of(point.subject)
                if kind is None or not now - LATE_S <= point.at <= now + EARLY_S:
                    continue
                taken += 1
                track = Track(point.instance_id, point.subject, NAMES[kind])
                start = _MINUTE.block_of(point.at)
                block = self._open.setdefault(start, {}).get(track)
                if block is None:
                    block = self._open[start][track] = blank(_MINUTE, len(track.meters))
                place = int(point.at - start) // _MINUTE.step_s * len(track.meters)
                for value in point.values:
                    if value is not None:
                        block[place] = value
                    place += 1
                self._newest[point.instance_id, point.subject] = point
        return taken

    def newest(self, now: float) -> list[Point]:
        """The last point of every subject that was heard of within a minute."""
        with self._lock:
            old = [key for key, point in self._newest.items() if point.at < now - STALE_S]
            for key in old:
                del self._newest[key]
            return list(self._newest.values())

    # --- keeping --------------------------------------------------------------------------------

    def keep(self, now: float) -> bool:
        """Do a piece of what is to be done; returns whether there is more. Raises Unavailable; nothing is lost then
        but what gets too old to be taken again."""
        with self._keeping:
            if self._write_slice(now - GRACE_S):
                return True
            return any(self._roll_slice(archive, now) for archive in ARCHIVES[1:])

    def write_all(self) -> None:
        """Also the minute that goes on: before the process ends."""
        with self._keeping:
            while self._write_slice(float("inf")):
                pass

    def sweep(self, now: float) -> None:
        """Drop what has been kept long enough, and a part of what was forgotten: all of it after some hours."""
        for archive in ARCHIVES:
            before = archive.block_of(now - archive.keep_s)
            start = max(before, self._swept.get(archive.level, 0) + archive.block_s)
            self._swept[archive.level] = start if start <= now else 0
            self._shelf.sweep(archive.level, before, start)

    def instances(self) -> set[InstanceId]:
        return self._shelf.instances()

    def forget(self, instances: Iterable[InstanceId]) -> None:
        gone = set(instances)
        with self._lock:
            for tracks in self._open.values():
                for track in [one for one in tracks if one.instance_id in gone]:
                    del tracks[track]
            self._newest = {key: point for key, point in self._newest.items() if key[0] not in gone}
        self._shelf.forget(gone)

    def close(self) -> None:
        self._shelf.close()

    def _write_slice(self, before: float) -> bool:
        """Write some of the oldest minute that has ended by then."""
        with self._lock:
            ended = [start for start in self._open if start + _MINUTE.block_s <= before]
            if not ended:
                return False
            start = min(ended)
            held = self._open[start]
            part = {track: held.pop(track) for track in list(held)[:SLICE]}
            if not held:
                del self._open[start]
        try:
            self._write(start, part)
        except KumoiError:
            self._put_back(start, part, before)
            raise
        return True

    def _write(self, start: int, part: ByTrack) -> None:
        numbers = self._shelf.number(part)
        there = {block.track: block.data for block in self._shelf.get(0, [start], list(numbers.values()))}
        blocks = []
        for track, block in part.items():
            number = numbers[track]
            whole = merged(_unpacked(there[number]), block) if number in there else block
            blocks.append(Block(number, start, whole.tobytes()))
        self._shelf.put(0, blocks)

    def _put_back(self, start: int, part: ByTrack, now: float) -> None:
        if start >= now - 2 * LATE_S:
            with self._lock:
                held = self._open.setdefault(start, {})
                for track, block in part.items():
                    held[track] = merged(block, held[track]) if track in held else block

    def _roll_slice(self, archive: Archive, now: float) -> bool:
        finer = ARCHIVES[archive.level - 1]
        upto = self._shelf.rolled(archive.level)
        # Where nobody looked for long there is nothing left to look at.
        start = max(upto or archive.block_of(now), archive.block_of(now - finer.keep_s))
        if start != upto:
            self._shelf.set_rolled(archive.level, start)
        end = start + archive.block_s
        ripe = now - LATE_S - _MINUTE.block_s - GRACE_S if finer.level == 0 else self._shelf.rolled(finer.level)
        if ripe is None or end > ripe:
            return False
        numbers = self._shelf.numbers(self._cursor.get(archive.level, 0), SLICE)
        if numbers:
            self._shelf.put(archive.level, self._rolled_up(archive, start, numbers))
            self._cursor[archive.level] = numbers[-1]
        else:
            self._shelf.set_rolled(archive.level, end)
            self._cursor[archive.level] = 0
        return True

    def _rolled_up(self, archive: Archive, start: int, numbers: list[int]) -> list[Block]:
        finer = ARCHIVES[archive.level - 1]
        points: dict[int, dict[int, tuple[Stats, ...]]] = {}
        for block in self._shelf.get(finer.level, _starts(finer, start, start + archive.block_s), numbers):
            points.setdefault(block.track, {}).update(points_of(finer, block.start, _unpacked(block.data)))
        found = []
        for number, fine in points.items():
            data = block_from(archive, start, coarser(archive.step_s, fine))
            if data is not None:
                found.append(Block(number, start, data.tobytes()))
        return found

    # --- reading --------------------------------------------------------------------------------

    def read(
        self, instance_id: InstanceId, archive: Archive, since: float, until: float, meters: frozenset[str]
    ) -> list[Curve]:
        """The curves of these meters, from the step in which `since` lies to the last one that begins before
        `until`, at the archive's step."""
        first = int(since // archive.step_s) * archive.step_s
        numbers = self._shelf.of(instance_id)
        points = self._points(instance_id, numbers, archive, first, until)
        times = range(first, int(-(-until // 1)), archive.step_s)
        curves: dict[tuple[str, str], Curve] = {}
        for track in sorted(points, key=lambda t: t.subject):
            for place, meter in enumerate(track.meters):
                if meter in meters:
                    curve = _curve(track.subject, meter, [points[track].get(at) for at in times], place)
                    known = curves.get((track.subject, meter))
                    curves[track.subject, meter] = curve if known is None else _joined(known, curve)
        return list(curves.values())

    def _points(
        self, instance_id: InstanceId, numbers: dict[Track, int], archive: Archive, since: float, until: float
    ) -> Curves:
        if archive.level == 0:
            return self._finest(instance_id, numbers, since, until)
        upto = min(until, self._shelf.rolled(archive.level) or since)
        found: Curves = self._stored(numbers, archive, since, upto) if since < upto else {}
        if upto < until:
            begin = max(since, upto)
            newer = self._points(instance_id, numbers, ARCHIVES[archive.level - 1], begin, until)
            for track, points in newer.items():
                found.setdefault(track, {}).update(coarser(archive.step_s, points))
        return found

    def _finest(self, instance_id: InstanceId, numbers: dict[Track, int], since: float, until: float) -> Curves:
        found = self._stored(numbers, _MINUTE, since, until)
        with self._lock:
            fresh = [
                (start, track, array("f", block))
                for start, tracks in self._open.items()
                for track, block in tracks.items()
                if track.instance_id == instance_id
            ]
        for start, track, block in fresh:
            points = points_of(_MINUTE, start, block)
            found.setdefault(track, {}).update((at, stats) for at, stats in points if since <= at < until)
        return found

    def _stored(self, numbers: dict[Track, int], archive: Archive, since: float, until: float) -> Curves:
        tracks = {number: track for track, number in numbers.items()}
        found: Curves = {}
        for block in self._shelf.get(archive.level, _starts(archive, since, until), list(tracks)):
            points = points_of(archive, block.start, _unpacked(block.data))
            found.setdefault(tracks[block.track], {}).update((at, s) for at, s in points if since <= at < until)
        return found


def _starts(archive: Archive, since: float, until: float) -> list[int]:
    """When the blocks begin that have anything of this time."""
    return list(range(archive.block_of(since), int(-(-until // 1)), archive.block_s))


def _unpacked(data: bytes) -> "array[float]":
    block = array("f")
    block.frombytes(data)
    return block


def _curve(subject: str, meter: str, points: list[tuple[Stats, ...] | None], place: int) -> Curve:
    average, least, most = (
        [None if point is None else _number(point[place][stat]) for point in points] for stat in range(3)
    )
    return Curve(subject=subject, meter=meter, average=average, least=least, most=most)


def _joined(one: Curve, other: Curve) -> Curve:
    """Of two tracks of one subject: a version of ours that knew other meters wrote the one, this version the other."""
    columns = (
        [a if a is not None else b for a, b in zip(x, y, strict=True)]
        for x, y in ((one.average, other.average), (one.least, other.least), (one.most, other.most))
    )
    average, least, most = columns
    return Curve(subject=one.subject, meter=one.meter, average=average, least=least, most=most)


def _number(value: float) -> float | None:
    """A 32-bit float has no more than seven figures to tell."""
    return None if isnan(value) else float(f"{value:.7g}")
