"""What of networks stands on a host at a moment, as it tells it when somebody asks: devices, addresses, routes, rules.

Raw facts in the kernel's own words; what they mean for a packet is `planning.explain`. Wire: JSON by msgspec.
"""

from typing import Any

import msgspec

from kumoi.core.ids import InstanceId, NetworkId, NicId, VpcId
from kumoi.core.instances import SeenPower


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Of which things a picture is wanted: a whole host would be a big one."""

    networks: tuple[NetworkId, ...] = ()
    vpcs: tuple[VpcId, ...] = ()
    nics: tuple[NicId, ...] = ()


class SeenDevice(msgspec.Struct, frozen=True, kw_only=True):
    """`master`: the bridge that it is in. `addresses` with their prefixes, link-local ones of IPv6 left out.

    `filtered`: a bridge that shows its packets to the filter.
    """

    name: str
    kind: str
    up: bool
    master: str = ""
    mac: str = ""
    mtu: int = 0
    addresses: tuple[str, ...] = ()
    filtered: bool = False


class SeenRoute(msgspec.Struct, frozen=True, kw_only=True):
    """By a next hop (`via`), or by a device alone."""

    destination: str
    via: str = ""
    device: str = ""


class SeenRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A network namespace; the host's own has no name. `forwards`: the IP versions that it forwards.

    `rules`: nft's own JSON (tables, chains, rules, sets); None where the driver has no such thing.
    """

    name: str
    devices: tuple[SeenDevice, ...]
    routes: tuple[SeenRoute, ...] = ()
    forwards: tuple[int, ...] = ()
    rules: tuple[dict[str, Any], ...] | None = None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """`bridges`, `taps`, `legs`, `rooms_of` name what stands for a thing: by network, by nic, by a router's nic (the
    same at both ends of its wire), by router; `services` the port of DHCP, DNS and metadata; `feet` both ends of the
    cloud's own wire into an external network, the second one the bridge's; `physical` the port that leads
    outside. `powers`: of the nics' instances."""

    rooms: tuple[SeenRoom, ...]
    bridges: dict[NetworkId, str]
    taps: dict[NicId, str]
    legs: dict[NicId, str]
    rooms_of: dict[VpcId, str]
    feet: dict[NetworkId, tuple[str, str]] = {}
    services: dict[NetworkId, str] = {}
    physical: dict[NetworkId, str] = {}
    powers: dict[InstanceId, SeenPower] = {}

    def room(self, name: str) -> SeenRoom | None:
        return next((room for room in self.rooms if room.name == name), None)
