"""/v2.0/floatingips/{floatingip}/port_forwardings."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.bodies import Description, Id
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.app.house import House
from kumoi.app.networks import port_forwardings
from kumoi.app.networks.port_forwardings import ForwardingChange, ForwardingWish
from kumoi.core.call import Actor
from kumoi.core.errors import Invalid
from kumoi.core.ids import NicId, PortForwardingId, PublicAddressId
from kumoi.core.port_forwardings import PortForwarding, Ports

_KEY = "port_forwarding"


class New(msgspec.Struct, forbid_unknown_fields=True):
    """A port, or a range such as `80:90`, at each end."""

    internal_port_id: Id
    protocol: str
    internal_ip_address: str | None = None
    internal_port: int | str | None = None
    external_port: int | str | None = None
    internal_port_range: str | int | None = None
    external_port_range: str | int | None = None
    description: Description = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    internal_port_id: Id | UnsetType = UNSET
    protocol: str | UnsetType = UNSET
    internal_ip_address: str | UnsetType = UNSET
    internal_port: int | str | None = None
    external_port: int | str | None = None
    internal_port_range: str | int | None = None
    external_port_range: str | int | None = None
    description: Description | UnsetType = UNSET


def routes(house: House) -> list[Route]:
    path = "/v2.0/floatingips/{floatingip}/port_forwardings"

    def public(request: Request) -> PublicAddressId:
        return PublicAddressId(request.params["floatingip"])

    def find(request: Request) -> Response:
        found = port_forwardings.find_forwardings(house, request.call(), public(request))
        return listing.answer(request, _TABLE, lambda _query: found)

    def create(request: Request) -> Response:
        wish = _wish(one_of(request, _KEY, New))
        made = port_forwardings.create_forwarding(house, request.call(), public(request), wish)
        return json_response({_KEY: render(made)}, 201)

    def show(request: Request) -> Response:
        forwarding_id = PortForwardingId(request.params["id"])
        found = port_forwardings.show_forwarding(house, request.call(), public(request), forwarding_id)
        return json_response({_KEY: listing.fields(request, render(found))})

    def update(request: Request) -> Response:
        change, forwarding_id = _change(one_of(request, _KEY, Change)), PortForwardingId(request.params["id"])
        done = port_forwardings.update_forwarding(house, request.call(), public(request), forwarding_id, change)
        return json_response({_KEY: render(done)})

    def delete(request: Request) -> Response:
        forwarding_id = PortForwardingId(request.params["id"])
        port_forwardings.delete_forwarding(house, request.call(), public(request), forwarding_id)
        return no_content()

    read, write = "public_address.read", "public_address.update"
    return [
        Route("GET", path, find, read, SERVICE),
        Route("POST", path, create, write, SERVICE, body_type=New, success=201),
        Route("GET", f"{path}/{{id}}", show, read, SERVICE),
        Route("PUT", f"{path}/{{id}}", update, write, SERVICE, body_type=Change),
        Route("DELETE", f"{path}/{{id}}", delete, write, SERVICE, success=204),
    ]


def _wish(new: New) -> ForwardingWish:
    return ForwardingWish(
        nic_id=NicId(new.internal_port_id),
        protocol=new.protocol.lower(),
        outer=_required(_ports(new.external_port, new.external_port_range, "external_port"), "external_port"),
        inner=_required(_ports(new.internal_port, new.internal_port_range, "internal_port"), "internal_port"),
        address=new.internal_ip_address,
        description=new.description,
    )


def _change(change: Change) -> ForwardingChange:
    return ForwardingChange(
        nic_id=NicId(change.internal_port_id) if isinstance(change.internal_port_id, str) else UNSET,
        address=change.internal_ip_address,
        protocol=change.protocol.lower() if isinstance(change.protocol, str) else UNSET,
        outer=_ports(change.external_port, change.external_port_range, "external_port") or UNSET,
        inner=_ports(change.internal_port, change.internal_port_range, "internal_port") or UNSET,
        description=change.description,
    )


def _required(ports: Ports | None, field: str) -> Ports:
    if ports is None:
        raise Invalid("network", field=field, reason="missing", name=field)
    return ports


def _ports(one: int | str | None, span: int | str | None, field: str) -> Ports | None:
    """The port, or the range; both at once are too much."""
    if one is not None and span is not None:
        raise Invalid("network", field=field, reason="combination", value=f"{field}_range")
    if one is None and span is None:
        return None
    first, _, last = str(one if one is not None else span).partition(":")
    try:
        return Ports(int(first), int(last or first))
    except ValueError:
        raise Invalid("network", field=field, reason="port_value", value=f"{one or span}") from None


def render(one: PortForwarding) -> Shown:
    """Without the floating IP, which the path names."""
    return {"description": one.description, **_spans(one), **brief(one)}


def brief(one: PortForwarding) -> Shown:
    """What a floating IP tells of it; a single port by its number."""
    shown: Shown = {
        "id": one.id,
        "protocol": one.protocol,
        "internal_port_id": one.nic_id,
        "internal_ip_address": one.address,
    }
    if len(one.outer) == 1:
        return {**shown, "internal_port": one.inner.first, "external_port": one.outer.first}
    return {**shown, **_spans(one)}


def _spans(one: PortForwarding) -> Shown:
    return {"internal_port_range": _span(one.inner), "external_port_range": _span(one.outer)}


def _span(ports: Ports) -> str:
    return f"{ports.first}:{ports.last}"


def _render(one: PortForwarding, _actor: Actor) -> Shown:
    return render(one)


_TABLE: Table[PortForwarding] = Table(
    plural="port_forwardings",
    columns={},
    attributes=frozenset(
        {
            "id",
            "protocol",
            "internal_port_id",
            "internal_ip_address",
            "internal_port",
            "external_port",
            "internal_port_range",
            "external_port_range",
            "description",
        }
    ),
    render=_render,
)
