"""Where a router may run. Pure."""

from collections.abc import Iterable

from kumoi.core.hosts import Host, state
from kumoi.core.ids import HostId

ROUTER = "router"


def router_hosts(hosts: Iterable[Host], now: float) -> list[HostId]:
    """Hosts that can route, are enabled and heard from, in the order of their ids."""
    return sorted(h.id for h in hosts if ROUTER in h.capabilities and h.enabled and state(h, now) == "up")
