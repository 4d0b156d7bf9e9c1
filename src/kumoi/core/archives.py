"""How long and how finely points are remembered, and the arithmetic of rolling them up. Pure.

Each archive has its own step and is made of blocks of a few points; a coarser point is the mean, least and most of the
finer ones that lie in it, as far as there are any. What does not belong here: where blocks are kept
(`contracts.series`), and when they are rolled up (`runtime.series`).
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import isnan, nan
from typing import Final

import msgspec

LATE_S: Final = 300  # what comes later than this is not taken: from then on a block may be rolled up
AVERAGE, LEAST, MOST = range(3)
Stats = tuple[float, float, float]
NOTHING: Final[Stats] = (nan, nan, nan)


class Archive(msgspec.Struct, frozen=True):
    """`points`: of a block. A finest block has one number for each value, the others mean, least and most of each."""

    level: int
    step_s: int
    points: int
    keep_s: int

    @property
    def block_s(self) -> int:
        return self.step_s * self.points

    @property
    def stats(self) -> int:
        return 1 if self.level == 0 else 3

    def block_of(self, at: float) -> int:
        """When the block began in which this time lies."""
        return int(at // self.block_s) * self.block_s


ARCHIVES: Final = (
    Archive(0, step_s=10, points=6, keep_s=3600),
    Archive(1, step_s=60, points=10, keep_s=86400),
    Archive(2, step_s=600, points=6, keep_s=14 * 86400),
    Archive(3, step_s=3600, points=24, keep_s=366 * 86400),
)


def blank(archive: Archive, width: int) -> "array[float]":
    """A block of a subject with `width` meters, in which nothing was measured. Laid out by point, meter, stat."""
    return array("f", [nan]) * (archive.points * width * archive.stats)


def width_of(archive: Archive, block: Sequence[float]) -> int:
    return len(block) // (archive.points * archive.stats)


def merged(one: "array[float]", other: "array[float]") -> "array[float]":
    """Two halves of one block; where both have a number the second's counts."""
    return array("f", [b if not isnan(b) else a for a, b in zip(one, other, strict=True)])


def fold(stats: Iterable[Stats]) -> Stats:
    """Mean, least and most of those that are there."""
    found = [one for one in stats if not isnan(one[AVERAGE])]
    if not found:
        return NOTHING
    mean = sum(one[AVERAGE] for one in found) / len(found)
    return mean, min(one[LEAST] for one in found), max(one[MOST] for one in found)


def points_of(archive: Archive, start: int, block: Sequence[float]) -> Iterator[tuple[int, tuple[Stats, ...]]]:
    """Every point of a block that has anything: when it begins, and its stats by meter."""
    width = width_of(archive, block)
    for point in range(archive.points):
        if archive.stats == 1:
            plain = block[point * width : (point + 1) * width]
            stats = tuple((value, value, value) for value in plain)
        else:
            at = point * width * 3
            stats = tuple((block[n], block[n + 1], block[n + 2]) for n in range(at, at + width * 3, 3))
        if not all(isnan(one[AVERAGE]) for one in stats):
            yield start + point * archive.step_s, stats


def coarser(step_s: int, points: dict[int, tuple[Stats, ...]]) -> dict[int, tuple[Stats, ...]]:
    """Points by their beginning, as points of a longer step."""
    groups: dict[int, list[tuple[Stats, ...]]] = {}
    for at in sorted(points):
        groups.setdefault(at // step_s * step_s, []).append(points[at])
    return {at: tuple(fold(column) for column in zip(*group, strict=True)) for at, group in groups.items()}


def block_from(archive: Archive, start: int, points: dict[int, tuple[Stats, ...]]) -> "array[float] | None":
    """A block of a coarser archive out of its points; None when there are none."""
    if not points:
        return None
    block = blank(archive, len(next(iter(points.values()))))
    width = width_of(archive, block)
    for at, stats in points.items():
        place = (at - start) // archive.step_s * width * 3
        block[place : place + width * 3] = array("f", [number for one in stats for number in one])
    return block


def finest_for(span_s: float, age_s: float) -> Archive:
    """The finest archive that still has what began so long ago and spends no more than some 400 points on the span."""
    for archive in ARCHIVES:
        if archive.keep_s >= age_s and span_s / archive.step_s <= 400:
            return archive
    return ARCHIVES[-1]
