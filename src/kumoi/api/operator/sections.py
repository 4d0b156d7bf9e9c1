"""GET /sections/{key}: how far the newest change of a plan section has come among the hosts that follow it."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.app.hosts.spread import spread
from kumoi.app.house import House
from kumoi.core.ids import SectionKey


def routes(house: House) -> list[Route]:
    return [Route("GET", "/sections/{key*}", partial(show, house), "host.read", "operator")]


def show(house: House, request: Request) -> Response:
    """Times are seconds since the epoch."""
    found = spread(house, request.call(), SectionKey(request.params["key"]))
    return json_response({"section": msgspec.to_builtins(found)})
