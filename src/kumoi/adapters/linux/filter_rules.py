"""What the filter says: anti-spoofing by hash lookup, security groups by chains, the nic carried in the packet's mark.

Four stages, because nft sees the device of a nic in `bridge` only and the state of a flow in `inet` only, where
br_netfilter shows it bridged packets:

    bridge prerouting   who sends? spoofed frames end here; mark := the sending nic
    inet prerouting     the sender's groups
    bridge forward      mark := the receiving nic
    inet forward        the receiver's groups

A group is two chains and, where other groups name it, sets of its members; a combination of groups is two chains that
jump to them; a nic is elements. So a nic costs no packet anything, and a membership is one element. Mark 0 is what is
no nic: wires of ours, and nics without port security. A tap that nobody told us of is closed.

Pure. Everything that came from outside is parsed before it becomes text. Figures: docs/decisions/0040.
"""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

import msgspec

from kumoi.adapters.linux import addresses, devices, nic_rules, protocols
from kumoi.adapters.linux.nic_rules import Part
from kumoi.adapters.linux.ruleset import Chain, Table
from kumoi.contracts.network import Filters
from kumoi.core.groups import Direction, SecurityRule
from kumoi.core.ids import GroupId, NicId
from kumoi.core.plan import GroupEntry, NicEntry

_WAY: Final[dict[Direction, str]] = {"ingress": "in", "egress": "out"}
_METADATA: Final = "169.254.169.254"
_METADATA6: Final = "fe80::a9fe:a9fe"
_PORTS: Final = ", ".join(f'"{prefix}*"' for prefix in (*devices.PORT_PREFIXES, devices.PHYSICAL_PREFIX))

_BRIDGE_SETS: Final = {
    "nics": "map type ifname : mark;",
    "trusted": "set type ifname;",
    "closed": "set type ifname;",  # no rule asks it: it says of which nics we know that they are to be silent
    "limits_out": "map type ifname : verdict;",
    "limits_in": "map type ifname : verdict;",
    # On private networks: who may not be heard by all, and what each of them hears.
    "private": "set type ifname;",
    "hears": "map type ifname : verdict;",
    "macs": "set type ifname . ether_addr;",
    "hosts4": "set type ifname . ether_addr . ipv4_addr;",
    "nets4": "set type ifname . ether_addr . ipv4_addr; flags interval;",
    "hosts6": "set type ifname . ether_addr . ipv6_addr;",
    "nets6": "set type ifname . ether_addr . ipv6_addr; flags interval;",
    # hosts6 once more: nft 1.0.6 has no word for the target of a neighbour advertisement. It also has none for blocks
    # of them (such a set with intervals corrupts its heap), so who has a block in IPv6 may name any target.
    "targets6": "set typeof iifname . ether saddr . @th,64,128;",
    "any_target6": "set type ifname . ether_addr;",
}
_BRIDGE_CHAINS: Final = {
    "guest_arp": Chain(
        rules=(
            "iifname . arp saddr ether . arp saddr ip @hosts4 accept",
            "iifname . arp saddr ether . arp saddr ip @nets4 accept",
            "arp saddr ip 0.0.0.0 iifname . arp saddr ether @macs accept",
            "counter drop",
        )
    ),
    "guest_ip4": Chain(
        rules=(
            "udp sport 67 udp dport 68 counter drop",
            "iifname . ether saddr . ip saddr @hosts4 accept",
            "iifname . ether saddr . ip saddr @nets4 accept",
            "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept",
            "ip saddr 0.0.0.0 ip protocol igmp accept",
            "counter drop",
        )
    ),
    "guest_ip6": Chain(
        rules=(
            "icmpv6 type { nd-router-advert, nd-redirect } counter drop",
            "udp sport 547 udp dport 546 counter drop",
            "icmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @targets6"
            " iifname . ether saddr != @any_target6 counter drop",
            "iifname . ether saddr . ip6 saddr @hosts6 accept",
            "iifname . ether saddr . ip6 saddr @nets6 accept",
            "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report, mld-listener-report } accept",
            "counter drop",
        )
    ),
    "from_guest": Chain(
        rules=(
            "iifname . ether saddr != @macs counter drop",
            "ether type vmap { arp : goto guest_arp, ip : goto guest_ip4, ip6 : goto guest_ip6 }",
            "counter drop",
        )
    ),
    "isolated": Chain(rules=("iifname @private counter drop",)),
    "who_sends": Chain(
        hook="type filter hook prerouting priority -300; policy accept;",
        rules=(
            "iifname vmap @limits_out",
            "meta mark set 0",
            "meta mark set iifname map @nics",
            "meta mark != 0 goto from_guest",
            'iifname "tap*" iifname != @trusted counter drop',
        ),
    ),
    "who_receives": Chain(
        hook="type filter hook forward priority -200; policy accept;",
        rules=(
            "oifname vmap @hears",
            "meta mark set 0",
            "meta mark set oifname map @nics",
            'meta mark 0 oifname "tap*" oifname != @trusted counter drop',
            # What comes tagged from outside would be shown to no group; a nic's own VLANs have taps of their own.
            "meta mark != 0 vlan id 0-4095 counter drop",
            "oifname vmap @limits_in",
        ),
    ),
    # A bridge of ours has no address: what it would hand to the host's own stack is an attack or noise.
    "to_host": Chain(
        hook="type filter hook input priority -200; policy accept;", rules=(f"iifname {{ {_PORTS} }} counter drop",)
    ),
}
_INET_SETS: Final = {
    "stateless": "set type mark;",
    "egress": "map type mark : verdict;",
    "ingress": "map type mark : verdict;",
}
# What belongs to no connection is judged by the groups like what begins one, as Neutron does: paths may be unlike there
# and back. Routers let none of it out untranslated (nat).
_STATE: Final = "ct state vmap { established : accept, related : accept }"
_INET_CHAINS: Final = {
    "untracked": Chain(
        hook="type filter hook prerouting priority raw; policy accept;", rules=("meta mark @stateless notrack",)
    ),
    "from_nic": Chain(
        hook="type filter hook prerouting priority filter; policy accept;",
        rules=(
            "meta mark 0 accept",
            # Once more, now reassembled: extension headers and fragments hide them from stage one (RFC 7113).
            "icmpv6 type { nd-router-advert, nd-redirect } counter drop",
            "udp sport { 67, 547 } udp dport { 68, 546 } counter drop",
            _STATE,
            "udp sport 68 udp dport 67 accept",
            "udp sport 546 udp dport 547 accept",
            f"ip daddr {_METADATA} tcp dport 80 accept",
            f"ip6 daddr {_METADATA6} tcp dport 80 accept",
            "ip protocol igmp ip saddr 0.0.0.0 accept",
            "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit,"
            " mld-listener-report, mld2-listener-report } accept",
            "meta mark vmap @egress",
            "counter drop",
        ),
    ),
    "to_nic": Chain(
        hook="type filter hook forward priority filter; policy accept;",
        rules=(
            "meta mark 0 accept",
            f"meta mark != @stateless {_STATE}",
            "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
            "udp sport 67 udp dport 68 accept",
            "udp sport 547 udp dport 546 accept",
            "meta mark vmap @ingress",
            "counter drop",
        ),
    ),
}


class _Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """From nics' marks to the chains of their combinations of groups, and these."""

    elements: dict[str, dict[str, str]]
    chains: dict[str, Chain]


def tables(filters: Filters, nics: tuple[NicEntry, ...]) -> tuple[Table, Table]:
    """The `bridge` and the `inet` table for exactly these local nics. Raises Invalid on what is no address or id."""
    return Drafts().tables(filters, nics)


class Drafts:
    """Draws the same, and remembers each nic's part: of a thousand nics few differ from one time to the next."""

    def __init__(self) -> None:
        self._nics: tuple[NicEntry, ...] = ()
        self._parts: dict[NicId, tuple[NicEntry, Part]] = {}
        self._bridge = _bridge_table(())
        self._dispatched_for: tuple[tuple[NicEntry, ...], dict[GroupId, bool]] = ((), {})
        self._dispatch = _dispatch((), {})

    def tables(self, filters: Filters, nics: tuple[NicEntry, ...]) -> tuple[Table, Table]:
        if nics != self._nics:
            self._parts = {nic.id: (nic, self._part(nic)) for nic in nics}
            self._bridge, self._nics = _bridge_table(part for _, part in self._parts.values()), nics
        groups = {addresses.identity(group.id): group for group in filters.groups}
        known = (nics, {group.id: group.stateful for group in filters.groups})
        if known != self._dispatched_for:
            self._dispatch, self._dispatched_for = _dispatch(nics, groups), known
        return self._bridge, _inet_table(filters, groups, self._dispatch)

    def _part(self, nic: NicEntry) -> Part:
        known = self._parts.get(nic.id)
        return known[1] if known is not None and known[0] == nic else nic_rules.part(nic)


def _bridge_table(parts: Iterable[Part]) -> Table:
    elements: dict[str, dict[str, str]] = {name: {} for name in _BRIDGE_SETS}
    chains = dict(_BRIDGE_CHAINS)
    communities: dict[str, list[str]] = {}
    for part in parts:
        if part.community:
            communities.setdefault(part.community, []).append(part.tap)
        for name, key, rest in part.elements:
            elements[name][key] = rest
        chains.update(part.chains)
    for name, taps in communities.items():
        rules = f"iifname {{ {', '.join(sorted(taps))} }} return", "iifname @private counter drop"
        chains[name] = Chain(rules=rules)
    return Table(family="bridge", name="kumoi", sets=_BRIDGE_SETS, elements=elements, chains=chains)


def _inet_table(filters: Filters, groups: dict[GroupId, GroupEntry], dispatch: _Dispatch) -> Table:
    sets = dict(_INET_SETS)
    elements = dict(dispatch.elements)
    chains = _INET_CHAINS | dispatch.chains
    crowded = _members(filters, sets, elements) | _blocks(filters, sets, elements)
    for group in groups.values():
        for direction, way in _WAY.items():
            rules = [t for r in group.rules if r.direction == direction for t in rule_texts(r, crowded)]
            chains[f"g-{group.id}-{way}"] = Chain(rules=tuple(sorted(set(rules))))
    return Table(family="inet", name="kumoi", sets=sets, elements=elements, chains=chains)


def _dispatch(nics: tuple[NicEntry, ...], groups: dict[GroupId, GroupEntry]) -> _Dispatch:
    elements: dict[str, dict[str, str]] = {name: {} for name in _INET_SETS}
    chains: dict[str, Chain] = {}
    combinations: dict[tuple[GroupId, ...], str] = {}
    for nic in nics:
        if not (nic.admin_up and nic.port_security):
            continue
        if nic.group_ids not in combinations:
            combinations[nic.group_ids] = _combination(nic.group_ids, groups, chains)
        name, mark = combinations[nic.group_ids], str(int(nic.mark))
        elements["egress"][mark] = f" : goto {name}-out"
        elements["ingress"][mark] = f" : goto {name}-in"
        if _stateless(nic.group_ids, groups):
            elements["stateless"][mark] = ""
    return _Dispatch(elements=elements, chains=chains)


def _combination(group_ids: tuple[GroupId, ...], groups: dict[GroupId, GroupEntry], chains: dict[str, Chain]) -> str:
    """The chains of a combination of groups, by their name; a group that is not here yet lets nothing in."""
    known = sorted(g for g in group_ids if g in groups)
    name = "c-" + hashlib.sha256(" ".join(known).encode()).hexdigest()[:20]
    for way in _WAY.values():
        jumps = tuple(f"jump g-{group}-{way}" for group in known)
        chains[f"{name}-{way}"] = Chain(rules=(*jumps, "counter drop"))
    return name


def _stateless(group_ids: tuple[GroupId, ...], groups: dict[GroupId, GroupEntry]) -> bool:
    known = [groups[g] for g in group_ids if g in groups]
    return bool(known) and not any(group.stateful for group in known)


def _members(filters: Filters, sets: dict[str, str], elements: dict[str, dict[str, str]]) -> frozenset[str]:
    """Sets of members for every group that a rule names; the names of those made."""
    named = {r.remote_group_id for g in filters.groups for r in g.rules if r.remote_group_id is not None}
    members: dict[GroupId, dict[str, None]] = {group: {} for group in sorted(named)}
    for member in filters.members:
        if member.group_id in members:
            members[member.group_id].update(dict.fromkeys(member.addresses))
    made: set[str] = set()
    for group, own in members.items():
        for version in (4, 6):
            known = [(text, network) for text in own if (network := addresses.network(text)).version == version]
            wide = _collapsed(n for _, n in known if n.prefixlen != n.max_prefixlen)
            name = f"m{version}-{addresses.identity(group)}"
            sets[name] = f"set type ipv{version}_addr;"
            elements[name] = {addresses.host(text): "" for text, n in known if n.prefixlen == n.max_prefixlen}
            made.add(name)
            if wide:
                # Apart, because a set of single addresses is a hash and cheap to change.
                sets[f"n{name}"] = f"set type ipv{version}_addr; flags interval;"
                elements[f"n{name}"] = {str(n): "" for n in wide}
                made.add(f"n{name}")
    return frozenset(made)


def _blocks(filters: Filters, sets: dict[str, str], elements: dict[str, dict[str, str]]) -> frozenset[str]:
    """A set for each IP version of every address group that a rule names; the names of those made."""
    made: set[str] = set()
    for group, addressed in {g: blocks for f in filters.groups for g, blocks in f.blocks.items()}.items():
        for version in (4, 6):
            networks = _collapsed(n for n in addresses.networks(addressed) if n.version == version)
            if networks:
                name = f"a{version}-{addresses.identity(group)}"
                sets[name] = f"set type ipv{version}_addr; flags interval;"
                elements[name] = {str(n): "" for n in networks}
                made.add(name)
    return frozenset(made)


def _collapsed(networks: Iterable[IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
    return list(collapse_addresses(list(networks)))  # type: ignore[type-var]


def rule_texts(rule: SecurityRule, crowded: frozenset[str]) -> list[str]:
    """One rule as nft says it: a line, two where members are addresses and blocks, none where nothing can match."""
    version = 4 if rule.ether_type == "IPv4" else 6
    words = [f"meta nfproto ipv{version}", *protocols.match(rule), "accept"]
    side = ("ip" if version == 4 else "ip6") + (" saddr" if rule.direction == "ingress" else " daddr")
    if rule.remote_group_id is not None:
        name = f"m{version}-{addresses.identity(rule.remote_group_id)}"
        return [_line(words, f"{side} @{n}") for n in (name, f"n{name}") if n in crowded]
    if rule.remote_address_group_id is not None:
        name = f"a{version}-{addresses.identity(rule.remote_address_group_id)}"
        return [_line(words, f"{side} @{name}")] if name in crowded else []
    if rule.remote_cidr is None:
        return [_line(words, "")]
    network = ip_network(addresses.checked(rule.remote_cidr), strict=False)
    if network.version != version:
        return []
    return [_line(words, f"{side} {network}" if network.prefixlen else "")]


def _line(words: list[str], remote: str) -> str:
    return " ".join(w for w in (words[0], remote, *words[1:]) if w)
