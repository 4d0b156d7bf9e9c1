"""Networks: the list, the wizard of a new one, one of them with its subnets and interfaces."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk, subnet_form, subnets
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import networks
from kumoi.app.house import House
from kumoi.app.networks import holders, reading
from kumoi.app.networks import networks as doors
from kumoi.app.networks.atlas import atlas, free_addresses
from kumoi.app.networks.networks import NETWORKS, NetworkChange, NetworkView, NetworkWish
from kumoi.app.networks.nic_doors import NICS, NicView
from kumoi.app.networks.subnets import SUBNETS
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.networks.whole_networks import WholeWish, create_whole_network
from kumoi.app.quotas import quota
from kumoi.core.addressing import pool_size
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.ids import NetworkId, VpcId
from kumoi.core.networks import Subnet
from kumoi.core.query import Filter, Order, Query, eq, is_in

PATH: Final = "/networks"
PORTS_SHOWN: Final = 200
NAMED_MOST: Final = 3
WORDS: Final = networks.WORDS
_TEMPLATE: Final = "networks.html"
_SHAPE: Final = Shape(path=PATH, sortable=("name", "created_at"), first=Order("name"))
_FIELDS: Final = {"name": "name", "description": "description", **subnet_form.FIELDS}


class SubnetRow(msgspec.Struct, frozen=True, kw_only=True):
    """`vpc_id` empty: no router of the project joins it."""

    subnet: Subnet
    total: int
    used: int
    vpc_id: str
    vpc_name: str


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    rows = reading.find_rows(house, call, NETWORKS, Query(filters=(is_in("id", ids),)))
    return {row.id: row.name or row.id for row in rows}


_MANY: Final = bulk.Kind(
    page="networks",
    path=PATH,
    icon="network",
    action="network.delete",
    named=_named,
    delete=lambda house, call, one: doors.delete_network(house, call, NetworkId(one)),
)


def routes(front: Front) -> list[Route]:
    one = f"{PATH}/{{id}}"
    return [
        Route("GET", PATH, partial(show_all, front), "network.read", "web"),
        Route("GET", f"{PATH}/new", partial(new, front), "network.read", "web"),
        Route("GET", f"{PATH}/try", partial(subnet_form.try_out, front), "subnet.read", "web"),
        Route("POST", PATH, partial(create, front), "network.create", "web"),
        Route("GET", one, partial(show, front), "network.read", "web"),
        Route("GET", f"{one}/edit", partial(edit, front), "network.read", "web"),
        Route("POST", f"{one}/edit", partial(save, front), "network.update", "web"),
        Route("GET", f"{one}/delete", partial(ask_delete, front), "network.read", "web"),
        Route("POST", f"{one}/delete", partial(delete, front), "network.delete", "web"),
        *bulk.routes(front, _MANY),
        *subnets.routes(front),
    ]


# --- the list -------------------------------------------------------------------------------------------


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[NetworkView]:
        return reading.find_here(front.house, call, NETWORKS, one.query(*filters))

    total = reading.count_here(front.house, call, NETWORKS, Query(filters=filters))
    found = listing(asked, find, lambda view: view.network.id, total)
    ids = tuple(s for v in found.rows for s in v.subnet_ids)
    rows = reading.find_rows(front.house, call, SUBNETS, Query(filters=(is_in("id", ids),)))
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        subnets={s.id: s for s in rows},
        counter=quota(front.house, call, call.project_id)["networks"],
        own=call.project_id,
    )


# --- making and changing --------------------------------------------------------------------------------


def new(front: Front, request: Request) -> Response:
    return _wizard(front, request, EMPTY)


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        wanted = form.on("with_subnet")
        wish = WholeWish(
            network=NetworkWish(
                name=form.text("name"), description=form.text("description"), external=form.on("external")
            ),
            subnet=subnet_form.wish(form, NetworkId("")) if wanted else None,
            vpc_id=VpcId(form.text("router")) if wanted and form.text("router") else None,
        )
        made = create_whole_network(front.house, request.call(), wish)
    except KumoiError as e:
        return _wizard(front, request, form, e)
    text = front.say(request, "networks.created", name=made.name or made.id)
    return front.done(request, f"{PATH}/{made.id}", text)


def _wizard(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    values: dict[str, Any] = {
        "form": form,
        "with_subnet": error is None or form.on("with_subnet"),
        **subnet_form.values(front, request, form, fresh=error is None),
    }
    return _dialog(front, request, "wizard", values, error)


def _dialog(front: Front, request: Request, block: str, values: dict[str, Any], error: KumoiError | None) -> Response:
    values["errors"] = at_fields(request, error, _FIELDS) if error is not None else {}
    if error is None:
        return front.part(request, _TEMPLATE, block, **values)
    return front.again(request, _TEMPLATE, block, error, **values)


def edit(front: Front, request: Request) -> Response:
    network = _view(front, request).network
    form = Form([("name", network.name), ("description", network.description)])
    return _dialog(front, request, "change", {"form": form, "network": network}, None)


def save(front: Front, request: Request) -> Response:
    form, network = form_of(request), _view(front, request).network
    change = NetworkChange(name=form.text("name"), description=form.text("description"))
    try:
        saved = doors.update_network(front.house, request.call(), network.id, change).network
    except KumoiError as e:
        return _dialog(front, request, "change", {"form": form, "network": network}, e)
    text = front.say(request, "networks.saved", name=saved.name or saved.id)
    return front.done(request, f"{PATH}/{saved.id}", text, stay=True)


# --- one of them ----------------------------------------------------------------------------------------


def show(front: Front, request: Request) -> Response:
    call, view = request.call(), _view(front, request)
    ports = _ports(front, request, view.network.id)
    return front.page(
        request,
        "network.html",
        network=view.network,
        targets=view.targets,
        subnets=_subnets(front, request, view.network.id),
        ports=ports,
        holders=holders.holders(front.house, call, [p.nic for p in ports]),
        most=PORTS_SHOWN,
        mine=view.network.project_id == call.project_id,
        counter=quota(front.house, call, call.project_id)["subnets"],
    )


def _subnets(front: Front, request: Request, network_id: NetworkId) -> list[SubnetRow]:
    call = request.call()
    query = Query(filters=(eq("network_id", network_id),), order=(Order("created_at"),))
    found = [v.subnet for v in reading.find(front.house, call, SUBNETS, query)]
    free = free_addresses(front.house, call, tuple(found))
    joined = atlas(front.house, call).vpc_of
    vpcs = tuple({str(joined[s.id]) for s in found if s.id in joined})
    names = {v.id: v.name for v in reading.find_rows(front.house, call, VPCS, Query(filters=(is_in("id", vpcs),)))}
    return [
        SubnetRow(
            subnet=s,
            total=pool_size(s.pools),
            used=pool_size(s.pools) - free[s.id],
            vpc_id=joined.get(s.id, ""),
            vpc_name=names.get(joined[s.id], "") if s.id in joined else "",
        )
        for s in found
    ]


def _ports(front: Front, request: Request, network_id: NetworkId) -> list[NicView]:
    query = Query(filters=(eq("network_id", network_id),), order=(Order("created_at"),), limit=PORTS_SHOWN)
    return reading.find_here(front.house, request.call(), NICS, query)


def ask_delete(front: Front, request: Request) -> Response:
    network = _view(front, request).network
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "networks.delete", name=network.name or network.id),
        text=front.say(request, "networks.delete.text"),
        hindered=_hindered(front, request, network.id),
        action=f"{PATH}/{network.id}/delete",
        submit=front.say(request, "delete"),
    )


def _hindered(front: Front, request: Request, network_id: NetworkId) -> str:
    """What is on the network and does not go with it, by name."""
    nics = [p.nic for p in _ports(front, request, network_id) if p.nic.use != "dhcp"]
    if not nics:
        return ""
    held = holders.holders(front.house, request.call(), nics[:NAMED_MOST])
    names = ", ".join(held[n.id].name or n.name or n.id for n in nics[:NAMED_MOST])
    if len(nics) > NAMED_MOST:
        names = front.say(request, "networks.delete.more", names=names, n=len(nics) - NAMED_MOST)
    return front.say(request, "networks.delete.used", names=names)


def delete(front: Front, request: Request) -> Response:
    network = _view(front, request).network
    doors.delete_network(front.house, request.call(), network.id)
    return front.done(request, PATH, front.say(request, "networks.deleted", name=network.name or network.id))


def _view(front: Front, request: Request) -> NetworkView:
    return reading.show(front.house, request.call(), NETWORKS, request.params["id"])
