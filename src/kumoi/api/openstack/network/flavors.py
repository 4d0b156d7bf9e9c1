"""/v2.0/service-providers."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.resources import SERVICE


def routes() -> list[Route]:
    def providers(_request: Request) -> Response:
        return json_response({"service_providers": []})

    return [Route("GET", "/v2.0/service-providers", providers, "network.read", SERVICE)]
