"""What a router's namespace says of addresses: floating ones led in, everything else hidden behind the gateway's. Pure.

A floating address works in both directions and from inside too: a guest that calls a neighbour's, or its own, floating
address is answered (hairpin), by appearing under its own floating address or the router's.
"""

from collections.abc import Iterable
from ipaddress import ip_interface
from typing import Final

from kumoi.adapters.linux import addresses, exits, shaping
from kumoi.adapters.linux.netfilter import Flow
from kumoi.core.plan import VpcEntry
from kumoi.core.vpcs import Forward, Leg

_TABLE: Final = "ip kumoi"
_NUMBERS: Final = {"tcp": 6, "udp": 17}
_LEAD_IN: Final = [
    *(f"dnat to ip daddr . {protocol} dport map @kept_{protocol}" for protocol in _NUMBERS),
    *(f"dnat ip to ip daddr . {protocol} dport map @moved_{protocol}" for protocol in _NUMBERS),
    "dnat to ip daddr map @led_in",
]


def text(vpc: VpcEntry) -> str:
    """One transaction for `nft -f -` that replaces all rules of the router. Flows that exist keep their translation."""
    head = [f"table {_TABLE}", f"delete table {_TABLE}", f"table {_TABLE} {{"]
    return "\n".join([*head, *_maps(vpc), *_forward_maps(vpc), *_chains(vpc), "}"]) + "\n"


def own_address(leg: Leg) -> str | None:
    """The router's IPv4 address on an external network."""
    return next((str(ip_interface(text).ip) for text in leg.addresses if ":" not in text), None)


def stale(flows: Iterable[Flow], vpc: VpcEntry) -> list[Flow]:
    """Flows whose translation is no longer wanted: of floating addresses that lead elsewhere now, or nowhere."""
    fixed = {f.public: f.fixed for f in vpc.floating}
    legs = vpc.all_legs
    own = {text.partition("/")[0] for leg in legs for text in leg.addresses}
    hiding = own if vpc.snat else own - {own_address(way.leg) for way in vpc.exits}
    return [
        flow
        for flow in flows
        if not ((_led_in(flow, fixed) or _forwarded(flow, vpc.forwards)) and _led_out(flow, fixed, hiding))
    ]


def _led_in(flow: Flow, fixed: dict[str, str]) -> bool:
    translated = flow.answers_from != flow.destination
    return fixed.get(flow.destination) == flow.answers_from if translated else True


def _forwarded(flow: Flow, forwards: Iterable[Forward]) -> bool:
    """Whether a forwarding leads it just so."""
    for one in forwards:
        into = one.inner.first + flow.destination_port - one.outer.first
        if (
            (one.public, _NUMBERS[one.protocol], one.fixed) == (flow.destination, flow.protocol, flow.answers_from)
            and one.outer.first <= flow.destination_port <= one.outer.last
            and flow.answers_port == into
        ):
            return True
    return False


def _led_out(flow: Flow, fixed: dict[str, str], hiding: set[str]) -> bool:
    translated = flow.answers_to != flow.source
    return not translated or flow.answers_to in hiding or fixed.get(flow.answers_to) == flow.source


def _maps(vpc: VpcEntry) -> list[str]:
    pairs = [(str(addresses.network(f.public)[0]), str(addresses.network(f.fixed)[0])) for f in vpc.floating]
    return [
        _map("led_in", [f"{public} : {fixed}" for public, fixed in pairs]),
        # One fixed address may have several floating ones; it goes out under the first.
        _map("led_out", _outward(pairs)),
        *(
            _map(f"led_out_{number}", _outward([(p, f) for p, f in pairs if p in way.carries]))
            for number, way in enumerate(vpc.exits if len(vpc.exits) > 1 else ())
        ),
    ]


def _outward(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{fixed} : {public}" for fixed, public in {f: p for p, f in reversed(pairs)}.items()]


def _forward_maps(vpc: VpcEntry) -> list[str]:
    """Ports that change their numbers, one by one; those that keep them, range by range."""
    lines: list[str] = []
    for protocol in _NUMBERS:
        forwards = [f for f in vpc.forwards if f.protocol == protocol]
        moved = [
            f"{_address(f.public)} . {int(f.outer.first) + n} : {_address(f.fixed)} . {int(f.inner.first) + n}"
            for f in forwards
            if f.outer != f.inner
            for n in range(len(f.outer))
        ]
        kept = [
            f"{_address(f.public)} . {int(f.outer.first)}-{int(f.outer.last)} : {_address(f.fixed)}"
            for f in forwards
            if f.outer == f.inner
        ]
        lines += [
            _map(f"moved_{protocol}", moved, "ipv4_addr . inet_service : ipv4_addr . inet_service"),
            _map(f"kept_{protocol}", kept, "ipv4_addr . inet_service : ipv4_addr; flags interval"),
        ]
    return lines


def _shaped(vpc: VpcEntry, outer: str, own: str | None) -> list[str]:
    """What QoS says of what passes under each public address, and under the router's own."""
    rules: list[str] = []
    for one in vpc.floating:
        if one.shaping is not None:
            fixed = _address(one.fixed)
            rules += [f"iifname {outer} ip daddr {fixed} {said}" for said in shaping.received(one.shaping)]
            rules += [f"oifname {outer} ip saddr {fixed} {said}" for said in _ipv4(shaping.sent(one.shaping))]
    if vpc.shaping is not None and own is not None:
        rules += [f"iifname {outer} ct reply ip daddr {own} {said}" for said in shaping.received(vpc.shaping)]
        rules += [f"oifname {outer} ct reply ip daddr {own} {said}" for said in _ipv4(shaping.sent(vpc.shaping))]
    return rules


def _ipv4(said: list[str]) -> list[str]:
    return [rule for rule in said if not rule.startswith("ip6 ")]


def _address(text: str) -> str:
    return str(addresses.network(text)[0])


def _map(name: str, elements: list[str], kinds: str = "ipv4_addr : ipv4_addr") -> str:
    filled = f" elements = {{ {', '.join(elements)} }};" if elements else ""
    return f"  map {name} {{ type {kinds};{filled} }}"


def _chains(vpc: VpcEntry) -> list[str]:
    translate = [
        'iifname "qr-*" oifname "qr-*" ct status dnat snat to ip saddr map @led_out',
        'iifname "qr-*" oifname "qr-*" ct status dnat masquerade',
    ]
    marking = exits.rules(vpc)
    guard: list[str] = marking.get("passing", [])
    for number, way in enumerate(vpc.exits):
        outer, own = f'"{exits.device(vpc, number)}"', own_address(way.leg)
        guard += _shaped(vpc, outer, own if number == 0 else None)
        translate.append(f"oifname {outer} snat to ip saddr map @led_out{f'_{number}' if len(vpc.exits) > 1 else ''}")
        if vpc.snat and own is not None:
            translate.append(f'iifname "qr-*" oifname {outer} snat to {own} fully-random')
            guard.append(f"oifname {outer} ct state invalid counter drop")  # it would go out with a hidden address
            # Nobody outside reaches a hidden address by a route of his own making.
            guard += [f"iifname {outer} ct status dnat accept", f"iifname {outer} ct state new,invalid counter drop"]
    return [
        *(_chain("coming", "type filter hook prerouting priority mangle;", marking["coming"]) if marking else ()),
        *_chain("lead_in", "type nat hook prerouting priority dstnat;", _LEAD_IN),
        *_chain("lead_out", "type nat hook postrouting priority srcnat;", translate),
        *_chain("passing", "type filter hook forward priority filter;", guard),
    ]


def _chain(name: str, hook: str, rules: list[str]) -> list[str]:
    return [f"  chain {name} {{", f"    {hook}", *(f"    {rule}" for rule in rules), "  }"]
