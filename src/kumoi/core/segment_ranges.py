"""Ranges of network numbers (VNIs): which of them a project's networks get, or what is left to everybody."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId, SegmentRangeId

FIRST_VNI: Final = 1
LAST_VNI: Final = 2**24 - 1
Span = tuple[int, int]  # both ends are in it


class SegmentRange(msgspec.Struct, frozen=True, kw_only=True):
    """Both ends are in it. `project_id` empty: everybody's; else nobody else's networks get these numbers."""

    id: SegmentRangeId
    project_id: ProjectId
    first: int
    last: int
    name: str = ""
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last


def check(one: SegmentRange, others: Iterable[SegmentRange]) -> None:
    """Raises Invalid for ends that are none, and for a range that has numbers of another one."""
    if not FIRST_VNI <= one.first <= one.last <= LAST_VNI:
        bound = f"from {FIRST_VNI} to {LAST_VNI}, the smaller first"
        raise Invalid("network", field="first", reason="range", bound=bound, value=f"{one.first}-{one.last}")
    for other in others:
        if other.id != one.id and one.first <= other.last and other.first <= one.last:
            values = f"{one.first}-{one.last}", f"{other.first}-{other.last}"
            raise Invalid("network", field="first", reason="ranges_overlap", value=values[0], other=values[1])


def left_by(ranges: Iterable[SegmentRange]) -> list[Span]:
    """The numbers in none of the ranges, which do not overlap."""
    spans: list[Span] = []
    at = FIRST_VNI
    for one in sorted(ranges, key=lambda r: r.first):
        if at < one.first:
            spans.append((at, one.first - 1))
        at = one.last + 1
    return [*spans, (at, LAST_VNI)] if at <= LAST_VNI else spans
