"""/servers/{id}/os-instance-actions: the events of an instance, as Nova shows them. A view; nothing is stored for
it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.server_queries import instant, page_limit
from kumoi.api.openstack.compute.server_views import host_mark
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.api.openstack.times import second
from kumoi.app import events
from kumoi.app.house import House
from kumoi.app.instances import read
from kumoi.core.errors import Invalid, NotFound
from kumoi.core.events import Event
from kumoi.core.query import MAX_PAGE

# What Nova calls the step of an action that clients look for; others go by the action.
_STEPS = {"instance.extend_volume": "compute_extend_volume"}
_HIDDEN = frozenset({"instance.status", "instance.console"})


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/os-instance-actions"
    return [
        Route("GET", path, partial(find, house), "event.read", "compute"),
        Route("GET", path + "/{request_id}", partial(show, house), "event.read", "compute"),
    ]


def found(house: House, request: Request) -> list[Event]:
    """All, newest first."""
    if not at_least(request, 21):
        read.get(house, request.call(), server_id(request))
    rows = events.of_resource(house, request.call(), "instance", server_id(request))
    if not rows:
        raise NotFound("compute", kind="instance", id=server_id(request))
    return [e for e in rows if e.action not in _HIDDEN]


def find(house: House, request: Request) -> Response:
    rows = found(house, request)
    limit = MAX_PAGE
    if at_least(request, 58):
        limit = page_limit(request) or MAX_PAGE
        rows = _after_marker(request, rows)
        if (since := request.arg("changes-since")) is not None:
            rows = [e for e in rows if e.at >= instant("changes-since", since)]
    if at_least(request, 66) and (before := request.arg("changes-before")) is not None:
        rows = [e for e in rows if e.at <= instant("changes-before", before)]
    page: dict[str, Any] = {"instanceActions": [_render(request, e) for e in rows[:limit]]}
    if at_least(request, 58) and len(rows) > limit:
        rest = [(k, v) for k, v in request.query if k != "marker"]
        query = urlencode([*rest, ("marker", rows[limit - 1].request_id)])
        href = f"{request.base_url}{request.raw_path.decode('latin-1')}?{query}"
        page["links"] = [{"rel": "next", "href": href}]
    return json_response(page)


def _after_marker(request: Request, rows: list[Event]) -> list[Event]:
    marker = request.arg("marker")
    if marker is None:
        return rows
    places = [place for place, event in enumerate(rows) if event.request_id == marker]
    if not places:
        raise Invalid("api", field="marker", reason="no_such_thing", value=marker)
    return rows[places[-1] + 1 :]


def show(house: House, request: Request) -> Response:
    for event in found(house, request):
        if event.request_id == request.params["request_id"]:
            shown = _render(request, event)
            if at_least(request, 51) or read.sees_host(request.call()):  # before, administrators alone had them
                shown["events"] = [_event(house, request, event)]
            return json_response({"instanceAction": shown})
    raise NotFound("compute", kind="action", id=request.params["request_id"])


def _event(house: House, request: Request, event: Event) -> dict[str, Any]:
    """An action has one event here: the change of the wish. What the host did is the server's status."""
    shown: dict[str, Any] = {
        "event": _STEPS.get(event.action, event.action), "result": "Success",
        "start_time": _time(event), "finish_time": _time(event),
    }  # fmt: skip
    if read.sees_host(request.call()):
        shown["traceback"] = None
    if at_least(request, 84):
        shown["details"] = None  # an event is written when its wish is taken: none of them has failed
    if at_least(request, 62):
        try:
            view = read.get(house, request.call(), server_id(request))
        except NotFound:  # deleted since
            return shown | {"hostId": ""} | ({"host": None} if read.sees_host(request.call()) else {})
        shown["hostId"] = host_mark(view)
        if read.sees_host(request.call()):
            shown["host"] = view.host.name if view.host else None
    return shown


def _render(request: Request, event: Event) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "action": event.action.removeprefix("instance."),
        "instance_uuid": event.resource_id,
        "request_id": event.request_id,
        "user_id": event.user_id,
        "project_id": event.project_id,
        "start_time": _time(event),
        "message": None,
    }
    return shown | {"updated_at": _time(event)} if at_least(request, 58) else shown


def _time(event: Event) -> str:
    return second(event.at)[:-1] + ".000000"
