"""/v2.0/availability_zones: there is one, of which all hosts are."""

from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.resources import SERVICE

ZONE: Final = "nova"


def routes() -> list[Route]:
    def find(request: Request) -> Response:
        found = [{"name": ZONE, "resource": resource, "state": "available"} for resource in ("network", "router")]
        wanted = [z for z in found if all(request.arg(k, v) == v for k, v in z.items())]
        return json_response({"availability_zones": wanted})

    return [Route("GET", "/v2.0/availability_zones", find, "zone.read", SERVICE)]
