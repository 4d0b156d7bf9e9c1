"""The filter as it is loaded: brought to what is wanted, and flows cut that it no longer allows.

What does not belong here: what the rules say (`filter_rules`), which flows go (`flows`).
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.adapters.linux import filter_rules, flows, netfilter, ruleset
from kumoi.adapters.linux.filter_rules import Drafts
from kumoi.adapters.linux.nft import Nft, listing
from kumoi.adapters.linux.ruleset import Table
from kumoi.contracts.network import Filters
from kumoi.core.ids import GroupId, NetworkId, NicId
from kumoi.core.plan import NicEntry

_SLOTS: Final = ("kumoi_a", "kumoi_b")
_NICS: Final = (("map", "nics"), ("set", "trusted"), ("set", "closed"))
_CLOSED: Final = Filters(groups=(), members=())
Wanted = tuple[Filters, tuple[NicEntry, ...]]
Pair = tuple[Table, Table]  # bridge, inet


class Filter:
    """One a network namespace. What is loaded is known only since this object loaded it, and nobody else changed it."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft
        self._drafts = Drafts()
        self._wanted: Wanted | None = None
        self._loaded: Pair | None = None
        self._seen_at = -1

    def ensure(self, filters: Filters, nics: tuple[NicEntry, ...], zones: dict[NetworkId, int]) -> None:
        """Exactly these; nothing is done where nothing differs."""
        known = self._nft.look() == self._seen_at
        if known and self._wanted == (filters, nics):
            return
        fewer = self._load(self._drafts.tables(filters, nics), known=known)
        self._wanted = (filters, nics)
        if fewer:
            self.cut(zones)

    def ensure_closed(self) -> None:
        """Where nothing is loaded, load what lets nothing pass: wires may be made before filters are told."""
        if self._loaded is None and not _hooked():
            self._load(filter_rules.tables(_CLOSED, ()), known=False)

    def cut(self, zones: dict[NetworkId, int]) -> None:
        """Forget the flows that would not be let in now."""
        if self._wanted is not None:
            tracked = netfilter.flows()
            netfilter.cut(flows.doomed(tracked, *self._wanted, zones) if tracked else [])

    def observe(self) -> tuple[frozenset[NicId], frozenset[GroupId]]:
        """Nics and groups whose rules stand, asked from the kernel unless it is known."""
        if self._loaded is None or self._nft.look() != self._seen_at:
            return _listed()
        bridge, inet = self._loaded
        notes = [n for _, name in _NICS for n in bridge.elements[name].values()]
        return frozenset(NicId(n.split('"')[1]) for n in notes), _groups(inet.chains)

    def _load(self, new: Pair, *, known: bool) -> bool:
        """Make the kernel say this; whether anything was taken away, or may have been."""
        old, commands = self._loaded if known else None, None
        if old is not None:
            new = _named(new, old[0].name)
            commands = _changes(old, new)
        if commands is None:
            new = self._replace(new)
        else:
            self._nft.apply(commands)
        self._loaded, self._seen_at = new, self._nft.look()
        return old is None or any(ruleset.loses(was, wanted) for was, wanted in zip(old, new, strict=True))

    def _replace(self, new: Pair) -> Pair:
        present = _present()
        hooked = {a.split()[1] for a, hooks in present.items() if a.startswith("bridge ") and hooks}
        slot = next((s for s in _SLOTS if s not in hooked), _SLOTS[0])
        new = _named(new, slot)
        for transaction in ruleset.swap(new, {a: hooks for a, hooks in present.items() if not a.endswith(slot)}):
            self._nft.apply(transaction)
        return new


def _named(pair: Pair, name: str) -> Pair:
    bridge, inet = pair
    return msgspec.structs.replace(bridge, name=name), msgspec.structs.replace(inet, name=name)


def _changes(old: Pair, new: Pair) -> list[str] | None:
    parts = [ruleset.change(was, wanted) for was, wanted in zip(old, new, strict=True)]
    whole = [part for part in parts if part is not None]
    return [command for part in whole for command in part] if len(whole) == len(parts) else None


def _present() -> dict[str, list[str]]:
    """Our tables in the kernel, as `family name`, each with the chains that are hooked in. All of ours have chains;
    `nft list tables` would read every element of a thousand ports first."""
    found: dict[str, list[str]] = {}
    for chain in (item["chain"] for item in listing("chains") if "chain" in item):
        if chain["table"] in _SLOTS:
            hooks = found.setdefault(f"{chain['family']} {chain['table']}", [])
            hooks += [str(chain["name"])] if "hook" in chain else []
    return found


def _hooked() -> set[str]:
    """The slots that packets meet: one, or for a moment both. Else the other holds what a killed agent had begun."""
    chains = (item["chain"] for item in listing("chains", "bridge") if "chain" in item)
    return {str(c["table"]) for c in chains if "hook" in c and c["table"] in _SLOTS}


def _listed() -> tuple[frozenset[NicId], frozenset[GroupId]]:
    """The same as `Filter.observe`, read from the kernel."""
    nics: set[NicId] = set()
    for address in (f"bridge {slot}" for slot in _hooked()):
        for kind, name in _NICS:
            for item in listing(kind, *address.split(), name):
                found = item.get(kind, {}).get("elem", [])
                nics |= {NicId(c) for element in found if (c := _comment(element))}
    return frozenset(nics), _groups(str(i["chain"]["name"]) for i in listing("chains", "inet") if "chain" in i)


def _comment(element: object) -> str:
    """Of a set's element, or of a map's pair of element and value."""
    first = element[0] if isinstance(element, list) else element
    return str(first["elem"].get("comment", "")) if isinstance(first, dict) and "elem" in first else ""


def _groups(chains: Iterable[str]) -> frozenset[GroupId]:
    """By the names of their chains."""
    return frozenset(GroupId(name[2:38]) for name in chains if name.startswith("g-") and name.endswith("-in"))
