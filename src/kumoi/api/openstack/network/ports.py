"""/v2.0/ports."""

from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Description, FixedIn, Hostname, Id, Name, policy_of
from kumoi.api.openstack.network.listing import Shown, Table, flag, text, text_or_none
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, or_none, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import nic_doors
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.nic_doors import NICS, NicChange, NicView
from kumoi.app.networks.nics import NicWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import GroupId, NetworkId, NicId, SubnetId
from kumoi.core.nics import AddressPair, Nic, NicUse

_COLONS = {"vnic_type": "binding:vnic_type", "host_id": "binding:host_id", "profile": "binding:profile"}
_OWNERS: dict[NicUse, str] = {
    "instance": "compute:nova",
    "vpc_interface": "network:router_interface",
    "vpc_gateway": "network:router_gateway",
    "public_address": "network:floatingip",
    "dhcp": "network:dhcp",
}


_PACKETS = "NET_PACKET_RATE_KILOPACKET_PER_SEC"
_RESOURCES = {
    "egress_kbps": "NET_BW_EGR_KILOBIT_PER_SEC",
    "ingress_kbps": "NET_BW_IGR_KILOBIT_PER_SEC",
    "kpps": _PACKETS,
}


class PairIn(msgspec.Struct, forbid_unknown_fields=True):
    ip_address: str
    mac_address: str = ""


class _Both(msgspec.Struct, forbid_unknown_fields=True, rename=_COLONS):
    """`profile` and `host_id`: where an instance's nic is, is the scheduler's affair; empty ones are accepted."""

    vnic_type: str | UnsetType = UNSET
    host_id: str | UnsetType | None = UNSET
    profile: dict[str, Any] | UnsetType | None = UNSET
    extra_dhcp_opts: list[Any] | UnsetType | None = UNSET
    qos_policy_id: Id | UnsetType | None = UNSET


class New(_Both, forbid_unknown_fields=True, kw_only=True):
    network_id: Id
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    admin_state_up: bool = True
    mac_address: str | None = None
    fixed_ips: list[FixedIn] | UnsetType | None = UNSET
    security_groups: list[str] | UnsetType | None = UNSET
    port_security_enabled: bool | None = None
    allowed_address_pairs: list[PairIn] | None = None
    device_id: Description = ""
    device_owner: Description = ""
    dns_name: Hostname = ""


class Change(_Both, forbid_unknown_fields=True, kw_only=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    mac_address: str | UnsetType | None = UNSET
    fixed_ips: list[FixedIn] | UnsetType | None = UNSET
    security_groups: list[str] | UnsetType | None = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    allowed_address_pairs: list[PairIn] | UnsetType | None = UNSET
    device_id: Description | UnsetType = UNSET
    device_owner: Description | UnsetType = UNSET
    dns_name: Hostname | UnsetType = UNSET


def _wish(new: New) -> NicWish:
    _check_binding(new)
    return NicWish(
        network_id=NetworkId(new.network_id),
        project_id=owner_of(new),
        name=new.name,
        description=new.description,
        mac=new.mac_address,
        fixed_ips=_fixed(new.fixed_ips) if isinstance(new.fixed_ips, list) else None,
        group_ids=_groups(new.security_groups) if isinstance(new.security_groups, list) else None,
        port_security=new.port_security_enabled,
        pairs=_pairs(new.allowed_address_pairs),
        qos_policy_id=or_none(policy_of(new)),
        admin_up=new.admin_state_up,
        device_id=new.device_id,
        device_owner=new.device_owner,
        dns_name=new.dns_name,
    )


def _create(house: House, call: Call, news: list[New]) -> list[NicView]:
    return nic_doors.create_nics(house, call, tuple(_wish(n) for n in news))


def _update(house: House, call: Call, nic_id: str, change: Change, generation: int | None) -> NicView:
    _check_binding(change)
    wanted = NicChange(
        name=change.name,
        description=change.description,
        admin_up=change.admin_state_up,
        mac=change.mac_address,
        fixed_ips=UNSET if change.fixed_ips is UNSET else _fixed(change.fixed_ips),
        group_ids=UNSET if change.security_groups is UNSET else _groups(change.security_groups),
        port_security=change.port_security_enabled,
        pairs=UNSET if change.allowed_address_pairs is UNSET else _pairs(change.allowed_address_pairs),
        qos_policy_id=policy_of(change),
        device_id=change.device_id,
        device_owner=change.device_owner,
        dns_name=change.dns_name,
        if_generation=generation,
    )
    return nic_doors.update_nic(house, call, NicId(nic_id), wanted)


def _check_binding(body: _Both) -> None:
    if body.vnic_type not in {UNSET, "normal"}:
        raise Unsupported("network", what=f"binding:vnic_type {body.vnic_type}")
    for field, value in (("binding:profile", body.profile), ("extra_dhcp_opts", body.extra_dhcp_opts)):
        if value:
            raise Unsupported("network", what=field)
    if body.host_id:
        raise Unsupported("network", what="binding:host_id")


def _fixed(given: list[FixedIn] | None) -> tuple[FixedWish, ...]:
    return tuple(
        FixedWish(subnet_id=SubnetId(f.subnet_id) if f.subnet_id else None, address=f.ip_address) for f in given or ()
    )


def _groups(given: list[str] | None) -> tuple[GroupId, ...]:
    return tuple(GroupId(g) for g in given or ())


def _pairs(given: list[PairIn] | None) -> tuple[AddressPair, ...]:
    return tuple(AddressPair(address=p.ip_address, mac=p.mac_address) for p in given or ())


def owner_text(nic: Nic) -> str:
    return _OWNERS.get(nic.use, nic.device_owner)


def _render(view: NicView, actor: Actor) -> Shown:
    one = view.nic
    shown: Shown = {
        **standard(one, view.tags),
        "name": one.name,
        "network_id": one.network_id,
        "status": view.status.upper(),
        "admin_state_up": one.admin_up,
        "mac_address": one.mac,
        "fixed_ips": [{"subnet_id": ip.subnet_id, "ip_address": ip.address} for ip in one.fixed_ips],
        "device_id": one.device_id,
        "device_owner": owner_text(one),
        "dns_name": one.dns_name,
        "security_groups": list(one.group_ids),
        "port_security_enabled": one.port_security,
        "allowed_address_pairs": [{"ip_address": p.address, "mac_address": p.mac} for p in one.pairs],
        "extra_dhcp_opts": [],
        "qos_policy_id": one.qos_policy_id,
        "qos_network_policy_id": view.network_policy_id,
        "binding:vnic_type": "normal",
    }
    if actor.is_admin:
        bound = bool(view.host_name)
        shown |= {
            "binding:host_id": view.host_name,
            "binding:vif_type": "bridge" if bound else "unbound",
            "binding:vif_details": {"port_filter": True} if bound else {},
            "binding:profile": {},
            "resource_request": _resource_request(view),
        }
    return shown


def _resource_request(view: NicView) -> Shown | None:
    """What the scheduler keeps for the port, in Placement's words."""
    wanted = {_RESOURCES[resource]: amount for resource, amount in view.promised.items()}
    rates = {k: v for k, v in wanted.items() if k == _PACKETS}
    groups = [{k: v for k, v in wanted.items() if k != _PACKETS}, rates]
    requests = [
        {"id": str(uuid5(UUID(view.nic.id), str(n))), "required": ["CUSTOM_VNIC_TYPE_NORMAL"], "resources": group}
        for n, group in enumerate(groups)
        if group
    ]
    return {"request_groups": requests, "same_subtree": [r["id"] for r in requests]} if requests else None


def _by_fixed(shown: Shown, wanted: list[str]) -> bool:
    """`subnet_id=…`, `ip_address=…`, `ip_address_substr=…`: values of one key mean or, different keys and."""
    asked: dict[str, list[str]] = {}
    for word in wanted:
        key, _, value = word.partition("=")
        if key not in {"subnet_id", "ip_address", "ip_address_substr"}:
            raise Invalid(field="fixed_ips", reason="format", value=word)
        asked.setdefault(key, []).append(value)
    return all(
        any(_is_fixed(ip, key, value) for ip in shown["fixed_ips"] for value in values) for key, values in asked.items()
    )


def _is_fixed(ip: dict[str, str], key: str, value: str) -> bool:
    return value in ip["ip_address"] if key == "ip_address_substr" else ip[key] == value


RESOURCE = Resource(
    singular="port",
    path="/v2.0/ports",
    noun=NICS,
    table=Table(
        plural="ports",
        columns={
            **STANDARD_COLUMNS,
            "network_id": ("network_id", text),
            "device_id": ("device_id", text),
            "mac_address": ("mac", lambda value: value.lower()),
            "admin_state_up": ("admin_up", flag),
            "port_security_enabled": ("port_security", flag),
            "qos_policy_id": ("qos_policy_id", text_or_none),
        },
        attributes=STANDARD
        | {
            "network_id",
            "status",
            "admin_state_up",
            "mac_address",
            "fixed_ips",
            "device_id",
            "device_owner",
            "dns_name",
            "security_groups",
            "port_security_enabled",
            "allowed_address_pairs",
            "extra_dhcp_opts",
            "qos_policy_id",
            "qos_network_policy_id",
            "binding:vnic_type",
            "binding:host_id",
            "binding:vif_type",
            "binding:vif_details",
            "binding:profile",
            "resource_request",
        },
        render=_render,
        special={"fixed_ips": _by_fixed},
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, nic_id: nic_doors.delete_nic(house, call, NicId(nic_id)),
)
