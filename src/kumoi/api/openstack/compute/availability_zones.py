"""/os-availability-zone."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.times import second
from kumoi.app import aggregates
from kumoi.app.house import House
from kumoi.core.hosts import Host, state
from kumoi.core.policy import allow


def routes(house: House) -> list[Route]:
    path = V + "/os-availability-zone"
    return [
        Route("GET", path, partial(find, house), "zone.read", "compute"),
        Route("GET", path + "/detail", partial(find_detail, house), "host.read", "compute"),
    ]


def find(house: House, request: Request) -> Response:
    return json_response({"availabilityZoneInfo": _zones(house, request, detail=False)})


def find_detail(house: House, request: Request) -> Response:
    allow(request.call(), "host.read")
    return json_response({"availabilityZoneInfo": _zones(house, request, detail=True)})


def _zones(house: House, request: Request, *, detail: bool) -> list[dict[str, Any]]:
    return [
        {
            "zoneName": zone.name,
            "zoneState": {"available": zone.available(request.now) or not zone.hosts},
            "hosts": {h.name: {"nova-compute": _service(request, h)} for h in zone.hosts} if detail else None,
        }
        for zone in aggregates.find_zones(house, request.call())
    ]


def _service(request: Request, host: Host) -> dict[str, Any]:
    up = state(host, request.now) == "up"
    return {"available": up, "active": host.enabled, "updated_at": second(host.seen_at)[:-1] + ".000000"}
