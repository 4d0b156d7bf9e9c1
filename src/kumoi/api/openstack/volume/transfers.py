"""/os-volume-transfer, and since 3.55 /volume-transfers: a volume goes to another project."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.times import bare
from kumoi.api.openstack.volume.asked import projects
from kumoi.api.openstack.volume.paging import cut, next_page, query_of
from kumoi.api.openstack.volume.versions import at_least
from kumoi.api.openstack.volume.volume_views import links
from kumoi.api.openstack.volume.words import text_of
from kumoi.app.house import House
from kumoi.app.volumes import transfers
from kumoi.core.ids import VolumeId, VolumeTransferId
from kumoi.core.volume_transfers import VolumeTransfer

ELDER: Final = "/os-volume-transfer"
PATH: Final = "/volume-transfers"
SORTABLE: Final = {"id": "id", "name": "name", "volume_id": "volume_id", "created_at": "created_at"}


class _New(msgspec.Struct):
    volume_id: str
    name: str | None = None
    no_snapshots: bool = False


class CreateBody(msgspec.Struct):
    transfer: _New


class _Key(msgspec.Struct):
    auth_key: str


class AcceptBody(msgspec.Struct):
    accept: _Key


def routes(house: House) -> list[Route]:
    return [
        *_at(house, ELDER, partial(Route, service="volume")),
        *_at(house, PATH, partial(Route, service="volume", min_version=(3, 55))),
    ]


def _at(house: House, path: str, at: Any) -> list[Route]:
    one = path + "/{id}"
    return [
        at("GET", path, partial(find, house, False), "volume_transfer.read"),
        at("GET", path + "/detail", partial(find, house, True), "volume_transfer.read"),
        at("POST", path, partial(create, house), "volume_transfer.create", body_type=CreateBody, success=202),
        at("GET", one, partial(show, house), "volume_transfer.read"),
        at("DELETE", one, partial(delete, house), "volume_transfer.delete", success=202),
        at("POST", one + "/accept", partial(accept, house), "volume_transfer.accept", body_type=AcceptBody,
           success=202),
    ]  # fmt: skip


def transfer_id(request: Request) -> VolumeTransferId:
    return VolumeTransferId(request.params["id"])


def find(house: House, detailed: bool, request: Request) -> Response:
    everyone, theirs = projects(request, "volume.all_projects")
    query = query_of(request, SORTABLE, *theirs)
    shown = cut(request, transfers.find(house, request.call(), query, all_projects=everyone))
    render = _detail if detailed else _brief
    pages = next_page(request, "transfers", [one.id for one in shown])
    return json_response({"transfers": [render(request, one) for one in shown], **pages})


def create(house: House, request: Request) -> Response:
    new = request.json(CreateBody).transfer
    name = text_of("transfer.name", new.name)
    # Before 3.55 snapshots stay where they are.
    along = at_least(request, 55) and not new.no_snapshots
    made = transfers.offer(house, request.call(), VolumeId(new.volume_id), name, with_snapshots=along)
    return json_response({"transfer": {**_detail(request, made.transfer), "auth_key": made.key}}, 202)


def show(house: House, request: Request) -> Response:
    return json_response({"transfer": _detail(request, transfers.get(house, request.call(), transfer_id(request)))})


def delete(house: House, request: Request) -> Response:
    transfers.take_back(house, request.call(), transfer_id(request))
    return Response(202)


def accept(house: House, request: Request) -> Response:
    key = request.json(AcceptBody).accept.auth_key
    done = transfers.accept(house, request.call(), transfer_id(request), key)
    return json_response({"transfer": _brief(request, done)}, 202)


def _brief(request: Request, one: VolumeTransfer) -> dict[str, Any]:
    kind = PATH if PATH.encode() in request.raw_path else ELDER
    return {
        "id": one.id,
        "volume_id": one.volume_id,
        "name": one.name or None,
        "links": links(request, one.id, kind.lstrip("/")),
    }


def _detail(request: Request, one: VolumeTransfer) -> dict[str, Any]:
    shown = {**_brief(request, one), "created_at": bare(one.created_at)}
    if at_least(request, 55) and PATH.encode() in request.raw_path:
        shown["no_snapshots"] = not one.with_snapshots
    if at_least(request, 57):
        shown |= {"source_project_id": one.project_id, "destination_project_id": None, "accepted": False}
    return shown
