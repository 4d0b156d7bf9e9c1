"""VPCs (Neutron: routers) and public addresses (floating IPs, Elastic IPs)."""

import msgspec

from kumoi.core.ids import (
    HostId,
    NetworkId,
    NicId,
    ProjectId,
    PublicAddressId,
    QosPolicyId,
    ServiceFlavorId,
    SubnetId,
    VpcId,
)
from kumoi.core.networks import Route
from kumoi.core.nics import FixedIp
from kumoi.core.port_forwardings import Ports
from kumoi.core.qos import Shaping


class Vpc(msgspec.Struct, frozen=True, kw_only=True):
    """A router. Its legs are nics with `use` vpc_interface; its gateways nics with `use` vpc_gateway, the first one
    (`gateway_nic_id`) and `more_gateways`. `ecmp`: what leaves takes turns among them.

    `ha`: another host carries it when its own is lost; otherwise it waits for that one. `distributed`: it routes where
    the guests of its networks are. `flavor_id`: what it was chosen by, for ever.

    `ndp_proxy`: it answers outside for IPv6 addresses that are published.

    `cidr` is EC2's address block, empty for a router made by Neutron. `host_id` is where it runs (writer: doors for the
    first binding, control afterwards).
    """

    id: VpcId
    project_id: ProjectId
    name: str
    description: str = ""
    admin_up: bool = True
    external_network_id: NetworkId | None = None
    gateway_nic_id: NicId | None = None
    more_gateways: tuple[NicId, ...] = ()
    ecmp: bool = False
    ndp_proxy: bool = False
    snat: bool = True
    ha: bool = True
    distributed: bool = False
    flavor_id: ServiceFlavorId | None = None
    routes: tuple[Route, ...] = ()
    cidr: str = ""
    host_id: HostId | None = None
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None

    @property
    def gateway_ids(self) -> tuple[NicId, ...]:
        """The first one first."""
        return () if self.gateway_nic_id is None else (self.gateway_nic_id, *self.more_gateways)


class PublicAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address of an external network held by a project, and the nic it leads to, if any.

    `made_for`: the nic with whose instance it was made. It leads there whenever no other address does, is set aside for
    one that comes, and goes with the nic. Once its project leads it elsewhere it is an address like any other.
    """

    id: PublicAddressId
    project_id: ProjectId
    network_id: NetworkId
    subnet_id: SubnetId
    address: str
    own_nic_id: NicId
    nic_id: NicId | None = None
    fixed_address: str | None = None
    vpc_id: VpcId | None = None
    made_for: NicId | None = None
    qos_policy_id: QosPolicyId | None = None
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A router's leg as a plan entry tells it: which nic, on which network, with which addresses (with prefix)."""

    nic_id: NicId
    network_id: NetworkId
    vni: int
    mac: str
    addresses: tuple[str, ...]
    mtu: int
    fixed_ips: tuple[FixedIp, ...] = ()


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """A router's way out beside its first one: the leg, the next hops there, and the public addresses that come in
    there."""

    leg: Leg
    via: str | None = None
    via6: str | None = None
    carries: tuple[str, ...] = ()


class Floating(msgspec.Struct, frozen=True, kw_only=True):
    """A public address (no prefix) led to a fixed address behind the router."""

    public: str
    fixed: str
    shaping: Shaping | None = None


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """Ports of a public address (no prefix) led, in order, to ports of a fixed address behind the router."""

    public: str
    protocol: str
    outer: Ports
    fixed: str
    inner: Ports
