"""GET /hosts, /strays, /links: the machines, what stands on them without a plan, and how their link stands."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_condition
from kumoi.api.operator.numbers import whole
from kumoi.app.hosts import overview
from kumoi.app.hosts.overview import HostView, LinkView, StrayView
from kumoi.app.house import House
from kumoi.core.hosts import state
from kumoi.core.ids import HostId
from kumoi.core.query import MAX_PAGE, Query


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/hosts", partial(find, house), "host.read", "operator"),
        Route("GET", "/hosts/{id}", partial(show, house), "host.read", "operator"),
        Route("GET", "/strays", partial(strays, house), "host.read", "operator"),
        Route("GET", "/links", partial(links, house), "host.read", "operator"),
    ]


def find(house: House, request: Request) -> Response:
    """By name; `limit` and `marker` (an id) page."""
    query = Query(limit=whole(request, "limit", least=1, most=MAX_PAGE), marker=request.arg("marker"))
    return json_response({"hosts": [_host(request, one) for one in overview.find(house, request.call(), query)]})


def show(house: House, request: Request) -> Response:
    found = overview.show(house, request.call(), HostId(request.params["id"]))
    return json_response({"host": _host(request, found)})


def strays(house: House, request: Request) -> Response:
    return json_response({"strays": [_stray(one) for one in overview.strays(house, request.call())]})


def links(house: House, request: Request) -> Response:
    return json_response({"links": [_link(request, one) for one in overview.links(house, request.call())]})


def _host(request: Request, view: HostView) -> dict[str, Any]:
    """Times are seconds since the epoch. `total` counts with overcommit, `capacity` without."""
    host = view.host
    capacity = msgspec.to_builtins(host.capacity)
    return {
        "id": host.id,
        "name": host.name,
        "state": state(host, request.now),
        "enabled": host.enabled,
        "disabled_reason": host.disabled_reason,
        "condition": {
            **msgspec.to_builtins(view.condition), "says": say_condition(view.condition, request.locale),
        },
        "reported_at": host.seen_at,
        "report_age_s": round(max(0.0, request.now - host.seen_at), 3),
        "accelerator": host.accelerator,
        "capabilities": host.capabilities,
        "boot_id": host.boot_id,
        "created_at": host.created_at,
        "guests": view.guests,
        "room": {
            resource: {"used": counter.used, "total": counter.most, "capacity": capacity.get(resource)}
            for resource, counter in sorted(view.room.items())
        },
        "strays": host.strays,
        "troubles": [
            {
                "entry": trouble.entry,
                "since": trouble.since,
                "condition": msgspec.to_builtins(trouble.condition),
                "says": say_condition(trouble.condition, request.locale),
            }
            for trouble in view.troubles
        ],
    }  # fmt: skip


def _stray(view: StrayView) -> dict[str, Any]:
    return {
        "host_id": view.host.id,
        "host": view.host.name,
        "kind": view.kind,
        "name": view.name,
    }


def _link(request: Request, view: LinkView) -> dict[str, Any]:
    """Of what a session is known by, nothing: it speaks for its host."""
    holding = view.holding
    return {
        "host_id": view.host.id,
        "host": view.host.name,
        "state": state(view.host, request.now),
        "greeted": bool(view.host.session),
        "reported_at": view.host.seen_at,
        "reports": view.host.sequence,
        "asked_at": holding.asked_at if holding is not None else None,
        "sections": len(holding.have) if holding is not None else None,
        "behind": view.behind,
    }
