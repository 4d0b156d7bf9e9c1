"""/os-availability-zone: the one zone that there is."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.core.policy import allow

ZONE = "nova"


def routes() -> list[Route]:
    return [Route("GET", "/os-availability-zone", zones, "zone.read", "volume")]


def zones(request: Request) -> Response:
    allow(request.call(), "zone.read")
    return json_response({"availabilityZoneInfo": [{"zoneName": ZONE, "zoneState": {"available": True}}]})
