"""Networks and subnets: one layer-2 segment and the addresses on it."""

import re
from typing import Final, Literal

import msgspec

from kumoi.core.errors import Invalid
from kumoi.core.ids import NetworkId, ProjectId, QosPolicyId, SubnetId, SubnetPoolId

LEAST_MTU = {4: 68, 6: 1280}  # by IP version (RFC 791, RFC 8200)
UNDERLAY_MTU = 1500
TUNNEL_BYTES = 50  # that a tunnel adds to every frame: Ethernet, IPv4, UDP, VXLAN


MOST_VLAN: Final = 4094
UNTAGGED: Final = 0  # the VLAN of frames without one
_PHYSICAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,11}")  # a part of a device's name

DEFAULT_DOMAIN = "internal"  # of networks that have none of their own

Ipv6Mode = Literal["", "slaac", "dhcpv6-stateful", "dhcpv6-stateless"]
SELF_ADDRESSED: frozenset[Ipv6Mode] = frozenset({"slaac", "dhcpv6-stateless"})


class Pool(msgspec.Struct, frozen=True):
    """First and last address, both included."""

    start: str
    end: str


class Route(msgspec.Struct, frozen=True):
    destination: str
    nexthop: str


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """`vni` is claimed, unique in the cloud (1–2^24-1); bridges and devices are named from it. MTU in bytes.

    `external`: some project may lead out by it (a share). `is_default`: the one that is meant where none is named.
    `physical`: the network outside of the cloud that it is a part of, as frames of this `vlan`; none: it is the cloud's
    own, and carried between hosts in tunnels. `pvlan`: its nics have roles (`core.pvlan`).
    """

    id: NetworkId
    project_id: ProjectId
    name: str
    vni: int
    description: str = ""
    admin_up: bool = True
    external: bool = False
    is_default: bool = False
    port_security: bool = True
    qos_policy_id: QosPolicyId | None = None
    mtu: int = UNDERLAY_MTU - TUNNEL_BYTES
    physical: str = ""
    vlan: int = UNTAGGED
    pvlan: bool = False
    dns_domain: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """An address block on a network. `gateway` None: no router is offered to guests.

    `service_types`: for nics of these holders (`nics.holder_of`); none: for those that have no subnet of their own.
    `public_on_launch`: EC2's instances get a public address with a nic on it.
    """

    id: SubnetId
    network_id: NetworkId
    project_id: ProjectId
    name: str
    cidr: str
    gateway: str | None
    ip_version: int = 4
    ra_mode: Ipv6Mode = ""
    address_mode: Ipv6Mode = ""
    pool_id: SubnetPoolId | None = None
    dhcp: bool = True
    pools: tuple[Pool, ...] = ()
    dns_servers: tuple[str, ...] = ()
    host_routes: tuple[Route, ...] = ()
    service_types: tuple[str, ...] = ()
    public_on_launch: bool = False
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


def served(subnet: Subnet) -> bool:
    """Whether the network's service has an address on it; without modes an IPv6 address is the guest's to configure,
    and its services are link-local."""
    return subnet.dhcp and (subnet.ip_version == 4 or bool(subnet.ra_mode or subnet.address_mode))


def self_addressed(subnet: Subnet) -> bool:
    """Whether guests make their own addresses out of the subnet's prefix and their MAC (SLAAC)."""
    return subnet.ra_mode in SELF_ADDRESSED or subnet.address_mode in SELF_ADDRESSED


def check_physical(physical: str, vlan: int | None) -> None:
    """Raises Invalid for a name that can be no physical network's, and for a VLAN that there is not."""
    if _PHYSICAL.fullmatch(physical) is None:
        raise Invalid("network", field="physical", reason="pattern", value=physical)
    if vlan is not None and not UNTAGGED <= vlan <= MOST_VLAN:
        raise Invalid("network", field="vlan", reason="range", bound=f"from 1 to {MOST_VLAN}", value=vlan)
