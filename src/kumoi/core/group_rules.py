"""What makes a security rule right: protocols, ports, prefixes, and when two rules are the same. Pure."""

from msgspec.structs import replace

from kumoi.core.addressing import block_around
from kumoi.core.default_rules import DefaultRule
from kumoi.core.errors import Invalid
from kumoi.core.groups import RuleWish, SecurityRule

PROTOCOLS: dict[str, int] = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "igmp": 2, "ip": 0, "ipip": 4,
    "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43,
    "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip
AnyRule = RuleWish | SecurityRule | DefaultRule
_ALIASES = {"icmpv6": "ipv6-icmp", "any": None, "": None}
_WITH_PORTS = frozenset({6, 17, 33, 132, 136})
_ICMP = frozenset({1, 58})
_IPV6_ONLY = frozenset({41, 43, 44, 58, 59, 60})


def checked(wish: RuleWish) -> RuleWish:
    """The rule in canonical form. Raises Invalid (reasons below `security_rule`'s fields)."""
    protocol = protocol_of(wish.protocol)
    if wish.ether_type == "IPv6" and protocol in {"icmp", "1"}:
        protocol = "ipv6-icmp"
    number = protocol_number(protocol)
    if wish.ether_type == "IPv4" and number in _IPV6_ONLY:
        raise Invalid("network", field="protocol", reason="protocol_of_other_ip_version", value=protocol)
    _check_ports(wish, number)
    if sum(r is not None for r in (wish.remote_cidr, wish.remote_group_id, wish.remote_address_group_id)) > 1:
        raise Invalid("network", field="remote_cidr", reason="two_remotes")
    return replace(wish, protocol=protocol, remote_cidr=_remote(wish), remote_text=wish.remote_cidr)


def protocol_of(text: str | None) -> str | None:
    """A known name, or a number as text; None for any."""
    if text is None or text.lower() in _ALIASES:
        return None if text is None else _ALIASES[text.lower()]
    name = text.lower()
    if name in PROTOCOLS or (name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= 255):
        return name
    raise Invalid("network", field="protocol", reason="no_such_protocol", value=text)


def protocol_number(protocol: str | None) -> int | None:
    if protocol is None:
        return None
    return int(protocol) if protocol.isdigit() else PROTOCOLS[protocol]


def same(a: AnyRule, b: AnyRule) -> bool:
    """Whether two canonical rules let the same packets through, however their protocol is spelled."""
    return _meaning(a) == _meaning(b)


def _meaning(rule: AnyRule) -> tuple[object, ...]:
    return (
        rule.direction,
        rule.ether_type,
        protocol_number(rule.protocol),
        rule.port_min,
        rule.port_max,
        rule.remote_cidr,
        rule.remote_group_id,
        rule.remote_address_group_id,
    )


def _remote(wish: RuleWish) -> str | None:
    if wish.remote_cidr is None:
        return None
    found = block_around(wish.remote_cidr, "remote_cidr")
    if f"IPv{found.version}" != wish.ether_type:
        raise Invalid(
            "network",
            field="remote_cidr",
            reason="cidr_of_other_ip_version",
            value=wish.remote_cidr,
            type=wish.ether_type,
        )
    return str(found)


def _check_ports(wish: RuleWish, number: int | None) -> None:
    low, high = wish.port_min, wish.port_max
    if low is None and high is None:
        return
    if number is None:
        raise Invalid("network", field="protocol", reason="ports_need_protocol")
    if number in _ICMP:
        _check_icmp(low, high)
    elif number not in _WITH_PORTS:
        raise Invalid("network", field="port_min", reason="protocol_has_no_ports", value=wish.protocol)
    else:
        _check_range(low, high)


def _check_range(low: int | None, high: int | None) -> None:
    for field, value in (("port_min", low), ("port_max", high)):
        if value is not None and not 1 <= value <= 65535:
            raise Invalid("network", field=field, reason="port_value", value=value)
    if low is None or high is None or low > high:
        raise Invalid("network", field="port_min", reason="port_range")


def _check_icmp(icmp_type: int | None, code: int | None) -> None:
    if icmp_type is None:
        raise Invalid("network", field="port_min", reason="icmp_code_without_type", value=code)
    for field, name, value in (("port_min", "type", icmp_type), ("port_max", "code", code)):
        if value is not None and not 0 <= value <= 255:
            raise Invalid("network", field=field, reason="icmp_value", value=value, name=name)
