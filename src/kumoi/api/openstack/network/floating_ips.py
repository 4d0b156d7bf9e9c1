"""/v2.0/floatingips."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network import port_forwardings
from kumoi.api.openstack.network.bodies import Description, Id, policy_of
from kumoi.api.openstack.network.listing import Shown, Table, text
from kumoi.api.openstack.network.ports import owner_text
from kumoi.api.openstack.network.resources import (
    STANDARD,
    STANDARD_COLUMNS,
    Resource,
    or_none,
    owner_of,
    standard,
)
from kumoi.app.house import House
from kumoi.app.networks import public_addresses
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicChange, PublicView, PublicWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.given import given
from kumoi.core.ids import NetworkId, NicId, PublicAddressId, SubnetId, VpcId
from kumoi.core.nics import Nic, NicStatus


class New(msgspec.Struct, forbid_unknown_fields=True):
    floating_network_id: Id
    project_id: str = ""
    tenant_id: str = ""
    floating_ip_address: str | None = None
    subnet_id: Id | None = None
    port_id: Id | None = None
    fixed_ip_address: str | None = None
    router_id: Id | None = None
    qos_policy_id: Id | UnsetType | None = UNSET
    description: Description = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    port_id: Id | UnsetType | None = UNSET
    fixed_ip_address: str | UnsetType | None = UNSET
    router_id: Id | UnsetType | None = UNSET
    qos_policy_id: Id | UnsetType | None = UNSET
    description: Description | UnsetType = UNSET


def _create(house: House, call: Call, news: list[New]) -> list[PublicView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of floating IPs")
    new = news[0]
    wish = PublicWish(
        network_id=NetworkId(new.floating_network_id),
        project_id=owner_of(new),
        address=new.floating_ip_address,
        subnet_id=SubnetId(new.subnet_id) if new.subnet_id else None,
        nic_id=NicId(new.port_id) if new.port_id else None,
        fixed_address=new.fixed_ip_address,
        vpc_id=VpcId(new.router_id) if new.router_id else None,
        qos_policy_id=or_none(policy_of(new)),
        description=new.description,
    )
    return [public_addresses.create_public_address(house, call, wish)]


def _update(house: House, call: Call, public_id: str, change: Change, generation: int | None) -> PublicView:
    # An empty change has always meant: lead nowhere.
    nic_id: NicId | UnsetType | None = UNSET if given(change) else None
    if change.port_id is not UNSET:
        nic_id = NicId(change.port_id) if change.port_id else None
    wanted = PublicChange(
        nic_id=nic_id,
        fixed_address=or_none(change.fixed_ip_address),
        vpc_id=VpcId(change.router_id) if change.router_id else None,
        qos_policy_id=policy_of(change),
        description=change.description,
        if_generation=generation,
    )
    return public_addresses.update_public_address(house, call, PublicAddressId(public_id), wanted)


def _render(view: PublicView, _actor: Actor) -> Shown:
    one = view.public
    return {
        **standard(one, view.tags),
        "floating_network_id": one.network_id,
        "floating_ip_address": one.address,
        "port_id": one.nic_id,
        "fixed_ip_address": one.fixed_address,
        "router_id": one.vpc_id,
        "qos_policy_id": one.qos_policy_id,
        "qos_network_policy_id": view.network_policy_id,
        "status": "ACTIVE" if view.carried else "DOWN",
        "port_forwardings": [port_forwardings.brief(f) for f in view.forwardings],
        "port_details": _port_details(view.nic, view.nic_status) if view.nic is not None else None,
    }


def _port_details(nic: Nic, status: NicStatus) -> Shown:
    return {
        "name": nic.name,
        "network_id": nic.network_id,
        "mac_address": nic.mac,
        "status": status.upper(),
        "admin_state_up": nic.admin_up,
        "device_id": nic.device_id,
        "device_owner": owner_text(nic),
    }


RESOURCE = Resource(
    singular="floatingip",
    path="/v2.0/floatingips",
    noun=PUBLIC_ADDRESSES,
    table=Table(
        plural="floatingips",
        columns={
            **{k: v for k, v in STANDARD_COLUMNS.items() if k != "name"},
            "floating_network_id": ("network_id", text),
            "floating_ip_address": ("address", text),
        },
        attributes=(STANDARD - {"name"})
        | {
            "floating_network_id",
            "floating_ip_address",
            "port_id",
            "fixed_ip_address",
            "router_id",
            "qos_policy_id",
            "qos_network_policy_id",
            "status",
            "port_details",
            "port_forwardings",
        },
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, row_id: public_addresses.delete_public_address(house, call, PublicAddressId(row_id)),
)
