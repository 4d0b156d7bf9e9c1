"""Placement as a tongue: every resource's routes under one prefix."""

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route, Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.microversions import spelled
from kumoi.api.openstack.placement import (
    aggregates,
    allocations,
    candidates,
    classes,
    inventories,
    providers,
    traits,
    usages,
)
from kumoi.api.openstack.placement.answers import answer
from kumoi.api.openstack.placement.errors import render_error
from kumoi.api.openstack.placement.versions import LEAST, MOST, headers, version_of
from kumoi.app.house import House


def tongue(house: House) -> Tongue:
    """Mounted at /placement."""
    return Tongue(
        name="placement",
        prefix="/placement",
        routes=[
            Route("GET", "/", versions, service="placement", anonymous=True),
            *providers.routes(house),
            *inventories.routes(house),
            *aggregates.routes(house),
            *traits.routes(house),
            *classes.routes(house),
            *allocations.routes(house),
            *usages.routes(house),
            *candidates.routes(house),
        ],
        authenticate=by_token(house),
        render_error=render_error,
        version=version_of,
        headers=headers,
        id_headers=("x-openstack-request-id",),
    )


def versions(request: Request) -> Response:
    shown = {
        "id": "v1.0",
        "status": "CURRENT",
        "max_version": spelled(MOST),
        "min_version": spelled(LEAST),
        "links": [{"rel": "self", "href": ""}],
    }
    return answer(request, {"versions": [shown]})
