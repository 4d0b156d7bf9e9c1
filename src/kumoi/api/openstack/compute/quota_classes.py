"""/os-quota-class-sets: the one class that there is, `default`: what projects have of which nobody said anything."""

from functools import partial
from typing import Any

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.limits import limit, names
from kumoi.api.openstack.compute.servers import V
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app import quotas
from kumoi.app.house import House
from kumoi.core.errors import Invalid
from kumoi.core.policy import allow
from kumoi.core.quotas import Resource

DEFAULT = "default"
# Nova shows them since 2.50, where it no longer speaks for the network.
_GROUPS = frozenset({"server_groups", "server_group_members"})


class UpdateBody(msgspec.Struct, forbid_unknown_fields=True):
    quota_class_set: dict[str, int | str]


def routes(house: House) -> list[Route]:
    path = V + "/os-quota-class-sets/{id}"
    return [
        Route("GET", path, partial(show, house), "quota.update", "compute"),
        Route("PUT", path, partial(update, house), "quota.update", "compute", body_type=UpdateBody),
    ]


def show(house: House, request: Request) -> Response:
    """Of a class that nobody set, Nova tells the defaults."""
    allow(request.call(), "quota.update")
    now = quotas.defaults(house, request.call())
    return json_response({"quota_class_set": {"id": request.params["id"], **_shown(request, now)}})


def update(house: House, request: Request) -> Response:
    wished = request.json(UpdateBody).quota_class_set
    if request.params["id"] != DEFAULT:
        raise Invalid("api", field="quota_class_set", reason="not_in_enum", value=request.params["id"])
    limits: dict[Resource, int] = {}
    for name, value in wished.items():
        if name in _names(request):
            limits[_names(request)[name]] = limit(name, value)
        elif name != "id":
            raise Invalid("api", field=f"quota_class_set.{name}", reason="unknown_field")
    return json_response({"quota_class_set": _shown(request, quotas.set_defaults(house, request.call(), limits))})


def _names(request: Request) -> dict[str, Resource]:
    hidden = frozenset[str]() if at_least(request, 50) else _GROUPS
    return {name: ours for name, ours in names(request, until=50).items() if name not in hidden}


def _shown(request: Request, now: dict[str, int]) -> dict[str, Any]:
    return {name: now[ours] for name, ours in _names(request).items()}
