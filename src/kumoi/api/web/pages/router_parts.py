"""What a router joins, and its routes, on the router's page: add and remove them."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route as HttpRoute
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.app.networks import reading
from kumoi.app.networks.atlas import atlas
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS, NicView
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpc_legs import LegWish, add_leg, remove_leg
from kumoi.app.networks.vpcs import VPCS, change_routes
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import NicId, SubnetId, VpcId
from kumoi.core.networks import Route
from kumoi.core.nics import NicStatus
from kumoi.core.query import Order, Query, eq, is_in
from kumoi.core.vpcs import Vpc

PATH: Final = "/routers/{id}"
_TEMPLATE: Final = "routers.html"
_FIELDS: Final = {"subnet_id": "subnet", "routes": "nexthop", "destination": "destination", "nexthop": "nexthop"}


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A router's interface as it is shown."""

    nic_id: NicId
    vpc_id: str
    network_id: str
    network_name: str
    addresses: tuple[str, ...]
    cidrs: tuple[str, ...]
    status: NicStatus


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A subnet that a leg may be laid on, or why not."""

    id: str
    label: str
    free: bool


def routes(front: Front) -> list[HttpRoute]:
    legs_, routes_ = f"{PATH}/interfaces", f"{PATH}/routes"
    return [
        HttpRoute("GET", f"{legs_}/new", partial(new_leg, front), "vpc.read", "web"),
        HttpRoute("POST", legs_, partial(create_leg, front), "vpc.update", "web"),
        HttpRoute("GET", f"{legs_}/{{nic}}/delete", partial(ask_remove_leg, front), "vpc.read", "web"),
        HttpRoute("POST", f"{legs_}/{{nic}}/delete", partial(delete_leg, front), "vpc.update", "web"),
        HttpRoute("GET", f"{routes_}/new", partial(new_route, front), "vpc.read", "web"),
        HttpRoute("POST", routes_, partial(create_route, front), "vpc.update", "web"),
        HttpRoute("GET", f"{routes_}/delete", partial(ask_remove_route, front), "vpc.read", "web"),
        HttpRoute("POST", f"{routes_}/delete", partial(delete_route, front), "vpc.update", "web"),
    ]


def legs(front: Front, request: Request, vpc_ids: tuple[str, ...]) -> list[Leg]:
    """Of these routers, oldest first, without their gateways."""
    call = request.call()
    query = Query(filters=(is_in("vpc_id", vpc_ids), eq("use", "vpc_interface")), order=(Order("created_at"),))
    found = reading.find(front.house, call, NICS, query)
    networks = tuple({v.nic.network_id for v in found})
    named = reading.find_rows(front.house, call, NETWORKS, Query(filters=(is_in("id", networks),)))
    names = {n.id: n.name or n.id for n in named}
    subnets = tuple({ip.subnet_id for v in found for ip in v.nic.fixed_ips})
    rows = reading.find_rows(front.house, call, SUBNETS, Query(filters=(is_in("id", subnets),)))
    cidrs: dict[str, str] = {s.id: s.cidr for s in rows}
    return [_leg(v, names.get(v.nic.network_id, v.nic.network_id), cidrs) for v in found]


def _leg(view: NicView, network_name: str, cidrs: dict[str, str]) -> Leg:
    nic = view.nic
    return Leg(
        nic_id=nic.id,
        vpc_id=nic.vpc_id or "",
        network_id=nic.network_id,
        network_name=network_name,
        addresses=tuple(ip.address for ip in nic.fixed_ips),
        cidrs=tuple(cidrs[ip.subnet_id] for ip in nic.fixed_ips if ip.subnet_id in cidrs),
        status=view.status,
    )


# --- interfaces -----------------------------------------------------------------------------------------


def new_leg(front: Front, request: Request) -> Response:
    return _form(front, request, "leg", EMPTY)


def create_leg(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        if not form.text("subnet"):
            raise Invalid("network", field="subnet_id", reason="missing", name="subnet_id")
        wish = LegWish(subnet_id=SubnetId(form.text("subnet")))
        add_leg(front.house, request.call(), VpcId(request.params["id"]), wish)
    except KumoiError as e:
        return _form(front, request, "leg", form, e)
    return _done(front, request, "routers.leg.added")


def ask_remove_leg(front: Front, request: Request) -> Response:
    vpc = _vpc(front, request)
    found = [leg for leg in legs(front, request, (vpc.id,)) if leg.nic_id == request.params["nic"]]
    network = found[0].network_name if found else request.params["nic"]
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "routers.leg.remove.title"),
        text=front.say(request, "routers.leg.remove.text", network=network),
        hindered="",
        action=f"/routers/{vpc.id}/interfaces/{request.params['nic']}/delete",
        submit=front.say(request, "routers.leg.remove"),
    )


def delete_leg(front: Front, request: Request) -> Response:
    wish = LegWish(nic_id=NicId(request.params["nic"]))
    remove_leg(front.house, request.call(), VpcId(request.params["id"]), wish)
    return _done(front, request, "routers.leg.removed")


# --- routes ---------------------------------------------------------------------------------------------


def new_route(front: Front, request: Request) -> Response:
    return _form(front, request, "route", EMPTY)


def create_route(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        change_routes(front.house, request.call(), VpcId(request.params["id"]), (_route(form),), more=True)
    except KumoiError as e:
        return _form(front, request, "route", form, e)
    return _done(front, request, "routers.route.added")


def ask_remove_route(front: Front, request: Request) -> Response:
    vpc, route = _vpc(front, request), _route(Form(request.query))
    text = front.say(request, "routers.route.remove.text", destination=route.destination, nexthop=route.nexthop)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "routers.route.remove.title"),
        text=text,
        hindered="",
        hidden={"destination": route.destination, "nexthop": route.nexthop},
        action=f"/routers/{vpc.id}/routes/delete",
        submit=front.say(request, "routers.leg.remove"),
    )


def delete_route(front: Front, request: Request) -> Response:
    route = _route(form_of(request))
    change_routes(front.house, request.call(), VpcId(request.params["id"]), (route,), more=False)
    return _done(front, request, "routers.route.removed")


def _route(form: Form) -> Route:
    return Route(form.text("destination"), form.text("nexthop"))


# --- both -----------------------------------------------------------------------------------------------


def _form(front: Front, request: Request, block: str, form: Form, error: KumoiError | None = None) -> Response:
    values: dict[str, Any] = {
        "form": form,
        "vpc": _vpc(front, request),
        "choices": _choices(front, request),
        "errors": at_fields(request, error, _FIELDS) if error is not None else {},
    }
    if error is None:
        return front.part(request, _TEMPLATE, block, **values)
    return front.again(request, _TEMPLATE, block, error, **values)


def _choices(front: Front, request: Request) -> list[Choice]:
    known = atlas(front.house, request.call())
    found = [
        Choice(
            id=s.id,
            label=f"{s.cidr} · {s.name}" if s.name else s.cidr,
            free=s.id not in known.vpc_of and s.gateway is not None,
        )
        for s in known.subnets.values()
    ]
    return sorted(found, key=lambda c: not c.free)


def _vpc(front: Front, request: Request) -> Vpc:
    return reading.show(front.house, request.call(), VPCS, request.params["id"]).vpc


def _done(front: Front, request: Request, word: str) -> Response:
    return front.done(request, f"/routers/{request.params['id']}", front.say(request, word), stay=True)
