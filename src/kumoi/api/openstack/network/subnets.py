"""/v2.0/subnets."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kumoi.api.openstack.network.bodies import (
    Description,
    Id,
    Name,
    PoolIn,
    RouteIn,
    pools,
    rendered_routes,
    routes,
)
from kumoi.api.openstack.network.listing import Shown, Table, flag, number, text
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import subnets
from kumoi.app.networks.subnets import SUBNETS, SubnetChange, SubnetView, SubnetWish
from kumoi.core.addressing import block
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import NetworkId, SubnetId, SubnetPoolId
from kumoi.core.shares import reaches

ServiceTypes = Annotated[
    list[Annotated[str, Meta(pattern="^(network|compute|[a-z0-9_-]+):[^ ]+$", max_length=255)]], Meta(max_length=16)
]
Mode = Literal["slaac", "dhcpv6-stateful", "dhcpv6-stateless"]

DELEGATED: Final = "prefix_delegation"  # what Neutron calls a pool that gives prefixes by itself


class New(msgspec.Struct, forbid_unknown_fields=True):
    network_id: Id
    cidr: str | None = None
    ip_version: Literal[4, 6, "4", "6"] | None = None
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    gateway_ip: str | UnsetType | None = UNSET
    enable_dhcp: bool = True
    allocation_pools: list[PoolIn] | UnsetType | None = UNSET
    dns_nameservers: list[str] | None = None
    host_routes: list[RouteIn] | None = None
    prefixlen: int | str | None = None
    subnetpool_id: str | None = None
    use_default_subnetpool: bool = False
    ipv6_ra_mode: Mode | None = None
    ipv6_address_mode: Mode | None = None
    service_types: ServiceTypes = []


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    gateway_ip: str | UnsetType | None = UNSET
    enable_dhcp: bool | UnsetType = UNSET
    allocation_pools: list[PoolIn] | UnsetType = UNSET
    dns_nameservers: list[str] | UnsetType | None = UNSET
    host_routes: list[RouteIn] | UnsetType | None = UNSET
    service_types: ServiceTypes | UnsetType = UNSET
    cidr: str | UnsetType = UNSET


def _wish(new: New) -> SubnetWish:
    version = int(new.ip_version or (block(new.cidr).version if new.cidr else 4))
    if new.cidr and block(new.cidr).version != version:
        raise Invalid("network", field="cidr", reason="wrong_ip_version", value=new.cidr, wanted=version)
    return SubnetWish(
        network_id=NetworkId(new.network_id),
        cidr=new.cidr or None,
        pool_id=SubnetPoolId(new.subnetpool_id) if new.subnetpool_id not in {None, "", DELEGATED} else None,
        delegated=new.subnetpool_id == DELEGATED,
        default_pool=new.use_default_subnetpool,
        prefixlen=None if new.prefixlen is None else int(str(number(str(new.prefixlen)))),
        ip_version=version,
        ra_mode=new.ipv6_ra_mode or "",
        address_mode=new.ipv6_address_mode or "",
        name=new.name,
        project_id=owner_of(new),
        description=new.description,
        gateway="" if new.gateway_ip is UNSET else new.gateway_ip or None,
        dhcp=new.enable_dhcp,
        pools=pools(new.allocation_pools) if isinstance(new.allocation_pools, list) else None,
        dns_servers=tuple(new.dns_nameservers or ()),
        host_routes=routes(new.host_routes),
        service_types=tuple(new.service_types),
    )


def _create(house: House, call: Call, news: list[New]) -> list[SubnetView]:
    return subnets.create_subnets(house, call, tuple(_wish(n) for n in news))


def _update(house: House, call: Call, subnet_id: str, change: Change, generation: int | None) -> SubnetView:
    given = change.allocation_pools
    wanted = SubnetChange(
        cidr=change.cidr,
        name=change.name,
        description=change.description,
        gateway=UNSET if change.gateway_ip is UNSET else change.gateway_ip or None,
        dhcp=change.enable_dhcp,
        pools=UNSET if given is UNSET else pools(given),
        dns_servers=UNSET if change.dns_nameservers is UNSET else tuple(change.dns_nameservers or ()),
        host_routes=UNSET if change.host_routes is UNSET else routes(change.host_routes),
        service_types=UNSET if change.service_types is UNSET else tuple(change.service_types),
        if_generation=generation,
    )
    return subnets.update_subnet(house, call, SubnetId(subnet_id), wanted)


def _render(view: SubnetView, actor: Actor) -> Shown:
    one = view.subnet
    return {
        **standard(one, view.tags),
        "name": one.name,
        "network_id": one.network_id,
        "ip_version": one.ip_version,
        "cidr": one.cidr,
        "gateway_ip": one.gateway,
        "enable_dhcp": one.dhcp,
        "allocation_pools": [{"start": p.start, "end": p.end} for p in one.pools],
        "dns_nameservers": list(one.dns_servers),
        "host_routes": rendered_routes(one.host_routes),
        "ipv6_ra_mode": one.ra_mode or None,
        "ipv6_address_mode": one.address_mode or None,
        "subnetpool_id": one.pool_id,
        "service_types": list(one.service_types),
        "router:external": view.network.external,
        "shared": reaches(view.targets, actor.project_id),
    }


RESOURCE = Resource(
    singular="subnet",
    path="/v2.0/subnets",
    noun=SUBNETS,
    table=Table(
        plural="subnets",
        columns={
            **STANDARD_COLUMNS,
            "network_id": ("network_id", text),
            "ip_version": ("ip_version", number),
            "cidr": ("cidr", text),
            "enable_dhcp": ("dhcp", flag),
        },
        attributes=STANDARD
        | {
            "network_id",
            "ip_version",
            "cidr",
            "gateway_ip",
            "enable_dhcp",
            "allocation_pools",
            "dns_nameservers",
            "host_routes",
            "ipv6_ra_mode",
            "ipv6_address_mode",
            "subnetpool_id",
            "service_types",
            "router:external",
            "shared",
        },
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, subnet_id: subnets.delete_subnet(house, call, SubnetId(subnet_id)),
)
