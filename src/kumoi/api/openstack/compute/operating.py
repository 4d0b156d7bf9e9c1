"""POST /servers/{id}/action: what operators say of a server. And what other services tell of servers:
/os-server-external-events."""

from functools import partial
from typing import Any, Final, Literal

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.compute.actions import accepted, waited
from kumoi.api.openstack.compute.servers import V, server_id
from kumoi.api.openstack.compute.versions import at_least
from kumoi.app.house import House
from kumoi.app.instances import marking
from kumoi.app.instances.marking import OuterEvent
from kumoi.core.errors import Invalid
from kumoi.core.ids import InstanceId, is_uuid

# An event's name, and the version that brought it.
_EVENTS: Final = {
    "network-changed": 1, "network-vif-plugged": 1, "network-vif-unplugged": 1, "network-vif-deleted": 1,
    "volume-extended": 51, "power-update": 76, "accelerator-request-bound": 82, "volume-reimaged": 93,
}  # fmt: skip
_TAGGED: Final = frozenset({"volume-extended", "power-update", "accelerator-request-bound"})
_PARTLY: Final = 207
_NO_HOST: Final = 422


class _State(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["active", "error"]


class StateBody(msgspec.Struct):
    reset: _State = msgspec.field(name="os-resetState")


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    server_uuid: str
    status: Literal["failed", "completed", "in-progress"] = "completed"
    tag: str | None = None


class EventsBody(msgspec.Struct, forbid_unknown_fields=True):
    events: list[_Event]


def routes(house: House) -> list[Route]:
    path = V + "/servers/{id}/action"
    return [
        Route("POST", path, waited(partial(reset, house)), "instance.mark", "compute", body_key="os-resetState",
              body_type=StateBody, wait=True, success=202),
        *(
            Route("POST", path, waited(partial(look_again, house)), "instance.mark", "compute", body_key=name,
                  wait=True, success=202)
            for name in ("injectNetworkInfo", "resetNetwork")
        ),
        Route("POST", V + "/os-server-external-events", partial(take_events, house), "instance.outer_events",
              "compute", body_type=EventsBody),
    ]  # fmt: skip


def reset(house: House, request: Request) -> Response:
    error = request.json(StateBody).reset.state == "error"
    marking.mark(house, request.call(), server_id(request), error=error)
    return accepted()


def look_again(house: House, request: Request) -> Response:
    """A guest's network is what its port says, and told anew whenever that changes."""
    marking.look_again(house, request.call(), server_id(request))
    return accepted()


def take_events(house: House, request: Request) -> Response:
    """200 if all were taken, 207 if some were not: each says which."""
    told = request.json(EventsBody).events
    if not told:
        raise Invalid("api", field="events", reason="missing")
    for event in told:
        if not at_least(request, _EVENTS.get(event.name, 1 << 16)):
            raise Invalid("api", field="events.name", reason="not_in_enum", value=event.name)
        if not is_uuid(event.server_uuid):
            raise Invalid("api", field="events.server_uuid", reason="not_a_uuid", value=event.server_uuid[:64])
    found = marking.take_events(
        house, request.call(), [OuterEvent(instance_id=InstanceId(e.server_uuid), name=e.name) for e in told]
    )
    shown = [_shown(event, placed) for event, placed in zip(told, found, strict=True)]
    return json_response({"events": shown}, 200 if all(e["code"] == 200 for e in shown) else _PARTLY)


def _shown(event: _Event, placed: bool | None) -> dict[str, Any]:
    code = 404 if placed is None else 400 if event.name in _TAGGED and event.tag is None else 200
    if code == 200 and not placed:
        code = _NO_HOST
    shown: dict[str, Any] = {"name": event.name, "server_uuid": event.server_uuid, "code": code}
    if event.tag is not None:
        shown["tag"] = event.tag
    return shown | {"status": "completed" if code == 200 else "failed"}
