"""GET /series/{instance}: what was measured of an instance, at a step, for a window."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.operator.numbers import number, whole
from kumoi.app.house import House
from kumoi.app.meters.read import Chart, Window, chart
from kumoi.core.ids import InstanceId
from kumoi.core.meters import UNITS


def routes(house: House) -> list[Route]:
    return [Route("GET", "/series/{id}", partial(show, house), "meter.read", "operator")]


def show(house: House, request: Request) -> Response:
    """`since`, `until`: seconds since the epoch; `step`: seconds; `meter`: any number of them."""
    window = Window(
        since=number(request, "since"),
        until=number(request, "until"),
        step_s=whole(request, "step"),
        meters=frozenset(value for name, value in request.query if name == "meter"),
    )
    found = chart(house, request.call(), InstanceId(request.params["id"]), window)
    return json_response({"series": render(found)})


def render(found: Chart) -> dict[str, Any]:
    return {
        "since": found.since,
        "step_s": found.step_s,
        "curves": [
            {
                "subject": curve.subject,
                "meter": curve.meter,
                "unit": UNITS[curve.meter],
                "average": curve.average,
                "least": curve.least,
                "most": curve.most,
            }
            for curve in found.curves
        ],
    }
