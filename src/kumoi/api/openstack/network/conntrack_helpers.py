"""/v2.0/routers/ID/conntrack_helpers."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.app.house import House
from kumoi.app.networks import conntrack_helpers
from kumoi.app.networks.conntrack_helpers import HelperChange, HelperWish
from kumoi.core.call import Actor
from kumoi.core.conntrack_helpers import ConntrackHelper
from kumoi.core.ids import ConntrackHelperId, VpcId

_KEY = "conntrack_helper"


class New(msgspec.Struct, forbid_unknown_fields=True):
    helper: str
    protocol: str
    port: int


class Change(msgspec.Struct, forbid_unknown_fields=True):
    helper: str | UnsetType = UNSET
    protocol: str | UnsetType = UNSET
    port: int | UnsetType = UNSET


def routes(house: House) -> list[Route]:
    path = "/v2.0/routers/{router}/conntrack_helpers"

    def find(request: Request) -> Response:
        found = conntrack_helpers.find_helpers(house, request.call(), VpcId(request.params["router"]))
        return listing.answer(request, _TABLE, lambda _query: found)

    def create(request: Request) -> Response:
        new = one_of(request, _KEY, New)
        wish = HelperWish(helper=new.helper, protocol=new.protocol.lower(), port=new.port)
        made = conntrack_helpers.create_helper(house, request.call(), VpcId(request.params["router"]), wish)
        return json_response({_KEY: _shown(made)}, 201)

    def show(request: Request) -> Response:
        vpc_id, helper_id = VpcId(request.params["router"]), ConntrackHelperId(request.params["id"])
        found = conntrack_helpers.show_helper(house, request.call(), vpc_id, helper_id)
        return json_response({_KEY: listing.fields(request, _shown(found))})

    def update(request: Request) -> Response:
        change = one_of(request, _KEY, Change)
        protocol = change.protocol.lower() if isinstance(change.protocol, str) else UNSET
        wanted = HelperChange(helper=change.helper, protocol=protocol, port=change.port)
        vpc_id, helper_id = VpcId(request.params["router"]), ConntrackHelperId(request.params["id"])
        return json_response(
            {_KEY: _shown(conntrack_helpers.update_helper(house, request.call(), vpc_id, helper_id, wanted))}
        )

    def delete(request: Request) -> Response:
        vpc_id, helper_id = VpcId(request.params["router"]), ConntrackHelperId(request.params["id"])
        conntrack_helpers.delete_helper(house, request.call(), vpc_id, helper_id)
        return no_content()

    read, write = "vpc.read", "vpc.update"
    return [
        Route("GET", path, find, read, SERVICE),
        Route("POST", path, create, write, SERVICE, body_type=New, success=201),
        Route("GET", f"{path}/{{id}}", show, read, SERVICE),
        Route("PUT", f"{path}/{{id}}", update, write, SERVICE, body_type=Change),
        Route("DELETE", f"{path}/{{id}}", delete, write, SERVICE, success=204),
    ]


def brief(one: ConntrackHelper) -> Shown:
    """What a router tells of it."""
    return {"helper": one.helper, "protocol": one.protocol, "port": one.port}


def _shown(one: ConntrackHelper) -> Shown:
    return {"id": one.id, **brief(one)}


def _render(one: ConntrackHelper, _actor: Actor) -> Shown:
    return _shown(one)


_TABLE: Table[ConntrackHelper] = Table(
    plural="conntrack_helpers",
    columns={},
    attributes=frozenset({"id", "helper", "protocol", "port"}),
    render=_render,
)
