"""Floating IPs: allocate, lead to an interface, lead nowhere, release."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import floating_ips
from kumoi.app.house import House
from kumoi.app.networks import holders, reading
from kumoi.app.networks import public_addresses as doors
from kumoi.app.networks.atlas import atlas
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.nic_doors import NICS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicChange, PublicView, PublicWish
from kumoi.app.networks.vpcs import VPCS
from kumoi.app.quotas import quota
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import NetworkId, NicId, PublicAddressId
from kumoi.core.query import Filter, Order, Query, eq, is_in

PATH: Final = "/floating-ips"
TARGETS_OFFERED: Final = 500
WORDS: Final = floating_ips.WORDS
_TEMPLATE: Final = "floating_ips.html"
_SHAPE: Final = Shape(path=PATH, sortable=("address", "created_at"), first=Order("created_at", descending=True))
_FIELDS: Final = {"network_id": "network", "nic_id": "target", "fixed_address": "target", "in_use": "target",
                  "no_address": "network"}  # fmt: skip


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a floating IP may lead to. `networks`: the outer ones that a router joins it to."""

    value: str
    label: str
    networks: frozenset[str]


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    rows = reading.find_rows(house, call, PUBLIC_ADDRESSES, Query(filters=(is_in("id", ids),)))
    return {row.id: row.address for row in rows}


_MANY: Final = bulk.Kind(
    page="floating_ips",
    path=PATH,
    icon="globe",
    action="public_address.delete",
    named=_named,
    delete=lambda house, call, one: doors.delete_public_address(house, call, PublicAddressId(one)),
)


def routes(front: Front) -> list[Route]:
    one = f"{PATH}/{{id}}"
    return [
        Route("GET", PATH, partial(show_all, front), "public_address.read", "web"),
        Route("GET", f"{PATH}/new", partial(new, front), "public_address.read", "web"),
        Route("POST", PATH, partial(allocate, front), "public_address.create", "web"),
        Route("GET", f"{one}/associate", partial(ask_associate, front), "public_address.read", "web"),
        Route("POST", f"{one}/associate", partial(associate, front), "public_address.update", "web"),
        Route("GET", f"{one}/disassociate", partial(ask_disassociate, front), "public_address.read", "web"),
        Route("POST", f"{one}/disassociate", partial(disassociate, front), "public_address.update", "web"),
        *bulk.routes(front, _MANY),
        Route("GET", f"{one}/release", partial(ask_release, front), "public_address.read", "web"),
        Route("POST", f"{one}/release", partial(release, front), "public_address.delete", "web"),
    ]


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("address", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[PublicView]:
        return reading.find_here(front.house, call, PUBLIC_ADDRESSES, one.query(*filters))

    total = reading.count_here(front.house, call, PUBLIC_ADDRESSES, Query(filters=filters))
    found = listing(asked, find, lambda view: view.public.id, total)
    nics = [v.nic for v in found.rows if v.nic is not None]
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        holders=holders.holders(front.house, call, nics),
        names=_names(front, request, found.rows),
        counter=quota(front.house, call, call.project_id)["public_addresses"],
    )


def _names(front: Front, request: Request, rows: Sequence[PublicView]) -> dict[str, str]:
    """Of the routers and the outer networks, by id."""
    call = request.call()
    vpcs = tuple({v.public.vpc_id for v in rows if v.public.vpc_id})
    networks = tuple({v.public.network_id for v in rows})
    named_vpcs = reading.find_rows(front.house, call, VPCS, Query(filters=(is_in("id", vpcs),)))
    named = reading.find_rows(front.house, call, NETWORKS, Query(filters=(is_in("id", networks),)))
    return {**{v.id: v.name for v in named_vpcs}, **{n.id: n.name for n in named}}


# --- allocating -----------------------------------------------------------------------------------------


def new(front: Front, request: Request) -> Response:
    return _allocation(front, request, EMPTY)


def allocate(front: Front, request: Request) -> Response:
    form = form_of(request)
    nic_id, fixed = _target(form)
    wish = PublicWish(
        network_id=NetworkId(form.text("network")) if form.text("network") else None,
        nic_id=nic_id,
        fixed_address=fixed,
        description=form.text("description"),
    )
    try:
        public = doors.create_public_address(front.house, request.call(), wish).public
    except KumoiError as e:
        return _allocation(front, request, form, e)
    return front.done(request, PATH, front.say(request, "floating_ips.allocated", address=public.address), stay=True)


def _allocation(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    outer = Query(filters=(eq("external", value=True),), order=(Order("name"),))
    networks = reading.find_here(front.house, request.call(), NETWORKS, outer)
    values: dict[str, Any] = {
        "form": form,
        "networks": [(v.network.id, v.network.name or v.network.id) for v in networks],
        "targets": _targets(front, request),
    }
    return _dialog(front, request, "allocation", values, error)


def _dialog(front: Front, request: Request, block: str, values: dict[str, Any], error: KumoiError | None) -> Response:
    values["errors"] = at_fields(request, error, _FIELDS) if error is not None else {}
    if error is None:
        return front.part(request, _TEMPLATE, block, **values)
    return front.again(request, _TEMPLATE, block, error, **values)


def _targets(front: Front, request: Request) -> list[Target]:
    """Every IPv4 address of the project's instances and free interfaces, with where it is reached from."""
    call = request.call()
    map_ = atlas(front.house, call)
    joined = {v.id: v.external_network_id for v in map_.vpcs}
    query = Query(filters=(is_in("use", ("instance", "")),), order=(Order("created_at"),), limit=TARGETS_OFFERED)
    nics = [view.nic for view in reading.find_here(front.house, call, NICS, query)]
    held = holders.holders(front.house, call, nics)
    found = []
    for nic in nics:
        for ip in nic.fixed_ips:
            vpc_id = map_.vpc_of.get(ip.subnet_id)
            outer = joined.get(vpc_id) if vpc_id else None
            if ":" not in ip.address:
                name = held[nic.id].name or nic.name or nic.id[:8]
                label = f"{name} · {ip.address}"
                reached = frozenset({str(outer)}) if outer else frozenset[str]()
                found.append(Target(value=f"{nic.id}/{ip.address}", label=label, networks=reached))
    return sorted(found, key=lambda t: (not t.networks, t.label))


def _target(form: Form) -> tuple[NicId | None, str | None]:
    nic_id, _, fixed = form.text("target").partition("/")
    return (NicId(nic_id), fixed or None) if nic_id else (None, None)


# --- leading somewhere ----------------------------------------------------------------------------------


def ask_associate(front: Front, request: Request) -> Response:
    return _association(front, request, EMPTY)


def _association(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    public = _view(front, request).public
    values: dict[str, Any] = {"form": form, "public": public, "targets": _targets(front, request)}
    return _dialog(front, request, "association", values, error)


def associate(front: Front, request: Request) -> Response:
    form, public = form_of(request), _view(front, request).public
    nic_id, fixed = _target(form)
    try:
        if nic_id is None:
            raise Invalid("network", field="nic_id", reason="missing", name="nic_id")
        change = PublicChange(nic_id=nic_id, fixed_address=fixed)
        led = doors.update_public_address(front.house, request.call(), public.id, change).public
    except KumoiError as e:
        return _association(front, request, form, e)
    text = front.say(request, "floating_ips.associated", address=led.address, fixed=led.fixed_address or "")
    return front.done(request, PATH, text, stay=True)


def ask_disassociate(front: Front, request: Request) -> Response:
    view = _view(front, request)
    text = front.say(request, "floating_ips.disassociate.text", target=_led_to(front, request, view))
    return _ask(front, request, view, "disassociate", text)


def disassociate(front: Front, request: Request) -> Response:
    public = _view(front, request).public
    doors.update_public_address(front.house, request.call(), public.id, PublicChange(nic_id=None))
    text = front.say(request, "floating_ips.disassociated", address=public.address)
    return front.done(request, PATH, text, stay=True)


# --- releasing ------------------------------------------------------------------------------------------


def ask_release(front: Front, request: Request) -> Response:
    view = _view(front, request)
    text = front.say(request, "floating_ips.release.text")
    if view.nic is not None:
        led = front.say(request, "floating_ips.release.led", target=_led_to(front, request, view))
        text = f"{led} {text}"
    return _ask(front, request, view, "release", text)


def release(front: Front, request: Request) -> Response:
    public = _view(front, request).public
    doors.delete_public_address(front.house, request.call(), public.id)
    text = front.say(request, "floating_ips.released", address=public.address)
    return front.done(request, PATH, text, stay=True)


def _ask(front: Front, request: Request, view: PublicView, verb: str, text: str) -> Response:
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, f"floating_ips.{verb}.title", address=view.public.address),
        text=text,
        hindered="",
        action=f"{PATH}/{view.public.id}/{verb}",
        submit=front.say(request, f"floating_ips.{verb}"),
    )


def _led_to(front: Front, request: Request, view: PublicView) -> str:
    """By name where it has one, else by its address."""
    if view.nic is None:
        return front.say(request, "floating_ips.leads.nowhere")
    holder = holders.holders(front.house, request.call(), [view.nic])[view.nic.id]
    return holder.name or view.nic.name or view.public.fixed_address or ""


def _view(front: Front, request: Request) -> PublicView:
    return reading.show(front.house, request.call(), PUBLIC_ADDRESSES, request.params["id"])
