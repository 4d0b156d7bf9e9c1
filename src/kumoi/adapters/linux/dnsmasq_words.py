"""What dnsmasq is told of a network: DHCP for IPv4 alone, for planned addresses alone. Pure.

It says what guestd would say: each nic has under a tag of its own the options that the responder would give it. Names,
metadata and IPv6 stay guestd's. What does not belong here: its process (`dnsmasq`).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_network
from typing import Final

from kumoi.adapters.linux import addresses, devices, segments
from kumoi.adapters.linux.guestd import dhcp
from kumoi.adapters.linux.guestd.book import Book, Place
from kumoi.contracts.guests import GuestNetwork
from kumoi.core.dhcp_options import KNOWN

_MASK, _BROADCAST, _BOOT_SERVER = 1, 28, 0  # the first two it tells by itself
_SHAPES: Final = {known.code: known.shape for known in KNOWN[4].values()}
_BINARY: Final = frozenset({121, 249})
_MOST_LEASES: Final = 1 << 20
_ALWAYS: Final = (
    "port=0", "no-resolv", "no-hosts", "no-ping", "bind-interfaces", "except-interface=lo", "user=", "group=",
    # Who is planned is told so after a restart too, and nothing is remembered that the plan says.
    "dhcp-authoritative", "leasefile-ro", f"dhcp-lease-max={_MOST_LEASES}", "dhcp-ignore=tag:!known",
    "dhcp-option=3",
)  # fmt: skip


def told(known: GuestNetwork, room: str, pid_file: str) -> str:
    """The text of its file. `room` tells the namespace from a later one of the same name."""
    lines = [f"# {room}", *_ALWAYS, f"pid-file={pid_file}", f"interface={devices.service_wire(known.network.vni)}"]
    for subnet in segments.served(known.subnets, 4):
        block = ip_network(subnet.cidr)
        lines.append(f"dhcp-range={block.network_address},static,{block.netmask},{dhcp.LEASE_S}")
    book = Book((known,), {})
    for number, nic in enumerate(sorted(known.nics, key=lambda n: n.id)):
        place = book.by_mac(known.network.id, nic.mac.lower())
        if place is not None:
            lines += _nic(f"n{number}", place)
    return "\n".join(lines) + "\n"


def _nic(tag: str, place: Place) -> Iterator[str]:
    found = dhcp.told(place)
    if found is None:
        return
    address, options = found
    yield f"dhcp-host={addresses.mac(place.nic.mac)},set:{tag},{addresses.host(address)},{dhcp.LEASE_S}"
    for code, value in options.items():
        if code == _BOOT_SERVER:
            yield f"dhcp-option=tag:{tag},option:server-ip-address,{'.'.join(map(str, value[:4]))}"
        elif value and code not in {_MASK, _BROADCAST}:
            yield f"dhcp-option=tag:{tag},{code},{_value(code, value)}"


def _value(code: int, value: bytes) -> str:
    """As dnsmasq reads it: it takes bytes for some options only, and a single one for a number."""
    match _SHAPES.get(code):
        case "addresses":
            return ",".join(str(IPv4Address(value[i : i + 4])) for i in range(0, len(value), 4))
        case "byte" | "short" | "long" | "switch":
            return str(int.from_bytes(value, "big"))
        case "names":
            return ",".join(_names(value))
        case _:
            return _text(code, value)


def _text(code: int, value: bytes) -> str:
    text = value.decode("ascii", "replace")
    if code not in _BINARY and text.isprintable() and text.isascii() and not {'"', "\\"} & set(text):
        return f'"{text}"'
    return value.hex(":") if len(value) > 1 else str(value[0])


def _names(value: bytes) -> Iterator[str]:
    """Of names as DNS writes them, one behind the other."""
    labels: list[str] = []
    while value:
        length, value = value[0], value[1:]
        if length:
            labels.append(value[:length].decode("ascii", "ignore"))
        else:
            yield ".".join(labels)
            labels = []
        value = value[length:]
