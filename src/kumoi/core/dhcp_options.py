"""DHCP options that a nic has besides those of its subnet: by the names that DHCP servers know them by.

Which there are and what their values look like. How they are put on the wire is the adapters' affair. Options that the
service answers for itself (mask, lease, server, the client's own) are not for anybody to choose.
"""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, Literal, get_args

import msgspec

from kumoi.core.errors import Invalid

IpVersion = Literal[4, 6]
# How a value is written: one text; addresses, numbers or names with commas between; 0 or 1; `block,via,block,via`.
Shape = Literal["text", "addresses", "byte", "short", "long", "switch", "names", "routes"]
MOST_OPTIONS = 32
LONGEST_VALUE = 255


class Known(msgspec.Struct, frozen=True):
    """An option's number on the wire, and the shape of its value. `code` 0: the header's next server."""

    code: int
    shape: Shape


class DhcpOption(msgspec.Struct, frozen=True, kw_only=True):
    """`value` empty: the subnet's own option of that name is not told either."""

    name: str
    value: str
    ip_version: IpVersion = 4


_TEXTS_4 = {
    "domain-name": 15, "root-path": 17, "extension-path": 18, "nis-domain": 40, "netbios-scope": 47,
    "vendor-class": 60, "nis+-domain": 64, "tftp-server": 66, "bootfile-name": 67, "posix-timezone": 100,
    "tzdb-timezone": 101, "path-prefix": 210, "config-file": 209, "proxy-autodiscovery": 252,
}  # fmt: skip
_ADDRESSES_4 = {
    "server-ip-address": 0, "router": 3, "dns-server": 6, "log-server": 7, "lpr-server": 9, "swap-server": 16,
    "nis-server": 41, "ntp-server": 42, "netbios-ns": 44, "netbios-dd": 45, "x-windows-fs": 48, "x-windows-dm": 49,
    "nis+-server": 65, "mobile-ip-home": 68, "smtp-server": 69, "pop3-server": 70, "nntp-server": 71,
    "irc-server": 74, "tftp-server-address": 150,
}  # fmt: skip
_NUMBERS_4: dict[str, tuple[int, Shape]] = {
    "boot-file-size": (13, "short"), "ip-forward-enable": (19, "switch"), "default-ttl": (23, "byte"),
    "mtu": (26, "short"), "all-subnets-local": (27, "switch"), "router-discovery": (31, "switch"),
    "trailer-encapsulation": (34, "switch"), "arp-timeout": (35, "long"), "ethernet-encap": (36, "switch"),
    "tcp-ttl": (37, "byte"), "tcp-keepalive": (38, "long"), "netbios-nodetype": (46, "byte"),
    "domain-search": (119, "names"), "classless-static-route": (121, "routes"),
}  # fmt: skip
_KNOWN_6: dict[str, tuple[int, Shape]] = {
    "sip-server-domain": (21, "names"), "sip-server": (22, "addresses"), "dns-server": (23, "addresses"),
    "domain-search": (24, "names"), "nis-server": (27, "addresses"), "nis+-server": (28, "addresses"),
    "nis-domain": (29, "names"), "nis+-domain": (30, "names"), "sntp-server": (31, "addresses"),
    "information-refresh-time": (32, "long"), "posix-timezone": (41, "text"), "tzdb-timezone": (42, "text"),
    "bootfile-url": (59, "text"),
}  # fmt: skip
KNOWN: Final[dict[IpVersion, dict[str, Known]]] = {
    4: {
        **{name: Known(code, "text") for name, code in _TEXTS_4.items()},
        **{name: Known(code, "addresses") for name, code in _ADDRESSES_4.items()},
        **{name: Known(*known) for name, known in _NUMBERS_4.items()},
    },
    6: {name: Known(*known) for name, known in _KNOWN_6.items()},
}
_MOST: Final[dict[Shape, int]] = {"byte": 0xFF, "short": 0xFFFF, "long": 0xFFFF_FFFF, "switch": 1}
# What clients of IPv4 alone know may be set on nics of IPv6 networks too: it is kept, and told to nobody.
_NAMES: Final = frozenset(KNOWN[4]) | frozenset(KNOWN[6])


def merged(
    old: Iterable[DhcpOption], wanted: Iterable[DhcpOption], gone: Iterable[tuple[str, IpVersion]] = ()
) -> tuple[DhcpOption, ...]:
    """The old ones, each wanted one in its place or behind, without those that are gone. Raises Invalid."""
    kept = {(o.name, o.ip_version): o for o in old}
    for option in wanted:
        check(option)
        kept[option.name, option.ip_version] = option
    for key in gone:
        kept.pop(key, None)
    if len(kept) > MOST_OPTIONS:
        raise Invalid("network", field="dhcp_options", reason="too_many", most=MOST_OPTIONS)
    return tuple(kept.values())


def check(option: DhcpOption) -> None:
    """Raises Invalid for an option that nobody serves, and for a value that its option cannot have."""
    if option.name not in _NAMES or option.ip_version not in get_args(IpVersion):
        raise Invalid("network", field="dhcp_options", reason="unknown_option", value=option.name)
    if len(option.value) > LONGEST_VALUE or "\n" in option.value or "\0" in option.value:
        raise Invalid("network", field="dhcp_options", reason="format", value=option.value)
    known = KNOWN[option.ip_version].get(option.name)
    if known is not None and option.value and not _fits(option.value, known.shape, option.ip_version):
        raise Invalid("network", field="dhcp_options", reason="format", value=f"{option.name}: {option.value}")


def version_of(value: str) -> IpVersion:
    """What a value without a version is meant for: IPv6 where it is an address of that."""
    return 6 if ":" in value and _all_addresses(value, 6) else 4


def _fits(value: str, shape: Shape, version: IpVersion) -> bool:
    if shape == "addresses":
        return _all_addresses(value, version)
    if shape == "routes":
        parts = value.split(",")
        return len(parts) % 2 == 0 and all(_is_block(b) and _all_addresses(v, 4) for b, v in _pairs(parts))
    if shape in _MOST:
        return value.isascii() and value.isdigit() and int(value) <= _MOST[shape]
    if shape == "names":
        return all(0 < len(label) <= 63 and label.isascii() for n in value.split(",") for label in n.split("."))
    return True


def _all_addresses(value: str, version: IpVersion) -> bool:
    kind = IPv4Address if version == 4 else IPv6Address
    try:
        return all(kind(part.strip()) for part in value.split(","))
    except AddressValueError:
        return False


def _is_block(text: str) -> bool:
    address, _, width = text.partition("/")
    return _all_addresses(address, 4) and (not width or (width.isdigit() and int(width) <= 32))


def _pairs(parts: list[str]) -> Iterable[tuple[str, str]]:
    return zip(parts[::2], parts[1::2], strict=True)
