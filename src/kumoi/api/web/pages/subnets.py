"""Subnets, on the page of their network: add one, change one, delete one."""

from functools import partial
from typing import Any, Final

from msgspec import UNSET

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages import subnet_form
from kumoi.api.web.refusals import at_fields
from kumoi.app.networks import reading
from kumoi.app.networks import subnets as doors
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.subnets import SUBNETS, SubnetChange
from kumoi.core.errors import KumoiError
from kumoi.core.ids import NetworkId
from kumoi.core.networks import Subnet

PATH: Final = "/networks/{id}/subnets"
_TEMPLATE: Final = "networks.html"


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{PATH}/new", partial(new, front), "subnet.read", "web"),
        Route("POST", PATH, partial(create, front), "subnet.create", "web"),
        Route("GET", f"{PATH}/{{subnet}}/edit", partial(edit, front), "subnet.read", "web"),
        Route("POST", f"{PATH}/{{subnet}}/edit", partial(save, front), "subnet.update", "web"),
        Route("GET", f"{PATH}/{{subnet}}/delete", partial(ask_delete, front), "subnet.read", "web"),
        Route("POST", f"{PATH}/{{subnet}}/delete", partial(delete, front), "subnet.delete", "web"),
    ]


def new(front: Front, request: Request) -> Response:
    return _form(front, request, EMPTY)


def create(front: Front, request: Request) -> Response:
    form, network_id = form_of(request), NetworkId(request.params["id"])
    try:
        wish = subnet_form.wish(form, network_id)
        made = doors.create_subnets(front.house, request.call(), (wish,))[0].subnet
    except KumoiError as e:
        return _form(front, request, form, e)
    text = front.say(request, "networks.subnet.added", cidr=made.cidr)
    return front.done(request, f"/networks/{network_id}", text, stay=True)


def _form(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    network = reading.show(front.house, request.call(), NETWORKS, request.params["id"]).network
    values: dict[str, Any] = {
        "form": form,
        "network": network,
        **subnet_form.values(front, request, form, fresh=error is None),
        "errors": at_fields(request, error, subnet_form.FIELDS) if error is not None else {},
    }
    if error is None:
        return front.part(request, _TEMPLATE, "subnet", **values)
    return front.again(request, _TEMPLATE, "subnet", error, **values)


def edit(front: Front, request: Request) -> Response:
    subnet = _subnet(front, request)
    pairs = [
        ("subnet_name", subnet.name),
        ("gateway_address", subnet.gateway or ""),
        ("dns", ", ".join(subnet.dns_servers)),
        ("pools", "\n".join(f"{pool.start} - {pool.end}" for pool in subnet.pools)),
        *([("dhcp", "yes")] if subnet.dhcp else []),
    ]
    values: dict[str, Any] = {"subnet": subnet, "form": Form(pairs), "errors": {}}
    return front.ask(request, "subnet.update", _TEMPLATE, "subnet_change", **values)


def save(front: Front, request: Request) -> Response:
    subnet, form = _subnet(front, request), form_of(request)
    try:
        change = SubnetChange(
            name=form.text("subnet_name"),
            gateway=form.text("gateway_address") or None,
            dhcp=form.on("dhcp"),
            dns_servers=subnet_form.dns(form),
            pools=subnet_form.pools(form) or UNSET,
        )
        saved = doors.update_subnet(front.house, request.call(), subnet.id, change).subnet
    except KumoiError as e:
        values = {"subnet": subnet, "form": form, "errors": at_fields(request, e, subnet_form.FIELDS)}
        return front.again(request, _TEMPLATE, "subnet_change", e, **values)
    text = front.say(request, "networks.subnet.saved", cidr=saved.cidr)
    return front.done(request, f"/networks/{saved.network_id}", text, stay=True)


def _subnet(front: Front, request: Request) -> Subnet:
    return reading.show(front.house, request.call(), SUBNETS, request.params["subnet"]).subnet


def ask_delete(front: Front, request: Request) -> Response:
    subnet = _subnet(front, request)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "networks.subnet.delete", cidr=subnet.cidr),
        text=front.say(request, "networks.subnet.delete.text"),
        hindered="",
        action=f"/networks/{subnet.network_id}/subnets/{subnet.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    subnet = _subnet(front, request)
    doors.delete_subnet(front.house, request.call(), subnet.id)
    text = front.say(request, "networks.subnet.deleted", cidr=subnet.cidr)
    return front.done(request, f"/networks/{subnet.network_id}", text, stay=True)
