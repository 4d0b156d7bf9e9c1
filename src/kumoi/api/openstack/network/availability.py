"""/v2.0/network-ip-availabilities and /v2.0/floatingip-pools: where addresses are left."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network import listing
from kumoi.api.openstack.network.listing import Shown, Table, text
from kumoi.api.openstack.network.resources import SERVICE
from kumoi.app.house import House
from kumoi.app.networks import availability, reading
from kumoi.app.networks.availability import NetworkRoom, SubnetRoom
from kumoi.app.networks.subnets import SUBNETS, SubnetView
from kumoi.core.call import Actor
from kumoi.core.ids import NetworkId
from kumoi.core.query import Query

MOST = 2**64 - 1  # the longest integer of our JSON; an IPv6 block may have more addresses


def routes(house: House) -> list[Route]:
    def find(request: Request) -> Response:
        call = request.call()
        return listing.answer(request, _NETWORKS, lambda query: availability.rooms(house, call, query))

    def show(request: Request) -> Response:
        found = availability.room(house, request.call(), NetworkId(request.params["id"]))
        return json_response({"network_ip_availability": _render(found, request.call().actor)})

    def pools(request: Request) -> Response:
        found = [s for s in reading.find(house, request.call(), SUBNETS, Query()) if s.network.external]
        return listing.answer(request, _POOLS, lambda _query: found)

    path = "/v2.0/network-ip-availabilities"
    return [
        Route("GET", path, find, "network.all_projects", SERVICE),
        Route("GET", f"{path}/{{id}}", show, "network.all_projects", SERVICE),
        Route("GET", "/v2.0/floatingip-pools", pools, "subnet.read", SERVICE),
    ]


def _render(room: NetworkRoom, _actor: Actor) -> Shown:
    one = room.network
    return {
        "id": one.id,
        "network_id": one.id,
        "network_name": one.name,
        "project_id": one.project_id,
        "tenant_id": one.project_id,
        "total_ips": min(MOST, sum(s.total for s in room.subnets)),
        "used_ips": sum(s.used for s in room.subnets),
        "subnet_ip_availability": [_render_subnet(s) for s in room.subnets],
    }


def _render_subnet(room: SubnetRoom) -> Shown:
    return {
        "subnet_id": room.subnet.id,
        "subnet_name": room.subnet.name,
        "cidr": room.subnet.cidr,
        "ip_version": room.subnet.ip_version,
        "total_ips": min(MOST, room.total),
        "used_ips": room.used,
    }


def _by_version(shown: Shown, wanted: list[str]) -> bool:
    return any(str(s["ip_version"]) in wanted for s in shown["subnet_ip_availability"])


def _render_pool(view: SubnetView, _actor: Actor) -> Shown:
    one = view.subnet
    return {
        "id": one.id,
        "subnet_id": one.id,
        "subnet_name": one.name,
        "network_id": one.network_id,
        "cidr": one.cidr,
        "project_id": one.project_id,
        "tenant_id": one.project_id,
    }


_NETWORKS: Table[NetworkRoom] = Table(
    plural="network_ip_availabilities",
    columns={
        "network_id": ("id", text),
        "network_name": ("name", text),
        "project_id": ("project_id", text),
        "tenant_id": ("project_id", text),
    },
    attributes=frozenset({"network_id", "network_name", "project_id", "tenant_id", "total_ips", "used_ips"}),
    render=_render,
    special={"ip_version": _by_version},
)
_POOLS: Table[SubnetView] = Table(
    plural="floatingip_pools",
    columns={},
    attributes=frozenset({"subnet_id", "subnet_name", "network_id", "cidr", "project_id", "tenant_id"}),
    render=_render_pool,
)
