"""A router with several ways out: what came in by one goes back by the same one, whatever the default route is.

Flows are marked by where they came in, or where they left first; a mark has a routing table of its own with nothing but
a default route. What does not belong here: addresses and translation (`nat`, `routers`).
"""

from collections.abc import Iterator
from typing import Final

from kumoi.adapters.linux import addresses, devices
from kumoi.adapters.linux.links import Links
from kumoi.core.plan import VpcEntry

FIRST_TABLE: Final = 101  # of the routing tables, one for each way out


def device(vpc: VpcEntry, number: int) -> str:
    return devices.outer_wire(addresses.identity(vpc.exits[number].leg.nic_id))


def rules(vpc: VpcEntry) -> dict[str, list[str]]:
    """The rules that mark flows, by chain: `coming` (before routing) and `passing`. None where there is one way out."""
    if len(vpc.exits) < 2:
        return {}
    fixed = {f.public: f.fixed for f in vpc.floating}
    coming: list[str] = []
    passing: list[str] = []
    for number, way in enumerate(vpc.exits):
        coming.append(f'iifname "{device(vpc, number)}" ct state new ct mark set {number + 1}')
        for public in way.carries:
            if public in fixed:  # it goes out under this address, and so by this way
                led = f'iifname "qr-*" ip saddr {addresses.network(fixed[public])[0]}'
                coming.append(f"{led} ct state new ct mark set {number + 1}")
        passing.append(f'oifname "{device(vpc, number)}" ct state new ct mark set {number + 1}')
    coming.append('iifname "qr-*" ct mark != 0 meta mark set ct mark')
    return {"coming": coming, "passing": passing}


def ensure_routes(inside: Links, vpc: VpcEntry) -> None:
    """A table for each mark; where what leaves takes turns, a default route of several hops."""
    several = len(vpc.exits) > 1
    inside.ensure_marked_ways(dict(_tables(inside, vpc)) if several else {}, FIRST_TABLE)
    hops = [str(addresses.network(way.via)[0]) for way in vpc.exits if way.via is not None]
    inside.ensure_turns(list(dict.fromkeys(hops)) if several and vpc.ecmp else [])


def _tables(inside: Links, vpc: VpcEntry) -> Iterator[tuple[int, tuple[str, int]]]:
    """By mark: the next hop and its device."""
    for number, way in enumerate(vpc.exits):
        there = inside.get(device(vpc, number))
        if way.via is not None and there is not None:
            yield number + 1, (str(addresses.network(way.via)[0]), there.index)
