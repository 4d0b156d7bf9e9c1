"""/messages, since 3.3: why a volume came to nothing, in the caller's language."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_code
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volume_views import links
from kumoi.app.house import House
from kumoi.app.volumes import messages
from kumoi.core.ids import VolumeMessageId
from kumoi.core.query import Query, eq
from kumoi.core.volume_messages import VolumeMessage

SORTABLE: Final = {
    "id": "id", "event_id": "code", "resource_uuid": "resource_id", "resource_type": "kind",
    "request_id": "request_id", "guaranteed_until": "expires_at", "created_at": "created_at",
}  # fmt: skip
# Cinder's numbers: what was done, and what stood against it.
NO_BACKEND: Final = "VOLUME_VOLUME_001_002"
UNKNOWN: Final = "VOLUME_VOLUME_003_001"
EVENTS: Final = {"no_room_for_volume": NO_BACKEND}


def routes(house: House) -> list[Route]:
    at = partial(Route, service="volume", min_version=(3, 3))
    return [
        at("GET", "/messages", partial(find, house), "volume.read"),
        at("GET", "/messages/{id}", partial(show, house), "volume.read"),
        at("DELETE", "/messages/{id}", partial(delete, house), "volume.delete", success=204),
    ]


def find(house: House, request: Request) -> Response:
    if not at_least(request, 5):
        return _page(request, messages.find(house, request.call(), Query()))
    filters = tuple(
        eq(ours, value.lower() if ours == "kind" else value)
        for name, ours in SORTABLE.items()
        if (value := request.arg(name)) is not None and ours in {"resource_id", "kind", "request_id"}
    )
    return _page(request, cut(request, messages.find(house, request.call(), query_of(request, SORTABLE, *filters))))


def show(house: House, request: Request) -> Response:
    return json_response({"message": _render(request, messages.get(house, request.call(), _id(request)))})


def delete(house: House, request: Request) -> Response:
    messages.delete(house, request.call(), _id(request))
    return no_content()


def _id(request: Request) -> VolumeMessageId:
    return VolumeMessageId(request.params["id"])


def _page(request: Request, found: list[VolumeMessage]) -> Response:
    pages = next_page(request, "messages", [one.id for one in found])
    return json_response({"messages": [_render(request, one) for one in found], **pages})


def _render(request: Request, one: VolumeMessage) -> dict[str, Any]:
    return {
        "id": one.id,
        "request_id": one.request_id,
        "message_level": "ERROR",
        "event_id": EVENTS.get(one.code, UNKNOWN),
        "resource_type": one.kind.upper(),
        "resource_uuid": one.resource_id,
        "created_at": bare(one.created_at),
        "guaranteed_until": bare(one.expires_at),
        "user_message": say_code(one.code, one.facts, request.locale),
        "links": links(request, one.id, "messages"),
    }
