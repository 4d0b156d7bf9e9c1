"""GET /events: what happened, newest first, or everything after a number."""

from functools import partial

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.operator.cadf import record_of
from kumoi.api.operator.numbers import whole
from kumoi.app import events
from kumoi.app.events import Feed
from kumoi.app.house import House
from kumoi.core.query import MAX_PAGE

DEFAULT_PAGE = 100


def routes(house: House) -> list[Route]:
    return [Route("GET", "/events", partial(find, house), "event.read", "operator")]


def find(house: House, request: Request) -> Response:
    """`after`, `before`: numbers (`seq`); `project`, `kind`, `resource`, `request`, `action` (a prefix), `limit`;
    `format=cadf` for audit records."""
    wanted = Feed(
        after=whole(request, "after"),
        before=whole(request, "before"),
        project_id=request.arg("project"),
        kind=request.arg("kind"),
        resource_id=request.arg("resource"),
        action=request.arg("action"),
        request_id=request.arg("request"),
        limit=whole(request, "limit", least=1, most=MAX_PAGE) or DEFAULT_PAGE,
    )
    found = events.feed(house, request.call(), wanted)
    if request.arg("format") == "cadf":
        return json_response({"events": [record_of(event, house.rules.region) for event in found]})
    return json_response({"events": msgspec.to_builtins(found)})
