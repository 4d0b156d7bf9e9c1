"""GET /why/{id}: wish, claims, plan, what was seen, and what stands between them, in the caller's language."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_condition
from kumoi.app import why
from kumoi.app.house import House
from kumoi.core.call import Locale
from kumoi.core.conditions import Condition, Ready
from kumoi.core.hosts import Host, state


def routes(house: House) -> list[Route]:
    return [Route("GET", "/why/{id*}", partial(show, house), "why.read", "operator")]


def show(house: House, request: Request) -> Response:
    found = why.explain(house, request.call(), request.params["id"])
    return json_response({"why": render(found, request.locale, request.now)})


def render(found: why.Why, locale: Locale, now: float) -> dict[str, Any]:
    """Times are seconds since the epoch."""
    seen = found.seen
    return {
        "kind": found.kind,
        "id": found.id,
        "name": found.name,
        "ec2_id": found.ec2_id,
        "status": found.status,
        "condition": _condition(found.condition, locale),
        "intent": msgspec.to_builtins(found.intent),
        "seen": {**msgspec.to_builtins(seen), "says": _says(seen.condition, locale)} if seen is not None else None,
        "hosts": [_host(h, now) for h in found.hosts],
        "placements": msgspec.to_builtins(found.placements),
        "plan": msgspec.to_builtins(found.plan),
        "claims": msgspec.to_builtins(found.claims),
        "allocations": msgspec.to_builtins(found.allocations),
        "related": msgspec.to_builtins(found.related),
        "events": msgspec.to_builtins(found.events),
    }


def _condition(condition: Condition, locale: Locale) -> dict[str, Any]:
    return {**msgspec.to_builtins(condition), "says": _says(condition, locale)}


def _says(condition: Condition | None, locale: Locale) -> str:
    return "" if condition is None or isinstance(condition, Ready) else say_condition(condition, locale)


def _host(host: Host, now: float) -> dict[str, Any]:
    return {"id": host.id, "name": host.name, "state": state(host, now), "seen_at": host.seen_at}
