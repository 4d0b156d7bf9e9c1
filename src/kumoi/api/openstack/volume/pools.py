"""/scheduler-stats/get_pools and /capabilities: where volumes are kept, and what can be said of it."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.words import flag
from kumoi.app.house import House
from kumoi.app.volumes import pools, types
from kumoi.app.volumes.pools import PoolView
from kumoi.core.errors import NotFound
from kumoi.core.storage_pools import words
from kumoi.planning.volumes import offers


def routes(house: House) -> list[Route]:
    return [
        Route("GET", "/scheduler-stats/get_pools", partial(find, house), "host.read", "volume"),
        Route("GET", "/capabilities/{name}", partial(capabilities, house), "host.read", "volume"),
    ]


def backend(view: PoolView) -> str:
    """Cinder's `host@backend`: each of our pools is a backend with one pool."""
    return f"{view.host.name}@{view.pool.name}"


def find(house: House, request: Request) -> Response:
    found = pools.find(house, request.call())
    whole = flag("detail", request.arg("detail") or "false")
    if at_least(request, 28):
        found = [one for one in found if _passes(request, one)]
    named = (request.arg("volume-type") or request.arg("volume_type")) if at_least(request, 35) else None
    if named is not None:
        specs = types.get(house, request.call(), named).extra_specs
        found = [one for one in found if offers(one.pool, specs)]
    return json_response({"pools": [_detail(request, one) if whole else _brief(one) for one in found]})


def capabilities(house: House, request: Request) -> Response:
    """A client may leave out `#pool`, or lose it: it is the fragment of an address."""
    name = request.params["name"].partition("#")[0]
    for one in pools.find(house, request.call()):
        if name in {backend(one), one.host.name}:
            return json_response(_capabilities(one))
    raise NotFound("storage", kind="host", id=name)


def _passes(request: Request, one: PoolView) -> bool:
    """By name, and by any of the capabilities."""
    shown = _detail(request, one)["capabilities"]
    asked = {k: v for k, v in request.query if k in {"name", *shown}}
    return all(str({"name": _name(one), **shown}[key]).lower() == value.lower() for key, value in asked.items())


def _name(one: PoolView) -> str:
    return f"{backend(one)}#{one.pool.name}"


def _brief(one: PoolView) -> dict[str, Any]:
    return {"name": _name(one)}


def _detail(request: Request, one: PoolView) -> dict[str, Any]:
    shown: dict[str, Any] = {
        **words(one.pool),
        "pool_name": one.pool.name,
        "timestamp": bare(one.host.seen_at),
        "total_capacity_gb": one.pool.total_gib,
        "free_capacity_gb": max(0, one.pool.total_gib - one.promised_gib),
        "allocated_capacity_gb": one.promised_gib,
        "provisioned_capacity_gb": one.promised_gib,
        "max_over_subscription_ratio": "1.0",
        "reserved_percentage": 0,
        "QoS_support": False,
        "backend_state": "up" if request.now - one.host.seen_at <= 60 else "down",
        **dict.fromkeys(one.pool.capabilities, True),
    }
    return {"name": _name(one), "capabilities": shown}


def _capabilities(one: PoolView) -> dict[str, Any]:
    """Each capability is a switch that a type's extra specs may ask for."""
    properties = {
        word: {"type": "boolean", "title": word, "description": f"The driver {one.pool.driver} has it: {word}"}
        for word in one.pool.capabilities
    }
    return {
        **words(one.pool),
        "namespace": f"OS::Storage::Capabilities::{one.host.name}@{one.pool.name}",
        "pool_name": one.pool.name,
        "display_name": None,
        "description": None,
        "visibility": None,
        "replication_targets": [],
        "properties": properties,
    }
