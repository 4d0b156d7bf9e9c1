"""Nics: a place on a network with a MAC and addresses (Neutron: port; EC2: network interface)."""

from typing import Literal

import msgspec

from kumoi.core.dhcp_options import DhcpOption
from kumoi.core.ids import (
    GroupId,
    HostId,
    InstanceId,
    NetworkId,
    NicId,
    ProjectId,
    QosPolicyId,
    SubnetId,
    VpcId,
)
from kumoi.core.instances import Observation
from kumoi.core.pvlan import Role

NicStatus = Literal["active", "down"]
MOST_OF_INSTANCE = 15  # nics of one instance, by slot
NicUse = Literal["", "instance", "vpc_interface", "vpc_gateway", "public_address", "dhcp", "subport"]


class FixedIp(msgspec.Struct, frozen=True):
    subnet_id: SubnetId
    address: str


class AddressPair(msgspec.Struct, frozen=True):
    address: str
    mac: str


class Nic(msgspec.Struct, frozen=True, kw_only=True):
    """`mark` (claimed, 1–2^31-1) is the packet mark by which filters know the nic on every host.

    `use` says what holds it; `device_id` and `device_owner` are the free texts a Neutron client may set on an
    unused nic.
    `qos_policy_id` None: its network's.
    `dns_name`: what the network's DNS calls it, empty: as its instance is called. `dns_domain` empty: its network's.
    `bound_to`: the machine that something outside of the cloud says it plugged the unused nic into.
    `made_with_instance`: the instance's own, deleted with it. `slot`: the order of an instance's nics, from 0.
    `pvlan`, `community`: its role on a private network (`core.pvlan`).
    `tag`: by which its instance knows it, for as long as it has it.
    `stands_for`: a deleted row that only holds what `host_id` may still have of that nic (its `fixed_ips`; none: all).
    """

    id: NicId
    project_id: ProjectId
    network_id: NetworkId
    mac: str
    mark: int
    name: str = ""
    description: str = ""
    admin_up: bool = True
    fixed_ips: tuple[FixedIp, ...] = ()
    group_ids: tuple[GroupId, ...] = ()
    port_security: bool = True
    pairs: tuple[AddressPair, ...] = ()
    qos_policy_id: QosPolicyId | None = None
    use: NicUse = ""
    instance_id: InstanceId | None = None
    vpc_id: VpcId | None = None
    device_id: str = ""
    device_owner: str = ""
    dns_name: str = ""
    dns_domain: str = ""
    dhcp_options: tuple[DhcpOption, ...] = ()
    bound_to: str = ""
    pvlan: Role = ""
    community: str = ""
    host_id: HostId | None = None
    made_with_instance: bool = False
    slot: int = 0
    tag: str = ""
    stands_for: NicId | None = None
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


_HOLDERS: dict[NicUse, str] = {
    "instance": "compute:nova",
    "vpc_interface": "network:router_interface",
    "vpc_gateway": "network:router_gateway",
    "public_address": "network:floatingip",
    "dhcp": "network:dhcp",
    "subport": "trunk:subport",
}


def holder_of(use: NicUse, device_owner: str) -> str:
    """What clients, and the service types of subnets, call that which has the nic."""
    return _HOLDERS.get(use, device_owner)


def made_hostname(address: str) -> str:
    """What DNS calls an address that has no name of its own."""
    return "host-" + address.replace(".", "-").replace(":", "-")


def tap_name(nic: NicId) -> str:
    """The tap's device name, Neutron's: `tap` and the first 11 characters of the id."""
    return f"tap{nic[:11]}"


def status_of(nic: Nic, seen: Observation | None) -> NicStatus:
    """Whether it carries packets: an instance's nic while the instance runs, a part of the cloud while it has a host.

    `seen`: what was last heard of its instance. A service answers on every host that has instances of its network.
    """
    if not nic.admin_up or not nic.use:
        return "down"
    if nic.use == "instance":
        return "active" if seen is not None and seen.power in {"running", "paused"} else "down"
    return "active" if nic.host_id is not None or nic.use == "dhcp" else "down"
