"""Routers: the list, a new one, one of them with its way out. What it joins and its routes are `router_parts`."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk, router_parts
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import routers
from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks import vpcs as doors
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.vpcs import VPCS, VpcChange, VpcView, VpcWish
from kumoi.app.quotas import quota
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.query import Filter, Order, Query, eq, is_in

PATH: Final = "/routers"
WORDS: Final = routers.WORDS
_TEMPLATE: Final = "routers.html"
_SHAPE: Final = Shape(path=PATH, sortable=("name", "created_at"), first=Order("name"))
_FIELDS: Final = {"name": "name", "description": "description", "gateway": "network", "network_id": "network",
                  "no_address": "network"}  # fmt: skip


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    rows = reading.find_rows(house, call, VPCS, Query(filters=(is_in("id", ids),)))
    return {row.id: row.name or row.id for row in rows}


_MANY: Final = bulk.Kind(
    page="routers",
    path=PATH,
    icon="router",
    action="vpc.delete",
    named=_named,
    delete=lambda house, call, one: doors.delete_vpc(house, call, VpcId(one)),
)


def routes(front: Front) -> list[Route]:
    one = f"{PATH}/{{id}}"
    return [
        Route("GET", PATH, partial(show_all, front), "vpc.read", "web"),
        Route("GET", f"{PATH}/new", partial(new, front), "vpc.read", "web"),
        Route("POST", PATH, partial(create, front), "vpc.create", "web"),
        Route("GET", one, partial(show, front), "vpc.read", "web"),
        Route("GET", f"{one}/edit", partial(edit, front), "vpc.read", "web"),
        Route("POST", f"{one}/edit", partial(save, front), "vpc.update", "web"),
        Route("GET", f"{one}/gateway", partial(ask_gateway, front), "vpc.read", "web"),
        Route("POST", f"{one}/gateway", partial(set_gateway, front), "vpc.update", "web"),
        Route("GET", f"{one}/gateway/clear", partial(ask_clear, front), "vpc.read", "web"),
        Route("POST", f"{one}/gateway/clear", partial(clear_gateway, front), "vpc.update", "web"),
        Route("GET", f"{one}/delete", partial(ask_delete, front), "vpc.read", "web"),
        Route("POST", f"{one}/delete", partial(delete, front), "vpc.delete", "web"),
        *bulk.routes(front, _MANY),
        *router_parts.routes(front),
    ]


# --- the list -------------------------------------------------------------------------------------------


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[VpcView]:
        return reading.find_here(front.house, call, VPCS, one.query(*filters))

    total = reading.count_here(front.house, call, VPCS, Query(filters=filters))
    found = listing(asked, find, lambda view: view.vpc.id, total)
    legs: dict[str, int] = {}
    for leg in router_parts.legs(front, request, tuple(v.vpc.id for v in found.rows)):
        legs[leg.vpc_id] = legs.get(leg.vpc_id, 0) + 1
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        legs=legs,
        names=_names(front, request, [v.vpc.external_network_id for v in found.rows]),
        counter=quota(front.house, call, call.project_id)["vpcs"],
    )


def _names(front: Front, request: Request, ids: list[NetworkId | None]) -> dict[str, str]:
    query = Query(filters=(is_in("id", tuple({i for i in ids if i})),))
    return {n.id: n.name for n in reading.find_rows(front.house, request.call(), NETWORKS, query)}


# --- making and changing --------------------------------------------------------------------------------


def new(front: Front, request: Request) -> Response:
    return _dialog(front, request, "making", EMPTY)


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    network = form.text("network")
    wish = VpcWish(
        name=form.text("name"),
        description=form.text("description"),
        gateway=GatewayWish(network_id=NetworkId(network)) if network else None,
    )
    try:
        made = doors.create_vpc(front.house, request.call(), wish).vpc
    except KumoiError as e:
        return _dialog(front, request, "making", form, e)
    text = front.say(request, "routers.created", name=made.name or made.id)
    return front.done(request, f"{PATH}/{made.id}", text)


def edit(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    form = Form([("name", vpc.name), ("description", vpc.description)])
    return _dialog(front, request, "change", form, vpc=vpc)


def save(front: Front, request: Request) -> Response:
    form, vpc = form_of(request), _view(front, request).vpc
    change = VpcChange(name=form.text("name"), description=form.text("description"))
    try:
        saved = doors.update_vpc(front.house, request.call(), vpc.id, change).vpc
    except KumoiError as e:
        return _dialog(front, request, "change", form, e, vpc=vpc)
    text = front.say(request, "routers.saved", name=saved.name or saved.id)
    return front.done(request, f"{PATH}/{saved.id}", text, stay=True)


def _dialog(
    front: Front, request: Request, block: str, form: Form, error: KumoiError | None = None, **more: Any
) -> Response:
    outer = Query(filters=(eq("external", value=True),), order=(Order("name"),))
    offered = reading.find_here(front.house, request.call(), NETWORKS, outer)
    values: dict[str, Any] = {
        "form": form,
        "fresh": error is None,
        "networks": [(v.network.id, v.network.name or v.network.id) for v in offered],
        "errors": at_fields(request, error, _FIELDS) if error is not None else {},
        **more,
    }
    if error is None:
        return front.part(request, _TEMPLATE, block, **values)
    return front.again(request, _TEMPLATE, block, error, **values)


# --- one of them ----------------------------------------------------------------------------------------


def show(front: Front, request: Request) -> Response:
    call, view = request.call(), _view(front, request)
    return front.page(
        request,
        "router.html",
        vpc=view.vpc,
        gateway=view.gateway,
        legs=router_parts.legs(front, request, (view.vpc.id,)),
        names=_names(front, request, [view.vpc.external_network_id]),
        mine=view.vpc.project_id == call.project_id,
    )


def ask_gateway(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    form = Form([("network", vpc.external_network_id or "")])
    return _dialog(front, request, "outside", form, vpc=vpc)


def set_gateway(front: Front, request: Request) -> Response:
    form, vpc = form_of(request), _view(front, request).vpc
    try:
        if not form.text("network"):
            raise Invalid("network", field="network_id", reason="missing", name="network_id")
        wish = GatewayWish(network_id=NetworkId(form.text("network")))
        doors.update_vpc(front.house, request.call(), vpc.id, VpcChange(gateway=wish))
    except KumoiError as e:
        return _dialog(front, request, "outside", form, e, vpc=vpc)
    return front.done(request, f"{PATH}/{vpc.id}", front.say(request, "routers.gateway.set"), stay=True)


def ask_clear(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "routers.outside.clear.title", name=vpc.name or vpc.id),
        text=front.say(request, "routers.outside.clear.text"),
        hindered="",
        action=f"{PATH}/{vpc.id}/gateway/clear",
        submit=front.say(request, "routers.outside.clear"),
    )


def clear_gateway(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    doors.update_vpc(front.house, request.call(), vpc.id, VpcChange(gateway=None))
    return front.done(request, f"{PATH}/{vpc.id}", front.say(request, "routers.gateway.cleared"), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    joined = ", ".join(leg.network_name for leg in router_parts.legs(front, request, (vpc.id,)))
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "routers.delete", name=vpc.name or vpc.id),
        text=front.say(request, "routers.delete.text"),
        hindered=front.say(request, "routers.delete.used", networks=joined) if joined else "",
        action=f"{PATH}/{vpc.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    vpc = _view(front, request).vpc
    doors.delete_vpc(front.house, request.call(), vpc.id)
    return front.done(request, PATH, front.say(request, "routers.deleted", name=vpc.name or vpc.id))


def _view(front: Front, request: Request) -> VpcView:
    return reading.show(front.house, request.call(), VPCS, request.params["id"])
