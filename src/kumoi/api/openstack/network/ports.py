"""/v2.0/ports."""

import re
from typing import Any, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Description, Domain, FixedIn, Hostname, Id, Name, policy_of
from kumoi.api.openstack.network.listing import Shown, Table, flag, text, text_or_none
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, or_none, owner_of, standard
from kumoi.api.openstack.network.trunks import rendered_subports
from kumoi.app.house import House
from kumoi.app.networks import nic_doors
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.nic_doors import NICS, NicChange, NicView
from kumoi.app.networks.nics import NicWish
from kumoi.core.call import Actor, Call
from kumoi.core.dhcp_options import DhcpOption, IpVersion, version_of
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import GroupId, NetworkId, NicId, SubnetId
from kumoi.core.networks import DEFAULT_DOMAIN
from kumoi.core.nics import AddressPair, Nic, holder_of, made_hostname

_COLONS = {"vnic_type": "binding:vnic_type", "host_id": "binding:host_id", "profile": "binding:profile"}
PvlanType = Literal["promiscuous", "isolated", "community"]
DISTRIBUTED = "network:router_interface_distributed"
_PACKETS = "NET_PACKET_RATE_KILOPACKET_PER_SEC"
_RESOURCES = {
    "egress_kbps": "NET_BW_EGR_KILOBIT_PER_SEC",
    "ingress_kbps": "NET_BW_IGR_KILOBIT_PER_SEC",
    "kpps": _PACKETS,
}


class PairIn(msgspec.Struct, forbid_unknown_fields=True):
    ip_address: str
    mac_address: str = ""


class OptionIn(msgspec.Struct, forbid_unknown_fields=True):
    """`opt_value` null takes the option away."""

    opt_name: str
    opt_value: str | None
    ip_version: Literal[4, 6, "4", "6"] | None = None


class _Both(msgspec.Struct, forbid_unknown_fields=True, rename=_COLONS):
    """`host_id`: of an unused port whatever is said; where an instance's is, is the scheduler's affair."""

    vnic_type: str | UnsetType = UNSET
    host_id: str | UnsetType | None = UNSET
    profile: dict[str, Any] | UnsetType | None = UNSET
    extra_dhcp_opts: list[OptionIn] | UnsetType | None = UNSET
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
    dns_domain: Domain = ""
    pvlan_type: PvlanType | None = None
    pvlan_community: str | None = None


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
    dns_domain: Domain | UnsetType = UNSET
    pvlan_type: PvlanType | UnsetType | None = UNSET
    pvlan_community: str | UnsetType | None = UNSET


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
        dns_domain=new.dns_domain,
        dhcp_options=_options(new.extra_dhcp_opts)[0],
        bound_to=or_none(new.host_id) or "",
        pvlan=new.pvlan_type or "",
        community=new.pvlan_community or "",
    )


def _create(house: House, call: Call, news: list[New]) -> list[NicView]:
    return nic_doors.create_nics(house, call, tuple(_wish(n) for n in news))


def _update(house: House, call: Call, nic_id: str, change: Change, generation: int | None) -> NicView:
    _check_binding(change)
    options, gone = _options(change.extra_dhcp_opts)
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
        dns_domain=change.dns_domain,
        dhcp_options=options,
        dhcp_options_gone=gone,
        bound_to=UNSET if change.host_id is UNSET else change.host_id or "",
        pvlan=UNSET if change.pvlan_type is UNSET else change.pvlan_type or "",
        community=UNSET if change.pvlan_community is UNSET else change.pvlan_community or "",
        if_generation=generation,
    )
    return nic_doors.update_nic(house, call, NicId(nic_id), wanted)


def _check_binding(body: _Both) -> None:
    if body.vnic_type not in {UNSET, "normal"}:
        raise Unsupported("network", what=f"binding:vnic_type {body.vnic_type}")
    if body.profile:
        raise Unsupported("network", what="binding:profile")


def _options(
    given: list[OptionIn] | UnsetType | None,
) -> tuple[tuple[DhcpOption, ...], tuple[tuple[str, IpVersion], ...]]:
    """Those to have, and those to take away."""
    wanted: list[DhcpOption] = []
    gone: list[tuple[str, IpVersion]] = []
    for one in given if isinstance(given, list) else ():
        version: IpVersion = 6 if str(one.ip_version or version_of(one.opt_value or "")) == "6" else 4
        if one.opt_value is None:
            gone.append((one.opt_name, version))
        else:
            wanted.append(DhcpOption(name=one.opt_name, value=one.opt_value, ip_version=version))
    return tuple(wanted), tuple(gone)


def _fixed(given: list[FixedIn] | None) -> tuple[FixedWish, ...]:
    return tuple(
        FixedWish(subnet_id=SubnetId(f.subnet_id) if f.subnet_id else None, address=f.ip_address) for f in given or ()
    )


def _groups(given: list[str] | None) -> tuple[GroupId, ...]:
    return tuple(GroupId(g) for g in given or ())


def _pairs(given: list[PairIn] | None) -> tuple[AddressPair, ...]:
    return tuple(AddressPair(address=p.ip_address, mac=p.mac_address) for p in given or ())


def owner_text(nic: Nic) -> str:
    return holder_of(nic.use, nic.device_owner)


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
        "device_owner": DISTRIBUTED if view.distributed else owner_text(one),
        "dns_name": one.dns_name,
        "dns_domain": one.dns_domain,
        "dns_assignment": _assignment(view),
        "security_groups": list(one.group_ids),
        "port_security_enabled": one.port_security,
        "allowed_address_pairs": [{"ip_address": p.address, "mac_address": p.mac} for p in one.pairs],
        "extra_dhcp_opts": [
            {"opt_name": o.name, "opt_value": o.value, "ip_version": o.ip_version} for o in one.dhcp_options
        ],
        "qos_policy_id": one.qos_policy_id,
        "qos_network_policy_id": view.network_policy_id,
        "binding:vnic_type": "normal",
    }
    if view.private:
        shown |= {"pvlan_type": one.pvlan, "pvlan_community": one.community or None}
    if view.trunk is not None:
        shown["trunk_details"] = {"trunk_id": view.trunk.id, "sub_ports": rendered_subports(view.trunk.subports)}
    if actor.is_admin:
        bound = bool(view.host_name and one.use)
        shown |= {
            "binding:host_id": view.host_name,
            "binding:vif_type": "bridge" if bound else "unbound",
            "binding:vif_details": {"port_filter": True} if bound else {},
            "binding:profile": {},
            "resource_request": _resource_request(view),
        }
    return shown


def _assignment(view: NicView) -> list[Shown]:
    """The names that the network's DNS knows the port's addresses by."""
    one, found = view.nic, []
    domain = (one.dns_domain or view.network_domain).strip(".") or DEFAULT_DOMAIN
    for ip in one.fixed_ips:
        name = one.dns_name.lower() or made_hostname(ip.address)
        found.append({"ip_address": ip.address, "hostname": name, "fqdn": f"{name}.{domain}."})
    return found


def _resource_request(view: NicView) -> Shown | None:
    """What the scheduler keeps for the port, in Placement's words."""
    wanted = {_RESOURCES[resource]: amount for resource, amount in view.promised.items()}
    rates = {k: v for k, v in wanted.items() if k == _PACKETS}
    groups = [({k: v for k, v in wanted.items() if k != _PACKETS}, _physical_traits(view)), (rates, [])]
    requests = [
        {
            "id": str(uuid5(UUID(view.nic.id), str(n))),
            "required": [*traits, "CUSTOM_VNIC_TYPE_NORMAL"],
            "resources": group,
        }
        for n, (group, traits) in enumerate(groups)
        if group
    ]
    return {"request_groups": requests, "same_subtree": [r["id"] for r in requests]} if requests else None


def _physical_traits(view: NicView) -> list[str]:
    """Bandwidth is that of the network outside, where there is one."""
    return [f"CUSTOM_PHYSNET_{re.sub('[^A-Z0-9]', '_', view.physical.upper())}"] if view.physical else []


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
            "dns_domain",
            "dns_assignment",
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
            "trunk_details",
            "pvlan_type",
            "pvlan_community",
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
