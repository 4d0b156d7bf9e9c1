"""Subnet pools: blocks from which subnets take theirs, so that no two of a pool overlap."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import chain

import msgspec

from kumoi.core.addressing import Block, block, block_around, overlapping
from kumoi.core.errors import Invalid
from kumoi.core.ids import AddressScopeId, ProjectId, SubnetPoolId

SHORTEST = {4: 8, 6: 64}
MOST_QUOTA = 2**63 - 1  # what the store can count
LONGEST = {4: 32, 6: 128}


class SubnetPool(msgspec.Struct, frozen=True, kw_only=True):
    """`quota`: how much of it one project may take, None as much as there is: addresses for IPv4, /64s for IPv6."""

    id: SubnetPoolId
    project_id: ProjectId
    name: str
    ip_version: int
    prefixes: tuple[str, ...]
    default_prefixlen: int
    min_prefixlen: int
    max_prefixlen: int
    description: str = ""
    scope_id: AddressScopeId | None = None
    is_default: bool = False
    quota: int | None = None
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


def merged(prefixes: Iterable[str]) -> tuple[str, ...]:
    """The blocks, canonical, neighbours joined, in order. Refuses none, and a mixture of IP versions."""
    blocks = [block_around(p, "prefixes") for p in prefixes]
    if not blocks:
        raise Invalid("network", field="prefixes", reason="missing", name="prefixes")
    if len({b.version for b in blocks}) > 1:
        raise Invalid("network", field="prefixes", reason="mixed_ip_versions")
    return tuple(str(b) for b in _collapsed(blocks))


def checked(pool: SubnetPool) -> SubnetPool:
    """The pool, if its lengths are in order: min ≤ default ≤ max, none longer than an address."""
    least, usual, most = pool.min_prefixlen, pool.default_prefixlen, pool.max_prefixlen
    if not 0 <= least <= usual <= most <= LONGEST[pool.ip_version]:
        lengths = {"least": least, "value": usual, "most": most}
        raise Invalid("network", field="default_prefixlen", reason="prefixlen_order", **lengths)
    if pool.quota is not None and not 0 <= pool.quota <= MOST_QUOTA:
        raise Invalid("network", field="default_quota", reason="range", bound=f"from 0 to {MOST_QUOTA}")
    return pool


def within(pool: SubnetPool, cidr: str) -> bool:
    """Whether the block lies in the pool and is neither too large nor too small for it."""
    wanted = block(cidr)
    if wanted.version != pool.ip_version or not pool.min_prefixlen <= wanted.prefixlen <= pool.max_prefixlen:
        return False
    return any(_inside(wanted, ip_network(p)) for p in pool.prefixes)


def first_free(pool: SubnetPool, prefixlen: int, taken: Iterable[str]) -> str | None:
    """The first block of that length of which nothing is taken; from the smallest prefix that has one."""
    used = tuple(taken)
    for prefix in sorted((ip_network(p) for p in pool.prefixes), key=lambda n: -n.prefixlen):
        if prefix.prefixlen > prefixlen:
            continue
        found = _first_in(prefix, prefixlen, used)
        if found is not None:
            return found
    return None


def amount(cidrs: Iterable[str]) -> int:
    """In the units of a quota."""
    blocks = [ip_network(c) for c in cidrs]
    return sum(b.num_addresses if b.version == 4 else max(1, 2 ** (64 - b.prefixlen)) for b in blocks)


def _first_in(prefix: Block, prefixlen: int, used: tuple[str, ...]) -> str | None:
    """Walks by the blocks that are taken, not by the free ones: a /8 of /32s costs what is used of it."""
    size = 2 ** (prefix.max_prefixlen - prefixlen)
    at, end = int(prefix.network_address), int(prefix.broadcast_address)
    while at + size - 1 <= end:
        candidate = ip_network((at, prefixlen))
        clash = overlapping(candidate, used)
        if clash is None:
            return str(candidate)
        after = int(ip_network(clash).broadcast_address) + 1
        at += size * max(1, -(-(after - at) // size))
    return None


def _inside(inner: Block, outer: Block) -> bool:
    return (
        inner.version == outer.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]
    )


def _collapsed(blocks: list[Block]) -> Iterable[Block]:
    fours = [b for b in blocks if isinstance(b, IPv4Network)]
    sixes = [b for b in blocks if isinstance(b, IPv6Network)]
    return chain(collapse_addresses(fours), collapse_addresses(sixes))
