"""Address arithmetic: blocks, pools, gateways, free addresses, MACs. Pure; `ipaddress` is the only tool.

What belongs to one noun's rules (who may, what is in use) is not here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import pairwise

from kumoi.core.errors import Invalid
from kumoi.core.networks import Pool
from kumoi.core.quotas import Claim

Block = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
LONGEST_DHCP_PREFIX = {4: 30, 6: 126}
MAC_PREFIX = "fa:16:3e"
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def block(text: str, field: str = "cidr") -> Block:
    """`10.0.0.0/24` as a network. Refuses host bits and a missing prefix (facts: value, wanted)."""
    if "/" not in text:
        raise Invalid("network", field=field, reason="not_cidr", value=text)
    found = block_around(text, field)
    if str(found) != text.lower():
        raise Invalid("network", field=field, reason="host_bits", value=text, wanted=str(found))
    return found


def block_around(text: str, field: str) -> Block:
    """Like `block`, but host bits and a missing prefix are mended: what a filter means by an address."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise Invalid("network", field=field, reason="not_cidr", value=text) from None


def address(text: str, field: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise Invalid("network", field=field, reason="not_address", value=text) from None


def mac(text: str, field: str = "mac") -> str:
    """Lower case with colons; refuses group addresses and all zeros."""
    found = text.lower().replace("-", ":")
    if not _MAC.fullmatch(found) or int(found[:2], 16) & 1 or found == "00:00:00:00:00:00":
        raise Invalid("network", field=field, reason="not_mac", value=text)
    return found


def mac_of(number: int) -> str:
    """The cloud's own MACs: OpenStack's prefix and 24 bits."""
    return f"{MAC_PREFIX}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def self_made(cidr: str, own_mac: str) -> str:
    """The address that a guest makes of an IPv6 /64 and its MAC (RFC 4291, appendix A: EUI-64)."""
    octets = bytes(int(part, 16) for part in own_mac.split(":"))
    eui = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(IPv6Address(int(ip_network(cidr).network_address) | int.from_bytes(eui, "big")))


def usable(of: Block) -> tuple[int, int]:
    """First and last address that a nic may have: all of a block without network and broadcast, /31 and /32 wholly."""
    first, last = int(of.network_address), int(of.broadcast_address)
    bits = of.max_prefixlen - of.prefixlen
    if bits <= 1:
        return first, last
    return first + 1, last - 1 if of.version == 4 else last


def default_gateway(of: Block) -> str:
    """The first usable address."""
    return str(_make(of.version, usable(of)[0]))


def default_pools(of: Block, gateway: str | None) -> tuple[Pool, ...]:
    """All usable addresses but the gateway."""
    first, last = usable(of)
    stop = int(ip_address(gateway)) if gateway is not None and ip_address(gateway) in of else None
    parts = [(first, last)] if stop is None else [(first, stop - 1), (stop + 1, last)]
    return tuple(
        Pool(str(_make(of.version, a)), str(_make(of.version, b)))
        for a, b in ((max(a, first), min(b, last)) for a, b in parts)
        if a <= b
    )


def check_gateway(of: Block, gateway: str) -> str:
    """The gateway in canonical form. Outside the block is allowed (on the link), network and broadcast are not."""
    found = address(gateway, "gateway")
    if found.version != of.version:
        raise Invalid("network", field="gateway", reason="wrong_ip_version", value=gateway, wanted=of.version)
    first, last = usable(of)
    if found in of and not first <= int(found) <= last:
        raise Invalid("network", field="gateway", reason="not_usable", value=gateway, cidr=str(of))
    return str(found)


def check_pools(of: Block, pools: Sequence[Pool], gateway: str | None) -> tuple[Pool, ...]:
    """The pools, canonical and in order; inside the block, each forwards, none overlapping, none over the gateway."""
    spans = sorted(_span(of, pool) for pool in pools)
    for (_, end), (start, _) in pairwise(spans):
        if start <= end:
            raise Invalid("network", field="pools", reason="pools_overlap", cidr=str(of))
    if gateway is not None:
        stop = int(ip_address(gateway))
        if any(a <= stop <= b for a, b in spans):
            raise Invalid("network", field="pools", reason="gateway_in_pool", value=gateway, cidr=str(of))
    return tuple(Pool(str(_make(of.version, a)), str(_make(of.version, b))) for a, b in spans)


def check_address(of: Block, text: str, field: str = "fixed_ips") -> str:
    """An address that a nic may have in this block, in canonical form; it need not be in a pool."""
    found = address(text, field)
    first, last = usable(of)
    if found.version != of.version or not first <= int(found) <= last:
        raise Invalid("network", field=field, reason="not_in_subnet", value=text, cidr=str(of))
    return str(found)


def overlapping(of: Block, others: Iterable[str]) -> str | None:
    """The first of the other blocks that shares an address with this one."""
    for text in others:
        other = ip_network(text)
        if other.version == of.version and of.overlaps(other):
            return text
    return None


def pool_size(pools: Sequence[Pool]) -> int:
    return sum(b - a + 1 for a, b in map(_ints, pools))


def free_addresses(pools: Sequence[Pool], taken: Sequence[Claim]) -> Iterator[str]:
    """Addresses of the pools that nobody claims, those after the most recently claimed one first: longest free first.

    `taken` are address claims of the subnet (`<subnet id>/<address>`); those outside the pools do not count.
    """
    spans = [_ints(p) for p in pools]
    used = {address_of(c): c.at for c in taken}
    inside = [(at, int(ip_address(text))) for text, at in used.items() if _within(spans, text)]
    after = str(_make(ip_address(pools[0].start).version, max(inside)[1])) if inside else None
    return (text for text in addresses_after(pools, after) if text not in used)


def addresses_after(pools: Sequence[Pool], after: str | None) -> Iterator[str]:
    """Every address of the pools, from behind that one on and around; from the first when it is in none of them."""
    if not pools:
        return
    spans = [_ints(p) for p in pools]
    version = ip_address(pools[0].start).version
    stop = int(ip_address(after)) if after is not None and _within(spans, after) else -1
    for a, b in [*((max(a, stop + 1), b) for a, b in spans), *((a, min(b, stop)) for a, b in spans)]:
        for n in range(a, b + 1):
            yield str(_make(version, n))


def address_of(claim: Claim) -> str:
    """Out of the key of an address claim."""
    return claim.key.rpartition("/")[2]


def free_count(pools: Sequence[Pool], taken: Sequence[Claim]) -> int:
    """How many addresses of the pools nobody claims."""
    spans = [_ints(p) for p in pools]
    used = (int(ip_address(c.key.rpartition("/")[2])) for c in taken)
    return pool_size(pools) - sum(any(a <= n <= b for a, b in spans) for n in used)


def contains(cidr: str, text: str) -> bool:
    found, of = ip_address(text), ip_network(cidr)
    return found.version == of.version and found in of


def _span(of: Block, pool: Pool) -> tuple[int, int]:
    a, b = address(pool.start, "pools"), address(pool.end, "pools")
    if a.version != of.version or b.version != of.version:
        raise Invalid("network", field="pools", reason="wrong_ip_version", value=pool.start, wanted=of.version)
    if int(b) < int(a):
        raise Invalid("network", field="pools", reason="pool_backwards", value=f"{pool.start}-{pool.end}")
    first, last = usable(of)
    if int(a) < first or int(b) > last:
        raise Invalid("network", field="pools", reason="pool_outside", value=f"{pool.start}-{pool.end}", cidr=str(of))
    return int(a), int(b)


def _within(spans: Sequence[tuple[int, int]], text: str) -> bool:
    return any(a <= int(ip_address(text)) <= b for a, b in spans)


def _ints(pool: Pool) -> tuple[int, int]:
    return int(ip_address(pool.start)), int(ip_address(pool.end))


def _make(version: int, number: int) -> Address:
    return IPv4Address(number) if version == 4 else IPv6Address(number)
