"""Where the other instances are that one is placed by: its server group's, or those that it names. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from kumoi.core.ids import HostId
from kumoi.core.server_groups import GroupPolicy


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """`here`: how many of the group each host has. `beside`, `apart`: the hosts of instances that were named; None:
    none were."""

    policy: GroupPolicy | None = None
    most_per_host: int = 1
    here: Mapping[HostId, int] = {}
    beside: frozenset[HostId] | None = None
    apart: frozenset[HostId] = frozenset()

    def with_one_on(self, host_id: HostId) -> "Neighbours":
        return msgspec.structs.replace(self, here={**self.here, host_id: self.here.get(host_id, 0) + 1})


def dropped_by(host_id: HostId, by: Neighbours) -> str | None:
    """The name of the rule that keeps it from this host."""
    if by.beside is not None and host_id not in by.beside:
        return "same_host"
    if host_id in by.apart:
        return "different_host"
    if by.policy == "affinity" and by.here and host_id not in by.here:
        return "affinity"
    if by.policy == "anti-affinity" and by.here.get(host_id, 0) >= by.most_per_host:
        return "anti_affinity"
    return None


def preferred(host_ids: Iterable[HostId], by: Neighbours) -> list[HostId]:
    """The same hosts, those first that a soft policy would rather have; else in their order."""
    if by.policy not in {"soft-affinity", "soft-anti-affinity"}:
        return list(host_ids)
    sign = -1 if by.policy == "soft-affinity" else 1
    return sorted(host_ids, key=lambda host_id: sign * by.here.get(host_id, 0))
