"""/v2.0/segments: one for each network, told and named; none is made or taken away by itself."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing, provider
from kumoi.api.openstack.network.bodies import Description, Name
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import SERVICE, one_of
from kumoi.api.openstack.times import second
from kumoi.app.house import House
from kumoi.app.networks import segments
from kumoi.app.networks.segments import SegmentChange, SegmentView
from kumoi.core.call import Actor
from kumoi.core.ids import NetworkId

_KEY = "segment"


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


def routes(house: House) -> list[Route]:
    path = "/v2.0/segments"

    def find(request: Request) -> Response:
        found = segments.find_segments(house, request.call())
        return listing.answer(request, _TABLE, lambda _query: found)

    def show(request: Request) -> Response:
        found = segments.show_segment(house, request.call(), NetworkId(request.params["id"]))
        return json_response({_KEY: listing.fields(request, _render(found, request.call().actor))})

    def update(request: Request) -> Response:
        change = one_of(request, _KEY, Change)
        wanted = SegmentChange(name=change.name, description=change.description)
        done = segments.update_segment(house, request.call(), NetworkId(request.params["id"]), wanted)
        return json_response({_KEY: _render(done, request.call().actor)})

    return [
        Route("GET", path, find, "network.number", SERVICE),
        Route("GET", f"{path}/{{id}}", show, "network.number", SERVICE),
        Route("PUT", f"{path}/{{id}}", update, "network.number", SERVICE, body_type=Change),
    ]


def _render(view: SegmentView, _actor: Actor) -> Shown:
    one = view.network
    told = provider.shown(one.physical, one.vlan, one.vni)
    return {
        "id": one.id,
        "network_id": one.id,
        "name": view.name,
        "description": view.description,
        **{key.removeprefix("provider:"): value for key, value in told.items()},
        "revision_number": one.generation,
        "created_at": second(one.created_at),
        "updated_at": second(one.updated_at),
    }


_TABLE: Table[SegmentView] = Table(
    plural="segments",
    columns={},
    attributes=frozenset(
        {
            "id",
            "network_id",
            "name",
            "description",
            "network_type",
            "physical_network",
            "segmentation_id",
            "revision_number",
            "created_at",
            "updated_at",
        }
    ),
    render=_render,
)
