"""/v2.0/networks."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network import provider
from kumoi.api.openstack.network.bodies import Description, Domain, Id, Name, policy_of
from kumoi.api.openstack.network.listing import Shown, Table, flag, number, text, text_or_none
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import networks
from kumoi.app.networks.networks import NETWORKS, NetworkChange, NetworkView, NetworkWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import NetworkId
from kumoi.core.shares import reaches

_COLONS = {
    "external": "router:external",
    "network_type": "provider:network_type",
    "physical_network": "provider:physical_network",
    "segmentation_id": "provider:segmentation_id",
}


class New(msgspec.Struct, forbid_unknown_fields=True, rename=_COLONS):
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    admin_state_up: bool = True
    shared: bool = False
    external: bool = False
    is_default: bool | None = None
    port_security_enabled: bool = True
    mtu: int | None = None
    dns_domain: Domain = ""
    qos_policy_id: Id | UnsetType | None = UNSET
    pvlan: bool = False
    network_type: str | None = None
    physical_network: str | None = None
    segmentation_id: int | str | None = None
    availability_zone_hints: list[str] = []


class Change(msgspec.Struct, forbid_unknown_fields=True, rename=_COLONS):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    external: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    mtu: int | UnsetType = UNSET
    dns_domain: Domain | UnsetType = UNSET
    qos_policy_id: Id | UnsetType | None = UNSET


def _wish(new: New) -> NetworkWish:
    numbered = provider.read(new.network_type, new.physical_network, new.segmentation_id)
    if new.availability_zone_hints not in ([], ["nova"]):
        raise Invalid("network", field="availability_zone_hints", reason="not_in_enum", value="nova")
    return NetworkWish(
        name=new.name,
        project_id=owner_of(new),
        description=new.description,
        admin_up=new.admin_state_up,
        external=new.external,
        is_default=bool(new.is_default),
        shared=new.shared,
        port_security=new.port_security_enabled,
        mtu=new.mtu or None,
        dns_domain=new.dns_domain,
        qos_policy_id=policy_of(new),
        vni=numbered.vni,
        physical=numbered.physical,
        vlan=numbered.vlan,
        pvlan=new.pvlan,
    )


def _create(house: House, call: Call, news: list[New]) -> list[NetworkView]:
    return networks.create_networks(house, call, tuple(_wish(n) for n in news))


def _update(house: House, call: Call, network_id: str, change: Change, generation: int | None) -> NetworkView:
    wanted = NetworkChange(
        name=change.name,
        description=change.description,
        admin_up=change.admin_state_up,
        external=change.external,
        is_default=change.is_default,
        shared=change.shared,
        port_security=change.port_security_enabled,
        mtu=change.mtu,
        dns_domain=change.dns_domain,
        qos_policy_id=policy_of(change),
        if_generation=generation,
    )
    return networks.update_network(house, call, NetworkId(network_id), wanted)


def render(view: NetworkView, actor: Actor) -> Shown:
    one = view.network
    shown: dict[str, Any] = {
        **standard(one, view.tags),
        "name": one.name,
        "status": "ACTIVE",
        "admin_state_up": one.admin_up,
        "shared": reaches(view.targets, actor.project_id),
        "router:external": one.external,
        "port_security_enabled": one.port_security,
        "mtu": one.mtu,
        "pvlan": one.pvlan,
        "dns_domain": one.dns_domain,
        "qos_policy_id": one.qos_policy_id,
        "subnets": list(view.subnet_ids),
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "ipv4_address_scope": view.scopes.get(4),
        "ipv6_address_scope": view.scopes.get(6),
    }
    if one.external:
        shown["is_default"] = one.is_default
    if actor.is_admin:
        shown |= provider.shown(one.physical, one.vlan, one.vni)
    return shown


RESOURCE = Resource(
    singular="network",
    path="/v2.0/networks",
    noun=NETWORKS,
    table=Table(
        plural="networks",
        columns={
            **STANDARD_COLUMNS,
            "admin_state_up": ("admin_up", flag),
            "router:external": ("external", flag),
            "port_security_enabled": ("port_security", flag),
            "is_default": ("is_default", flag),
            "qos_policy_id": ("qos_policy_id", text_or_none),
            "mtu": ("mtu", number),
            "provider:physical_network": ("physical", text),
        },
        attributes=STANDARD
        | {
            "status",
            "admin_state_up",
            "shared",
            "router:external",
            "port_security_enabled",
            "mtu",
            "pvlan",
            "dns_domain",
            "qos_policy_id",
            "subnets",
            "availability_zone_hints",
            "availability_zones",
            "ipv4_address_scope",
            "ipv6_address_scope",
            "is_default",
            "provider:network_type",
            "provider:physical_network",
            "provider:segmentation_id",
        },
        render=render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, network_id: networks.delete_network(house, call, NetworkId(network_id)),
)
