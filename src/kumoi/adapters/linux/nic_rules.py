"""A nic's part in the filter: elements of the bridge table's sets, and chains of its own where QoS limits it. Pure.

What does not belong here: the rules that ask these sets, and security groups (`filter_rules`).
"""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

import msgspec

from kumoi.adapters.linux import addresses, devices, shaping
from kumoi.adapters.linux.ruleset import Chain
from kumoi.core.plan import NicEntry
from kumoi.core.qos import Shaping

Element = tuple[str, str, str]  # the set, the key, and the rest


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`community`: the chain of those whom it hears besides the promiscuous; they share it."""

    elements: tuple[Element, ...]
    chains: dict[str, Chain]
    tap: str
    community: str = ""


def part(nic: NicEntry) -> Part:
    """Raises Invalid on what is no address or id."""
    chains = _limits(nic, nic.shaping) if nic.shaping is not None and nic.admin_up else {}
    tap, community = f'"{devices.tap(addresses.identity(nic.id))}"', _community(nic)
    limited = ((f"limits_{name.rpartition('-')[2]}", tap, f" : jump {name}") for name in chains)
    elements = (*limited, *_hears(nic, tap, community), *_elements(nic, tap))
    return Part(elements=elements, chains=chains, tap=tap, community=community)


def _community(nic: NicEntry) -> str:
    """Of this network: another network's of the same name is another one."""
    if nic.pvlan != "community":
        return ""
    named = f"{addresses.identity(nic.network_id)} {nic.community}"
    return "pv-" + hashlib.sha256(named.encode()).hexdigest()[:20]


def _hears(nic: NicEntry, tap: str, community: str) -> Iterator[Element]:
    if nic.pvlan in {"isolated", "community"}:
        yield "private", tap, ""
        yield "hears", tap, f" : jump {community or 'isolated'}"


def _limits(nic: NicEntry, limits: Shaping) -> dict[str, Chain]:
    """What QoS says of a nic: a chain for each direction in which it says anything."""
    said = {"out": shaping.sent(limits), "in": shaping.received(limits)}
    return {f"q-{nic.id}-{way}": Chain(rules=tuple(rules)) for way, rules in said.items() if rules}


def _elements(nic: NicEntry, tap: str) -> Iterator[Element]:
    note = f' comment "{nic.id}"'
    if not nic.admin_up:
        yield "closed", tap, note
        return
    if not nic.port_security:
        yield "trusted", tap, note
        return
    yield "nics", tap, f"{note} : {int(nic.mark)}"
    for mac, networks in addresses.of_nic(nic).items():
        sender = f"{tap} . {mac}"
        yield "macs", sender, ""
        for network in networks:
            yield from _may_send(sender, network)


def _may_send(sender: str, network: IPv4Network | IPv6Network) -> Iterator[Element]:
    single = network.prefixlen == network.max_prefixlen
    text = str(network.network_address) if single else str(network)
    yield f"{'hosts' if single else 'nets'}{network.version}", f"{sender} . {text}", ""
    if network.version == 6 and single:
        yield "targets6", f"{sender} . 0x{int(network.network_address):032x}", ""
    elif network.version == 6:
        yield "any_target6", sender, ""
