"""Ranges of network numbers: which of them a project's networks get, or what is left to everybody.

The cloud's own networks are numbered by VNIs, those of a physical network by its VLANs.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.errors import Invalid
from kumoi.core.ids import ProjectId, SegmentRangeId
from kumoi.core.networks import MOST_VLAN

FIRST_VNI: Final = 1
LAST_VNI: Final = 2**24 - 1
Span = tuple[int, int]  # both ends are in it


class SegmentRange(msgspec.Struct, frozen=True, kw_only=True):
    """Both ends are in it. `project_id` empty: everybody's; else nobody else's networks get these numbers.
    `physical`: the network whose VLANs they are; empty: VNIs."""

    id: SegmentRangeId
    project_id: ProjectId
    first: int
    last: int
    physical: str = ""
    name: str = ""
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last


def check(one: SegmentRange, others: Iterable[SegmentRange]) -> None:
    """Raises Invalid for ends that are none, and for a range that has numbers of another one."""
    first, last = whole(one.physical)
    if not first <= one.first <= one.last <= last:
        bound = f"from {first} to {last}, the smaller first"
        raise Invalid("network", field="first", reason="range", bound=bound, value=f"{one.first}-{one.last}")
    for other in others:
        if other.id == one.id or other.physical != one.physical:
            continue
        if one.first <= other.last and other.first <= one.last:
            values = f"{one.first}-{one.last}", f"{other.first}-{other.last}"
            raise Invalid("network", field="first", reason="ranges_overlap", value=values[0], other=values[1])


def whole(physical: str) -> Span:
    """All numbers of a physical network, or of the cloud's own."""
    return (1, MOST_VLAN) if physical else (FIRST_VNI, LAST_VNI)


def left_by(ranges: Iterable[SegmentRange], physical: str = "") -> list[Span]:
    """The numbers in none of the ranges, which do not overlap and are all of this physical network."""
    spans: list[Span] = []
    at, last = whole(physical)
    for one in sorted(ranges, key=lambda r: r.first):
        if at < one.first:
            spans.append((at, one.first - 1))
        at = one.last + 1
    return [*spans, (at, last)] if at <= last else spans
