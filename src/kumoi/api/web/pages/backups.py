"""Backups of volumes: list, restore, delete. They are made by the dialog of volumes (`volume_copies`)."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.pages import bulk
from kumoi.api.web.pages.volume_acts import called
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import backups as words
from kumoi.app.backups import change, read
from kumoi.app.backups import restore as restoring
from kumoi.app.backups.read import BackupView
from kumoi.app.house import House
from kumoi.app.quotas import quota
from kumoi.app.volumes import read as volumes
from kumoi.core.backups import Backup
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.ids import BackupId, VolumeId
from kumoi.core.query import Filter, Order, Query, eq, is_in

PATH: Final = "/backups"
ONE: Final = f"{PATH}/{{id}}"
WORDS: Final = words.WORDS
TONES: Final[dict[str, str]] = {"available": "good", "error": "bad"}
_TEMPLATE: Final = "backups.html"
_FIELDS: Final = {"name": "name", "volume_id": "into"}
_OFFERED: Final = 200
_SHAPE: Final = Shape(
    path=PATH, sortable=("name", "size_gib", "created_at"), first=Order("created_at", descending=True)
)


def _word(one: Backup) -> str:
    return one.name or one.id[:8]


def _named(house: House, call: Call, ids: tuple[str, ...]) -> dict[str, str]:
    return {view.backup.id: _word(view.backup) for view in read.find(house, call, Query(filters=(is_in("id", ids),)))}


_MANY: Final = bulk.Kind(
    page="backups",
    path=PATH,
    icon="box",
    action="backup.delete",
    named=_named,
    delete=lambda house, call, one: change.delete(house, call, BackupId(one)),
)


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show_all, front), "backup.read", "web"),
        *bulk.routes(front, _MANY),
        Route("GET", f"{ONE}/restore", partial(ask_restore, front), "backup.restore", "web"),
        Route("POST", f"{ONE}/restore", partial(restore, front), "backup.restore", "web"),
        Route("GET", f"{ONE}/delete", partial(ask_delete, front), "backup.delete", "web"),
        Route("POST", f"{ONE}/delete", partial(delete, front), "backup.delete", "web"),
    ]


def told(status: str) -> str:
    """The status that people are told."""
    if status.startswith("error"):
        return "error"
    return status if f"state.{status}" in WORDS else "other"


def show_all(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, _SHAPE)
    filters: tuple[Filter, ...] = (containing("name", asked.text),) if asked.text else ()

    def find(one: Asked) -> list[BackupView]:
        return read.find(front.house, call, one.query(*filters))

    total = read.count(front.house, call, Query(filters=filters))
    found = listing(asked, find, lambda view: view.backup.id, total)
    parents = tuple({view.backup.volume_id for view in found.rows})
    of = volumes.find(front.house, call, Query(filters=(is_in("id", parents),))) if parents else []
    held = quota(front.house, call, call.project_id)
    return front.page(
        request,
        _TEMPLATE,
        list=found,
        names={view.volume.id: called(view.volume) for view in of},
        counter=held["backups"],
        gigabytes=held["backup_gigabytes"],
        tones=TONES,
        told=told,
        whys={view.backup.id: _whys(front, request, view) for view in found.rows},
    )


def _whys(front: Front, request: Request, view: BackupView) -> dict[str, str]:
    """Why something cannot be done now, by act; empty where it can."""
    status = view.backup.status
    state = front.say(request, "backups.why.state", state=front.say(request, f"backups.state.{told(status)}"))
    kept = "" if status in change.DELETABLE else state
    return {
        "restore": "" if status == "available" else state,
        "delete": front.say(request, "backups.why.needed") if view.has_dependents else kept,
    }


def ask_restore(front: Front, request: Request) -> Response:
    front.caller(request, "backup.restore")
    return _dialog(front, request, EMPTY)


def restore(front: Front, request: Request) -> Response:
    form, one = form_of(request), _view(front, request).backup
    into = VolumeId(form.text("into")) if form.text("into") else None
    try:
        restoring.restore(front.house, request.call(), one.id, into, form.text("name"))
    except KumoiError as e:
        return _dialog(front, request, form, e)
    return front.done(request, PATH, front.say(request, "backups.restored", name=_word(one)), stay=True)


def _dialog(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    """The volumes that may be replaced are offered too, with what becomes of them."""
    one = _view(front, request).backup
    free = Query(filters=(eq("status", "available"),), order=(Order("name"),), limit=_OFFERED)
    found = volumes.find(front.house, request.call(), free)
    into = [("", front.say(request, "backups.restore.into.new"))]
    into += [
        (view.volume.id, front.say(request, "backups.restore.into.volume", name=called(view.volume)))
        for view in found
        if view.volume.size_gib >= one.size_gib
    ]
    values: dict[str, Any] = {"form": form, "backup": one, "name": _word(one), "into": into}
    if error is None:
        return front.part(request, _TEMPLATE, "restoring", **values, errors={})
    return front.again(request, _TEMPLATE, "restoring", error, **values, errors=at_fields(request, error, _FIELDS))


def ask_delete(front: Front, request: Request) -> Response:
    front.caller(request, "backup.delete")
    view = _view(front, request)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "backups.delete.title", name=_word(view.backup)),
        text=front.say(request, "backups.delete.text"),
        hindered=_whys(front, request, view)["delete"],
        action=f"{PATH}/{view.backup.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    one = _view(front, request).backup
    change.delete(front.house, request.call(), one.id)
    return front.done(request, PATH, front.say(request, "backups.deleted.done", name=_word(one)), stay=True)


def _view(front: Front, request: Request) -> BackupView:
    return read.get(front.house, request.call(), BackupId(request.params["id"]))
