"""Which routers of a host are to be drawn now, which wait for their networks, and which are to go."""

from collections.abc import Iterable, Set

import msgspec

from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.plan import VpcEntry


class VpcDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting`: routers with a leg on a network that does not stand yet, and that network."""

    ensure: tuple[VpcEntry, ...]
    waiting: dict[VpcId, NetworkId]
    remove: frozenset[VpcId]


def decide(
    present: Iterable[VpcEntry], absent: Set[VpcId], segments: Set[NetworkId], standing: Set[VpcId]
) -> VpcDecision:
    """A router is drawn once the segments under all its legs are; only one that the plan calls absent is removed."""
    ensure: list[VpcEntry] = []
    waiting: dict[VpcId, NetworkId] = {}
    for vpc in present:
        legs = vpc.all_legs
        late = next((leg.network_id for leg in legs if leg.network_id not in segments), None)
        if late is None:
            ensure.append(vpc)
        else:
            waiting[vpc.id] = late
    return VpcDecision(ensure=tuple(ensure), waiting=waiting, remove=frozenset(absent & standing))
