"""A conntrack zone for each bridge, so that two tenants may use the same addresses.

A zone is 16 bits, a VNI 24: which bridge has which zone is remembered by the kernel, in a table of its own that
outlives the agent, as the flows do.
"""

from typing import Final

from kumoi.adapters.linux import addresses, ruleset
from kumoi.adapters.linux.nft import Nft, listing
from kumoi.adapters.linux.ruleset import Chain, Table
from kumoi.core.errors import NoAddress
from kumoi.core.ids import NetworkId

_NAME: Final = "kumoi_zones"
_LAST: Final = 0xFFFF


class Zones:
    """Network → zone, as loaded."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft
        self._loaded: Table | None = None
        self._zones: dict[NetworkId, tuple[str, int]] = {}
        self._seen_at = -1

    def all(self) -> dict[NetworkId, int]:
        self._look()
        return {network: zone for network, (_, zone) in self._zones.items()}

    def bridge(self, network: NetworkId) -> str | None:
        """The name under which its bridge was, or was to be, made."""
        self._look()
        return self._zones.get(network, (None, 0))[0]

    def ensure(self, network: NetworkId, bridge: str, vni: int) -> None:
        """Raises NoAddress when 65,535 networks are here."""
        self._look()
        if self._loaded is not None and self._zones.get(network, ("", 0))[0] == bridge:
            return
        # What had this bridge before is gone, or it could not be another's now.
        others = {n: (b, zone) for n, (b, zone) in self._zones.items() if b != bridge}
        taken = {zone for _, zone in others.values()}
        # The VNI's own low half where it is free: the same on every host, and after every start.
        first = vni & _LAST or 1
        zone = next((z for z in (*range(first, _LAST + 1), *range(1, first)) if z not in taken), None)
        if zone is None:
            raise NoAddress("network", kind="conntrack_zone", pool="host", size=_LAST)
        self._apply({**others, addresses.identity(network): (bridge, zone)})

    def remove(self, network: NetworkId) -> None:
        self._look()
        if network in self._zones:
            self._apply({n: z for n, z in self._zones.items() if n != network})

    def _apply(self, wanted: dict[NetworkId, tuple[str, int]]) -> None:
        new = _table(wanted)
        if self._loaded is None:
            self._nft.apply([f"add table {new.address}", f"delete table {new.address}"])
            for transaction in ruleset.swap((new,), {}):
                self._nft.apply(transaction)
        else:
            self._nft.apply(ruleset.change(self._loaded, new) or [])  # one network at a time is never too much
        self._loaded, self._zones, self._seen_at = new, wanted, self._nft.look()

    def _look(self) -> None:
        """Learn what the kernel says, where somebody else may have changed it."""
        if self._nft.look() == self._seen_at:
            return
        found = [item["map"] for item in listing("map", "inet", _NAME, "zones") if "map" in item]
        self._zones = {
            NetworkId(key["elem"]["comment"]): (str(key["elem"]["val"]), int(zone))
            for each in found
            for key, zone in each.get("elem", [])
        }
        # The map alone proves that the table is whole: it is made in one transaction.
        self._loaded = _table(self._zones) if found else None
        self._seen_at = self._nft.look()


def _table(zones: dict[NetworkId, tuple[str, int]]) -> Table:
    return Table(
        family="inet",
        name=_NAME,
        sets={"zones": "map typeof iifname : ct zone;"},
        elements={"zones": {f'"{b}"': f' comment "{network}" : {zone}' for network, (b, zone) in zones.items()}},
        chains={
            "into_zone": Chain(
                hook="type filter hook prerouting priority raw; policy accept;",
                rules=("ct zone set iifname map @zones",),
            )
        },
    )
