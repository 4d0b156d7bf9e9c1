"""/os-networks and /os-tenant-networks until 2.35: which networks there are, in Nova's elder words."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS
from kumoi.core.networks import Network
from kumoi.core.query import Query

LAST: Final = (2, 35)
# What nova-network knew of a network and nothing here means.
NOT_HERE: Final = (
    "bridge", "vpn_public_port", "dhcp_start", "bridge_interface", "share_address", "updated_at", "cidr_v6",
    "deleted_at", "gateway", "rxtx_base", "priority", "project_id", "vpn_private_address", "deleted", "vlan",
    "broadcast", "netmask", "injected", "cidr", "vpn_public_address", "multi_host", "enable_dhcp", "dns2",
    "created_at", "host", "mtu", "gateway_v6", "netmask_v6", "dhcp_server", "dns1",
)  # fmt: skip


def routes(house: House) -> list[Route]:
    networks, tenants = V + "/os-networks", V + "/os-tenant-networks"
    until = partial(Route, action="network.read", service="compute", max_version=LAST)
    return [
        until("GET", networks, partial(find, house)),
        until("GET", networks + "/{id}", partial(show, house)),
        until("GET", tenants, partial(find_brief, house)),
        until("GET", tenants + "/{id}", partial(show_brief, house)),
    ]


def find(house: House, request: Request) -> Response:
    return json_response({"networks": [_render(n) for n in _all(house, request)]})


def show(house: House, request: Request) -> Response:
    return json_response({"network": _render(_one(house, request))})


def find_brief(house: House, request: Request) -> Response:
    return json_response({"networks": [_brief(n) for n in _all(house, request)]})


def show_brief(house: House, request: Request) -> Response:
    return json_response({"network": _brief(_one(house, request))})


def _all(house: House, request: Request) -> list[Network]:
    return [view.network for view in reading.find(house, request.call(), NETWORKS, Query())]


def _one(house: House, request: Request) -> Network:
    return reading.show(house, request.call(), NETWORKS, request.params["id"]).network


def _brief(network: Network) -> dict[str, Any]:
    return {"id": network.id, "label": network.name, "cidr": None}


def _render(network: Network) -> dict[str, Any]:
    return {**dict.fromkeys(NOT_HERE), "id": network.id, "label": network.name}
