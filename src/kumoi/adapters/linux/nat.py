"""What a router's namespace says of addresses: floating ones led in, everything else hidden behind the gateway's. Pure.

A floating address works in both directions and from inside too: a guest that calls a neighbour's, or its own, floating
address is answered (hairpin), by appearing under its own floating address or the router's.
"""

from collections.abc import Iterable
from ipaddress import ip_interface
from typing import Final

from kumoi.adapters.linux import addresses, devices
from kumoi.adapters.linux.netfilter import Flow
from kumoi.core.plan import VpcEntry

_TABLE: Final = "ip kumoi"


def text(vpc: VpcEntry) -> str:
    """One transaction for `nft -f -` that replaces all rules of the router. Flows that exist keep their translation."""
    head = [f"table {_TABLE}", f"delete table {_TABLE}", f"table {_TABLE} {{"]
    return "\n".join([*head, *_maps(vpc), *_chains(vpc), "}"]) + "\n"


def own_address(vpc: VpcEntry) -> str | None:
    """The router's IPv4 address on the external network."""
    found = vpc.gateway.addresses if vpc.gateway is not None else ()
    return next((str(ip_interface(text).ip) for text in found if ":" not in text), None)


def stale(flows: Iterable[Flow], vpc: VpcEntry) -> list[Flow]:
    """Flows whose translation is no longer wanted: of floating addresses that lead elsewhere now, or nowhere."""
    fixed = {f.public: f.fixed for f in vpc.floating}
    legs = vpc.legs if vpc.gateway is None else (*vpc.legs, vpc.gateway)
    own = {text.partition("/")[0] for leg in legs for text in leg.addresses}
    hiding = own if vpc.snat else own - {own_address(vpc)}
    return [flow for flow in flows if not (_led_in(flow, fixed) and _led_out(flow, fixed, hiding))]


def _led_in(flow: Flow, fixed: dict[str, str]) -> bool:
    translated = flow.answers_from != flow.destination
    return fixed.get(flow.destination) == flow.answers_from if translated else True


def _led_out(flow: Flow, fixed: dict[str, str], hiding: set[str]) -> bool:
    translated = flow.answers_to != flow.source
    return not translated or flow.answers_to in hiding or fixed.get(flow.answers_to) == flow.source


def _maps(vpc: VpcEntry) -> list[str]:
    pairs = [(str(addresses.network(f.public)[0]), str(addresses.network(f.fixed)[0])) for f in vpc.floating]
    return [
        _map("led_in", [f"{public} : {fixed}" for public, fixed in pairs]),
        # One fixed address may have several floating ones; it goes out under the first.
        _map("led_out", [f"{fixed} : {public}" for fixed, public in {f: p for p, f in reversed(pairs)}.items()]),
    ]


def _map(name: str, elements: list[str]) -> str:
    filled = f" elements = {{ {', '.join(elements)} }};" if elements else ""
    return f"  map {name} {{ type ipv4_addr : ipv4_addr;{filled} }}"


def _chains(vpc: VpcEntry) -> list[str]:
    outer = f'"{devices.outer_wire(addresses.identity(vpc.gateway.nic_id))}"' if vpc.gateway is not None else None
    own = own_address(vpc)
    translate = [
        'iifname "qr-*" oifname "qr-*" ct status dnat snat to ip saddr map @led_out',
        'iifname "qr-*" oifname "qr-*" ct status dnat masquerade',
    ]
    guard: list[str] = []
    if outer is not None:
        translate.append(f"oifname {outer} snat to ip saddr map @led_out")
        if vpc.snat and own is not None:
            translate.append(f'iifname "qr-*" oifname {outer} snat to {own} fully-random')
            # Nobody outside reaches a hidden address by a route of his own making.
            guard = [f"iifname {outer} ct status dnat accept", f"iifname {outer} ct state new,invalid counter drop"]
    return [
        *_chain("lead_in", "type nat hook prerouting priority dstnat;", ["dnat to ip daddr map @led_in"]),
        *_chain("lead_out", "type nat hook postrouting priority srcnat;", translate),
        *_chain("passing", "type filter hook forward priority filter;", guard),
    ]


def _chain(name: str, hook: str, rules: list[str]) -> list[str]:
    return [f"  chain {name} {{", f"    {hook}", *(f"    {rule}" for rule in rules), "  }"]
