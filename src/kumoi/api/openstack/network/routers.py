"""/v2.0/routers and what adds and removes their interfaces and routes."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import conntrack_helpers
from kumoi.api.openstack.network.bodies import (
    Description,
    FixedIn,
    Id,
    Name,
    RouteIn,
    policy_of,
    rendered_routes,
    routes,
)
from kumoi.api.openstack.network.listing import Shown, Table, flag
from kumoi.api.openstack.network.resources import (
    SERVICE,
    STANDARD,
    STANDARD_COLUMNS,
    Resource,
    one_of,
    owner_of,
    standard,
)
from kumoi.app.house import House
from kumoi.app.networks import vpc_legs, vpcs
from kumoi.app.networks.addresses import FixedWish
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.vpc_legs import LegView, LegWish
from kumoi.app.networks.vpcs import VPCS, VpcChange, VpcView, VpcWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.ids import NetworkId, NicId, ServiceFlavorId, SubnetId, VpcId
from kumoi.core.networks import Route as StaticRoute


class GatewayIn(msgspec.Struct, forbid_unknown_fields=True):
    network_id: Id | None = None
    enable_snat: bool | None = None
    external_fixed_ips: list[FixedIn] | None = None
    qos_policy_id: Id | UnsetType | None = UNSET


class New(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    admin_state_up: bool = True
    external_gateway_info: GatewayIn | None = None
    availability_zone_hints: list[str] = []
    distributed: bool | None = None
    ha: bool | None = None
    flavor_id: Id | None = None
    enable_default_route_ecmp: bool | None = None
    enable_ndp_proxy: bool | None = None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    external_gateway_info: GatewayIn | UnsetType | None = UNSET
    routes: list[RouteIn] | UnsetType | None = UNSET
    distributed: bool | None = None
    ha: bool | None = None
    enable_default_route_ecmp: bool | None = None
    enable_ndp_proxy: bool | None = None


class InterfaceIn(msgspec.Struct, forbid_unknown_fields=True):
    subnet_id: Id | None = None
    port_id: Id | None = None


class GatewaysIn(msgspec.Struct, forbid_unknown_fields=True):
    external_gateways: list[GatewayIn]


class RoutesIn(msgspec.Struct, forbid_unknown_fields=True):
    routes: list[RouteIn]


def _gateway(given: GatewayIn | None) -> GatewayWish | None:
    """`{}` and null are none; `external_fixed_ips` empty means any."""
    if given is None or given.network_id is None:
        if given is not None and (given.enable_snat is not None or given.external_fixed_ips):
            raise Invalid("network", field="external_gateway_info", reason="missing", name="network_id")
        return None
    fixed = [
        FixedWish(subnet_id=SubnetId(f.subnet_id) if f.subnet_id else None, address=f.ip_address)
        for f in given.external_fixed_ips or ()
    ]
    return GatewayWish(
        network_id=NetworkId(given.network_id),
        snat=given.enable_snat,
        fixed_ips=tuple(fixed) or None,
        qos_policy_id=policy_of(given),
    )


def _create(house: House, call: Call, news: list[New]) -> list[VpcView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of routers")
    new = news[0]
    if new.availability_zone_hints not in ([], ["nova"]):
        raise Invalid("network", field="availability_zone_hints", reason="not_in_enum", value="nova")
    wish = VpcWish(
        name=new.name,
        project_id=owner_of(new),
        description=new.description,
        admin_up=new.admin_state_up,
        ha=new.ha,
        distributed=new.distributed,
        flavor_id=ServiceFlavorId(new.flavor_id) if new.flavor_id else None,
        ecmp=bool(new.enable_default_route_ecmp),
        ndp_proxy=bool(new.enable_ndp_proxy),
        gateway=_gateway(new.external_gateway_info),
    )
    return [vpcs.create_vpc(house, call, wish)]


def _update(house: House, call: Call, vpc_id: str, change: Change, generation: int | None) -> VpcView:
    gateway = change.external_gateway_info
    wanted = VpcChange(
        name=change.name,
        description=change.description,
        admin_up=change.admin_state_up,
        ha=UNSET if change.ha is None else change.ha,
        distributed=UNSET if change.distributed is None else change.distributed,
        ecmp=UNSET if change.enable_default_route_ecmp is None else change.enable_default_route_ecmp,
        ndp_proxy=UNSET if change.enable_ndp_proxy is None else change.enable_ndp_proxy,
        gateway=UNSET if gateway is UNSET else _gateway(gateway),
        routes=UNSET if change.routes is UNSET else routes(change.routes),
        if_generation=generation,
    )
    return vpcs.update_vpc(house, call, VpcId(vpc_id), wanted)


def render(view: VpcView, actor: Actor) -> Shown:
    one = view.vpc
    gateways = [
        {
            "network_id": nic.network_id,
            "enable_snat": one.snat,
            "external_fixed_ips": [{"subnet_id": ip.subnet_id, "ip_address": ip.address} for ip in nic.fixed_ips],
            "qos_policy_id": nic.qos_policy_id,
        }
        for nic in view.gateways
    ]
    shown = {
        **standard(one, view.tags),
        "name": one.name,
        "status": "ACTIVE",
        "admin_state_up": one.admin_up,
        "external_gateway_info": gateways[0] if gateways else None,
        "external_gateways": gateways,
        "enable_default_route_ecmp": one.ecmp,
        "enable_ndp_proxy": one.ndp_proxy,
        "conntrack_helpers": [conntrack_helpers.brief(helper) for helper in view.helpers],
        "routes": rendered_routes(one.routes),
        "availability_zone_hints": [],
        "availability_zones": ["nova"] if one.host_id is not None else [],
        "flavor_id": one.flavor_id,
    }
    if actor.is_admin:
        shown |= {"distributed": one.distributed, "ha": one.ha}
    return shown


RESOURCE = Resource(
    singular="router",
    path="/v2.0/routers",
    noun=VPCS,
    table=Table(
        plural="routers",
        columns={**STANDARD_COLUMNS, "admin_state_up": ("admin_up", flag)},
        attributes=STANDARD
        | {
            "status",
            "admin_state_up",
            "external_gateway_info",
            "external_gateways",
            "enable_default_route_ecmp",
            "enable_ndp_proxy",
            "conntrack_helpers",
            "routes",
            "availability_zone_hints",
            "availability_zones",
            "flavor_id",
            "distributed",
            "ha",
        },
        render=render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, vpc_id: vpcs.delete_vpc(house, call, VpcId(vpc_id)),
)


def action_routes(house: House) -> list[Route]:
    """PUT …/add_router_interface and its like."""

    def add_interface(request: Request) -> Response:
        return _leg(vpc_legs.add_leg(house, request.call(), VpcId(request.params["id"]), _leg_wish(request)))

    def remove_interface(request: Request) -> Response:
        return _leg(vpc_legs.remove_leg(house, request.call(), VpcId(request.params["id"]), _leg_wish(request)))

    def add_routes(request: Request) -> Response:
        return change_routes(request, more=True)

    def remove_routes(request: Request) -> Response:
        return change_routes(request, more=False)

    def change_gateways(request: Request, how: Literal["more", "exactly", "without"]) -> Response:
        given = one_of(request, "router", GatewaysIn).external_gateways
        wishes = tuple(wish for one in given if (wish := _gateway(one)) is not None)
        view = vpcs.change_gateways(house, request.call(), VpcId(request.params["id"]), wishes, how)
        return json_response({"router": render(view, request.call().actor)})

    def change_routes(request: Request, *, more: bool) -> Response:
        given: tuple[StaticRoute, ...] = routes(one_of(request, "router", RoutesIn).routes)
        view = vpcs.change_routes(house, request.call(), VpcId(request.params["id"]), given, more=more)
        return json_response({"router": render(view, request.call().actor)})

    path, action = f"{RESOURCE.path}/{{id}}", "vpc.update"
    return [
        Route("PUT", f"{path}/add_router_interface", add_interface, action, SERVICE, body_type=InterfaceIn),
        Route("PUT", f"{path}/remove_router_interface", remove_interface, action, SERVICE, body_type=InterfaceIn),
        Route("PUT", f"{path}/add_extraroutes", add_routes, action, SERVICE, body_type=RoutesIn),
        Route("PUT", f"{path}/remove_extraroutes", remove_routes, action, SERVICE, body_type=RoutesIn),
        *(
            Route("PUT", f"{path}/{verb}_external_gateways", act, action, SERVICE, body_type=GatewaysIn)
            for verb, act in (
                ("add", lambda request: change_gateways(request, "more")),
                ("update", lambda request: change_gateways(request, "exactly")),
                ("remove", lambda request: change_gateways(request, "without")),
            )
        ),
    ]


def _leg_wish(request: Request) -> LegWish:
    given = request.json(InterfaceIn)
    return LegWish(
        subnet_id=SubnetId(given.subnet_id) if given.subnet_id else None,
        nic_id=NicId(given.port_id) if given.port_id else None,
    )


def _leg(view: LegView) -> Response:
    ids: list[Any] = [ip.subnet_id for ip in view.nic.fixed_ips]
    return json_response(
        {
            "id": view.vpc.id,
            "project_id": view.vpc.project_id,
            "tenant_id": view.vpc.project_id,
            "network_id": view.nic.network_id,
            "port_id": view.nic.id,
            "subnet_id": ids[0],
            "subnet_ids": ids,
        }
    )
