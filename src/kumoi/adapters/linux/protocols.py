"""IP protocols by the names that security groups use (Neutron's list), and how nft matches them. Pure."""

from typing import Final

from kumoi.core.errors import Invalid
from kumoi.core.groups import SecurityRule

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMP6: Final = 58
_NUMBERS: Final = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": ICMP, "icmpv6": ICMP6, "igmp": 2,
    "ip": 0, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": ICMP6, "ipv6-nonxt": 59, "ipv6-opts": 60,
    "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": TCP, "udp": UDP, "udplite": 136,
    "vrrp": 112,
}  # fmt: skip
_WITH_PORTS: Final = {TCP: "tcp", UDP: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}


def number(rule: SecurityRule) -> int | None:
    """The protocol's number; None for any. `icmp` of an IPv6 rule is ICMPv6. Raises Invalid."""
    name = rule.protocol
    if name is None or name in {"", "any"}:
        return None
    found = _NUMBERS.get(name.lower())
    if found is None and name.isascii() and name.isdigit() and int(name) < 256:
        found = int(name)
    if found is None:
        raise Invalid("network", field="protocol", reason="unknown_protocol", value=name[:64])
    return ICMP6 if found == ICMP and rule.ether_type == "IPv6" else found


def match(rule: SecurityRule) -> list[str]:
    """The words that match protocol and ports, or ICMP type and code."""
    found = number(rule)
    if found is None:
        return []
    low, high = rule.port_min, rule.port_max
    if found in {ICMP, ICMP6}:
        word = "icmp" if found == ICMP else "icmpv6"
        kind = [f"{word} type {int(low)}"] if low is not None else []
        code = [f"{word} code {int(high)}"] if low is not None and high is not None else []
        return [*(kind or [f"meta l4proto {found}"]), *code]
    if found in _WITH_PORTS and (low is not None or high is not None):
        first = int(low if low is not None else 0)
        last = int(high if high is not None else first)
        return [f"{_WITH_PORTS[found]} dport {first if first == last else f'{first}-{last}'}"]
    return [f"meta l4proto {found}"]
