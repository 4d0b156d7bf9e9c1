"""/os-floating-ips and /os-floating-ip-pools until 2.35, addFloatingIp and removeFloatingIp until 2.43: Nova's elder
words for the network's public addresses."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.app.networks import public_addresses, reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.public_addresses import PUBLIC_ADDRESSES, PublicChange, PublicView, PublicWish
from kumoi.core.errors import InUse, Invalid, NotFound, WrongState
from kumoi.core.ids import NetworkId, PublicAddressId
from kumoi.core.query import Query, eq

LAST: Final = (2, 35)
LAST_OF_ACTIONS: Final = (2, 43)


class CreateBody(msgspec.Struct):
    pool: str | None = None


class _Address(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    fixed_address: str | None = None


class AddBody(msgspec.Struct, forbid_unknown_fields=True):
    wish: _Address = msgspec.field(name="addFloatingIp")


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    wish: _Address = msgspec.field(name="removeFloatingIp")


def routes(house: House) -> list[Route]:
    path, action = V + "/os-floating-ips", V + "/servers/{id}/action"
    until = partial(Route, service="compute", max_version=LAST)
    acting = partial(Route, service="compute", max_version=LAST_OF_ACTIONS, wait=True, success=202)
    return [
        until("GET", path, partial(find, house), "public_address.read"),
        until("POST", path, partial(create, house), "public_address.create"),
        until("GET", path + "/{id}", partial(show, house), "public_address.read"),
        until("DELETE", path + "/{id}", partial(delete, house), "public_address.delete", success=202),
        until("GET", V + "/os-floating-ip-pools", partial(pools, house), "network.read"),
        acting("POST", action, waited(partial(add, house)), "public_address.update", body_key="addFloatingIp",
              body_type=AddBody),
        acting("POST", action, waited(partial(remove, house)), "public_address.update", body_key="removeFloatingIp",
              body_type=RemoveBody),
    ]  # fmt: skip


def find(house: House, request: Request) -> Response:
    names = _pools(house, request)
    return json_response({"floating_ips": [_render(v, names) for v in _own(house, request)]})


def show(house: House, request: Request) -> Response:
    view = reading.show(house, request.call(), PUBLIC_ADDRESSES, request.params["id"])
    return json_response({"floating_ip": _render(view, _pools(house, request))})


def create(house: House, request: Request) -> Response:
    pool, names = (request.json(CreateBody) if request.body else CreateBody()).pool, _pools(house, request)
    matching = [network for network, name in names.items() if pool in {None, name, network}]
    if not matching:
        raise NotFound("network", kind="external_network", id=pool or "")
    made = public_addresses.create_public_address(house, request.call(), PublicWish(network_id=matching[0]))
    return json_response({"floating_ip": _render(made, names)})


def delete(house: House, request: Request) -> Response:
    public_addresses.delete_public_address(house, request.call(), PublicAddressId(request.params["id"]))
    return accepted()


def pools(house: House, request: Request) -> Response:
    return json_response({"floating_ip_pools": [{"name": name} for name in _pools(house, request).values()]})


def add(house: House, request: Request) -> Response:
    wish, view = request.json(AddBody).wish, read.get(house, request.call(), server_id(request))
    public = _at(house, request, wish.address)
    for nic in view.nics:
        fours = [ip.address for ip in nic.fixed_ips if ":" not in ip.address]
        if (wish.fixed_address in fours) if wish.fixed_address else fours:
            change = PublicChange(nic_id=nic.id, fixed_address=wish.fixed_address or fours[0])
            _lead(house, request, public.public.id, change)
            return accepted()
    raise Invalid("network", field="fixed_address", reason="no_address", value=view.instance.id)


def remove(house: House, request: Request) -> Response:
    wish, view = request.json(RemoveBody).wish, read.get(house, request.call(), server_id(request))
    public = _at(house, request, wish.address)
    if public.public.nic_id not in {nic.id for nic in view.nics}:
        raise WrongState(
            "network", kind="public_address", id=wish.address, status="not associated", action="removeFloatingIp"
        )
    change = PublicChange(nic_id=None)
    public_addresses.update_public_address(house, request.call(), public.public.id, change)
    return accepted()


def _lead(house: House, request: Request, public_id: PublicAddressId, change: PublicChange) -> None:
    """Nova answers 400 where the network's own service says 409."""
    try:
        public_addresses.update_public_address(house, request.call(), public_id, change)
    except InUse as e:
        raise Invalid("network", field="address", reason="in_use", **e.facts) from e


def _at(house: House, request: Request, address: str) -> PublicView:
    for view in _own(house, request):
        if view.public.address == address:
            return view
    raise NotFound("network", kind="public_address", id=address)


def _own(house: House, request: Request) -> list[PublicView]:
    own = Query(filters=(eq("project_id", request.call().project_id),))
    return reading.find(house, request.call(), PUBLIC_ADDRESSES, own)


def _pools(house: House, request: Request) -> dict[NetworkId, str]:
    found = reading.find(house, request.call(), NETWORKS, Query(filters=(eq("external", value=True),)))
    return {v.network.id: v.network.name for v in found}


def _render(view: PublicView, pools: dict[NetworkId, str]) -> dict[str, Any]:
    return {
        "id": view.public.id,
        "ip": view.public.address,
        "pool": pools.get(view.public.network_id),
        "fixed_ip": view.public.fixed_address,
        "instance_id": view.nic.instance_id if view.nic is not None else None,
    }
