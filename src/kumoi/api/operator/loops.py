"""GET /loops: what control's loops are at, and since when each last did its work."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.app import loops
from kumoi.app.house import House
from kumoi.runtime.loop import LoopState


def routes(house: House) -> list[Route]:
    return [Route("GET", "/loops", partial(find, house), "loop.read", "operator")]


def find(house: House, request: Request) -> Response:
    """Of the process that answers, which is named."""
    states = loops.states(house, request.call())
    return json_response({"process": house.loops.process, "loops": [_loop(one, request.now) for one in states]})


def _loop(one: LoopState, now: float) -> dict[str, Any]:
    return {
        "name": one.name,
        "well_at": one.well_at or None,
        "age_s": round(max(0.0, now - one.well_at), 3) if one.well_at else None,
        "took_s": round(one.took_s, 6),
        "passes": one.passes,
        "errors": one.errors,
        "waiting": one.depth,
        "waiting_s": round(one.oldest_s, 3),
        "running": one.running,
        "troubles": msgspec.to_builtins(one.troubles),
    }
