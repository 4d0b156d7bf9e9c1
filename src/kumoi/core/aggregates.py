"""Aggregates: hosts that an operator counts together, with metadata that scheduling reads; availability zones are made
of them.
"""

from collections.abc import Iterable

import msgspec

from kumoi.core.ids import AggregateId, HostId

ZONE = "nova"  # of hosts that no aggregate puts into another
OF_TENANTS = "filter_tenant_id"  # metadata: only these projects' instances come here


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is what Nova's clients call it by. `zone` empty: it says nothing about its hosts' zone. A host is in any
    number of aggregates, but in one zone."""

    id: AggregateId
    number: int
    name: str
    zone: str = ""
    metadata: dict[str, str] = {}
    hosts: tuple[HostId, ...] = ()
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def zone_of(host_id: HostId, aggregates: Iterable[Aggregate]) -> str:
    return next((a.zone for a in aggregates if a.zone and host_id in a.hosts), ZONE)


def zones(aggregates: Iterable[Aggregate]) -> dict[HostId, str]:
    """Of every host that an aggregate puts into one."""
    return {host_id: a.zone for a in aggregates if a.zone for host_id in a.hosts}


def metadata_of(host_id: HostId, aggregates: Iterable[Aggregate]) -> dict[str, frozenset[str]]:
    """What all its aggregates say of a host: a key may have several values. Commas part them, as Nova's operators
    write."""
    found: dict[str, set[str]] = {}
    for aggregate in aggregates:
        if host_id in aggregate.hosts:
            for key, value in aggregate.metadata.items():
                found.setdefault(key, set()).update(part.strip() for part in value.split(","))
    return {key: frozenset(values) for key, values in found.items()}
