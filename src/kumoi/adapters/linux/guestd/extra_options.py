"""A nic's own DHCP options as bytes. Pure."""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

from kumoi.core.dhcp_options import KNOWN, DhcpOption, IpVersion, Shape

_NUMBERS: Final[dict[Shape, str]] = {"byte": "!B", "short": "!H", "long": "!I", "switch": "!B"}


def encoded(options: tuple[DhcpOption, ...], version: IpVersion) -> dict[int, bytes]:
    """By the number on the wire. What this version has no option for is not there; empty: not to be told."""
    known = KNOWN[version]
    return {known[o.name].code: _value(o, known[o.name].shape) for o in options if _is_of(o, version)}


def _is_of(option: DhcpOption, version: IpVersion) -> bool:
    return option.ip_version == version and option.name in KNOWN[version]


def _value(option: DhcpOption, shape: Shape) -> bytes:
    value = _unquoted(option.value)
    if not value:
        return b""
    if shape in _NUMBERS:
        return struct.pack(_NUMBERS[shape], int(value))
    if shape == "addresses":
        kind = IPv4Address if option.ip_version == 4 else IPv6Address
        return b"".join(kind(part.strip()).packed for part in value.split(","))
    if shape == "names":
        return b"".join(name(part) for part in value.split(","))
    if shape == "routes":
        parts = value.split(",")
        return b"".join(route(block, via) for block, via in zip(parts[::2], parts[1::2], strict=True))
    return value.encode()


def _unquoted(text: str) -> str:
    """Quotes around a text are no part of it: people write them for dnsmasq, which takes them off."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def route(destination: str, via: str) -> bytes:
    """A classless route (RFC 3442)."""
    block = ip_network(destination.strip(), strict=False)
    width = (block.prefixlen + 7) // 8
    return bytes([block.prefixlen]) + block.network_address.packed[:width] + IPv4Address(via.strip()).packed


def name(text: str) -> bytes:
    """As DNS writes it."""
    labels = [label.encode("ascii", "ignore")[:63] for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0" if labels else b""
