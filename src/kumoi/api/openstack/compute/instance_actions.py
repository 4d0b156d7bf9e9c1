"""/servers/{id}/os-instance-actions: the events of an instance, as Nova shows them. A view; nothing is stored for
it."""

from functools import partial
from typing import Any

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app import events
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.core.errors import NotFound
from kumoi.core.events import Event

_HIDDEN = frozenset({"instance.status", "instance.console"})


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/os-instance-actions"
    return [
        Route("GET", path, partial(find, house), "event.read", "compute"),
        Route("GET", path + "/{request_id}", partial(show, house), "event.read", "compute"),
    ]


def found(house: House, request: Request) -> list[Event]:
    if not at_least(request, 21):
        read.get(house, request.call(), server_id(request))
    rows = events.of_resource(house, request.call(), "instance", server_id(request))
    if not rows:
        raise NotFound("compute", kind="instance", id=server_id(request))
    return [e for e in rows if e.action not in _HIDDEN]


def find(house: House, request: Request) -> Response:
    return json_response({"instanceActions": [_render(e) for e in found(house, request)]})


def show(house: House, request: Request) -> Response:
    for event in found(house, request):
        if event.request_id == request.params["request_id"]:
            own = [{"event": event.action, "start_time": _time(event), "finish_time": _time(event),
                    "result": "Success"}]  # fmt: skip
            return json_response(
                {"instanceAction": _render(event) | ({"events": own} if at_least(request, 51) else {})}
            )
    raise NotFound("compute", kind="action", id=request.params["request_id"])


def _render(event: Event) -> dict[str, Any]:
    return {
        "action": event.action.removeprefix("instance."),
        "instance_uuid": event.resource_id,
        "request_id": event.request_id,
        "user_id": event.user_id,
        "project_id": event.project_id,
        "start_time": _time(event),
        "message": None,
    }


def _time(event: Event) -> str:
    return second(event.at)[:-1] + ".000000"
