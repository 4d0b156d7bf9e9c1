"""Addresses, MACs and ids as they come from a plan: parsed here, strictly, before they become rules or packets.

Plans are made by a program that strangers talk to: a broken one must not be able to put words into nft's mouth.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_network
from typing import Final, TypeVar

from kumoi.core.errors import Invalid
from kumoi.core.ids import is_uuid
from kumoi.core.plan import NicEntry

Id = TypeVar("Id", bound=str)
IpNetwork = IPv4Network | IPv6Network
_is_uuid: Final = lru_cache(maxsize=1 << 16)(is_uuid)
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def identity(text: Id) -> Id:
    """The id itself. Raises Invalid where it is no UUID."""
    if not _is_uuid(text):
        raise Invalid("network", field="id", reason="not_a_uuid", value=text[:64])
    return text


def mac(text: str) -> str:
    """Lower case, with colons. Raises Invalid."""
    found = text.lower()
    if not _MAC.fullmatch(found):
        raise Invalid("network", field="mac", reason="not_a_mac", value=text[:64])
    return found


def checked(text: str) -> str:
    """An address or a block, as given. Raises Invalid."""
    network(text)
    return text


@lru_cache(maxsize=1 << 16)
def network(text: str) -> IpNetwork:
    """A block; a single address is the block that holds it alone. Raises Invalid."""
    try:
        return ip_network(text, strict=False)
    except ValueError as e:
        raise Invalid("network", field="address", reason="not_an_address", value=text[:64]) from e


@lru_cache(maxsize=1 << 16)
def host(text: str) -> str:
    """A single address as it is usually written. Raises Invalid."""
    return str(network(text).network_address)


def networks(texts: Iterable[str]) -> list[IpNetwork]:
    return [network(text) for text in texts]


@lru_cache(maxsize=1 << 13)
def of_nic(nic: NicEntry) -> Mapping[str, list[IpNetwork]]:
    """Which addresses the nic may send from, by MAC: its own, its link-local one, and those of its pairs."""
    own = mac(nic.mac)
    found: dict[str, list[IpNetwork]] = {own: [network(ip.address) for ip in nic.fixed_ips]}
    for pair in nic.pairs:
        found.setdefault(mac(pair.mac or own), []).append(network(pair.address))
    for each, blocks in found.items():
        blocks.append(IPv6Network(int(link_local(each))))
    return {each: _apart(blocks) for each, blocks in found.items()}


@lru_cache(maxsize=1 << 14)
def link_local(own: str) -> IPv6Address:
    """The address that IPv6 makes from a MAC (EUI-64)."""
    octets = bytes.fromhex(own.replace(":", ""))
    return IPv6Address(b"\xfe\x80" + bytes(6) + bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:])


def _apart(blocks: list[IpNetwork]) -> list[IpNetwork]:
    """Without overlaps, which sets of intervals refuse."""
    if all(n.prefixlen == n.max_prefixlen for n in blocks):
        return list(dict.fromkeys(blocks))
    four = collapse_addresses([n for n in blocks if isinstance(n, IPv4Network)])
    six = collapse_addresses([n for n in blocks if isinstance(n, IPv6Network)])
    return [*four, *six]
