"""Snapshots of volumes: list, delete, take a volume back; a new one is made of one by the dialog of volumes."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk
from kumoi.api.web.pages.volume_acts import TONES, called, told
from kumoi.api.web.words import volumes as words
from kumoi.app.house import House
from kumoi.app.quotas import quota
from kumoi.app.volumes import read, snapshots
from kumoi.app.volumes import revert as reverting
from kumoi.app.volumes.acting import ALLOWED
from kumoi.app.volumes.snapshots import SnapshotView
from kumoi.core.call import Call
from kumoi.core.ids import SnapshotId, VolumeId
from kumoi.core.query import Filter, Order, Query, is_in
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volumes import Volume

PATH: Final = "/snapshots"
WORDS: Final = words.SNAPSHOTS
_TEMPLATE: Final = "snapshots.html"
_SHAPE: Final = Shape(
    path=PATH, sortable=("name", "size_gib", "created_at"), first=Order("created_at", descending=True)
)


def _word(one: VolumeSnapshot) -> str:
    return one.name or one.id[:8]


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    found = snapshots.find(house, call, Query(filters=(is_in("id", ids),)))
    return {view.snapshot.id: _word(view.snapshot) for view in found}


_MANY: Final = bulk.Kind(
    page="snapshots",
    path=PATH,
    icon="layers",
    action="volume_snapshot.delete",
    named=_named,
    delete=lambda house, call, one: snapshots.delete(house, call, SnapshotId(one)),
)


def routes(front: Front) -> list[Route]:
    one, back = f"{PATH}/{{id}}/delete", f"{PATH}/{{id}}/revert"
    return [
        Route("GET", PATH, partial(show_all, front), "volume_snapshot.read", "web"),
        *bulk.routes(front, _MANY),
        Route("GET", back, partial(ask_revert, front), "volume.update", "web"),
        Route("POST", back, partial(revert, front), "volume.update", "web"),
        Route("GET", one, partial(ask_delete, front), "volume_snapshot.delete", "web"),
        Route("POST", one, partial(delete, front), "volume_snapshot.delete", "web"),
    ]


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[SnapshotView]:
        return snapshots.find(front.house, call, one.query(*filters))

    found = listing(asked, find, lambda view: view.snapshot.id)
    parents = tuple({view.snapshot.volume_id for view in found.rows})
    volumes = read.find(front.house, call, Query(filters=(is_in("id", parents),))) if parents else []
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        names={view.volume.id: called(view.volume) for view in volumes},
        whys=_whys(front, request, found.rows, {view.volume.id: view.volume for view in volumes}),
        counter=quota(front.house, call, call.project_id)["volumes"],
        tones=TONES,
        told=told,
    )


def _whys(
    front: Front, request: Request, rows: Iterable[SnapshotView], volumes: Mapping[VolumeId, Volume]
) -> dict[str, str]:
    """Why a volume cannot be taken back to its snapshot, by snapshot; empty where it can."""
    return {view.snapshot.id: _hindered(front, request, view.snapshot, volumes) for view in rows}


def _hindered(front: Front, request: Request, one: VolumeSnapshot, volumes: Mapping[VolumeId, Volume]) -> str:
    volume = volumes.get(one.volume_id)
    if volume is None:
        return front.say(request, "snapshots.why.gone")
    if volume.size_gib != one.size_gib:
        return front.say(request, "snapshots.why.grew")
    free = volume.status in ALLOWED["revert"] and one.status == "available"
    return "" if free else front.say(request, "snapshots.why.used")


def ask_revert(front: Front, request: Request) -> Response:
    call, one = front.caller(request, "volume.update"), _snapshot(front, request)
    volume = read.get(front.house, call, one.volume_id).volume
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "snapshots.revert.title", volume=called(volume), name=_word(one)),
        text=front.say(request, "snapshots.revert.text"),
        hindered=_hindered(front, request, one, {volume.id: volume}),
        action=f"{PATH}/{one.id}/revert",
        submit=front.say(request, "snapshots.revert"),
        symbol="history",
    )


def revert(front: Front, request: Request) -> Response:
    one = _snapshot(front, request)
    view = reverting.revert(front.house, request.call(), one.volume_id, one.id)
    return front.done(request, PATH, front.say(request, "snapshots.reverted", name=called(view.volume)), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    front.caller(request, "volume_snapshot.delete")
    one = _snapshot(front, request)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "snapshots.delete.title", name=_word(one)),
        text=front.say(request, "snapshots.delete.text"),
        hindered="",
        action=f"{PATH}/{one.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    one = _snapshot(front, request)
    snapshots.delete(front.house, request.call(), one.id)
    return front.done(request, PATH, front.say(request, "snapshots.deleted.done", name=_word(one)), stay=True)


def _snapshot(front: Front, request: Request) -> VolumeSnapshot:
    return snapshots.get(front.house, request.call(), SnapshotId(request.params["id"])).snapshot
