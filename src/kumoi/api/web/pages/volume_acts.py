"""What is done with one volume: attach, detach, extend, take a snapshot, delete. Dialogs of the list of volumes."""

from functools import partial
from typing import Any, Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words.volumes import STATES
from kumoi.app.instances import read as instances
from kumoi.app.volumes import attaching, read, snapshots
from kumoi.app.volumes import delete as deleting
from kumoi.app.volumes.acting import ALLOWED, Act
from kumoi.app.volumes.attaching import PLUGGABLE, AttachWish
from kumoi.app.volumes.extend import extend
from kumoi.app.volumes.read import VolumeView
from kumoi.app.volumes.snapshots import SnapshotWish
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import InstanceId, VolumeId
from kumoi.core.query import Order, Query, is_in
from kumoi.core.volumes import Volume

ONE: Final = "/volumes/{id}"
TEMPLATE: Final = "volumes.html"
FIELDS: Final = {
    "name": "name", "description": "description", "size": "size", "new_size": "size", "volume_type": "type",
    "imageRef": "source", "instance_id": "instance", "quota_exceeded": "",
}  # fmt: skip
TONES: Final[dict[str, str]] = {
    "available": "idle",
    "in_use": "good",
    "reserved": "idle",
    "awaiting_transfer": "warn",
    "error": "bad",
}
_OFFERED: Final = 500


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{ONE}/attach", partial(ask_attach, front), "attachment.create", "web"),
        Route("POST", f"{ONE}/attach", partial(attach, front), "attachment.create", "web"),
        Route("GET", f"{ONE}/detach", partial(ask_detach, front), "attachment.delete", "web"),
        Route("POST", f"{ONE}/detach", partial(detach, front), "attachment.delete", "web"),
        Route("GET", f"{ONE}/extend", partial(ask_extend, front), "volume.update", "web"),
        Route("POST", f"{ONE}/extend", partial(enlarge, front), "volume.update", "web"),
        Route("GET", f"{ONE}/snapshot", partial(ask_snapshot, front), "volume_snapshot.create", "web"),
        Route("POST", f"{ONE}/snapshot", partial(snapshot, front), "volume_snapshot.create", "web"),
        Route("GET", f"{ONE}/delete", partial(ask_delete, front), "volume.delete", "web"),
        Route("POST", f"{ONE}/delete", partial(delete, front), "volume.delete", "web"),
    ]


def called(volume: Volume) -> str:
    """What people call it: its name, or how its id begins."""
    return volume.name or volume.id[:8]


def told(status: str) -> str:
    """The status that people are told: many are the same to them."""
    if status.startswith("error"):
        return "error"
    return status if f"state.{status}" in STATES else "other"


def whys(front: Front, request: Request, view: VolumeView) -> dict[str, str]:
    """Why something cannot be done now, by act; empty where it can."""
    status = view.volume.status
    state = front.say(request, "volumes.why.state", state=front.say(request, f"volumes.state.{told(status)}"))
    acts: tuple[Act, ...] = ("attach", "extend", "snapshot", "upload", "transfer", "delete")
    found: dict[str, str] = {act: "" if status in ALLOWED[act] else state for act in acts}
    if status == "in_use":
        found["delete"] = front.say(request, "volumes.why.attached")
    found["detach"] = "" if status in ALLOWED["detach"] else state
    return found


def ask_attach(front: Front, request: Request) -> Response:
    return _attach_form(front, request, EMPTY)


def attach(front: Front, request: Request) -> Response:
    form, volume = form_of(request), volume_of(front, request)
    try:
        if not form.text("instance"):
            raise Invalid("storage", field="instance_id", reason="missing", name="instance_id")
        wish = AttachWish(volume_id=volume.id)
        attaching.attach(front.house, request.call(), InstanceId(form.text("instance")), wish)
    except KumoiError as e:
        return _attach_form(front, request, form, e)
    return done(front, request, "volumes.attached.done", volume)


def _attach_form(front: Front, request: Request, form: Form, error: KumoiError | None = None) -> Response:
    front.caller(request, "attachment.create")
    query = Query(filters=(is_in("status", tuple(sorted(PLUGGABLE))),), order=(Order("name"),), limit=_OFFERED)
    found = instances.find(front.house, request.call(), query)
    offered = [(one.id, one.name or one.id[:8]) for one in found]
    return dialog(front, request, "attachment", error, form=form, instances=offered)


def ask_detach(front: Front, request: Request) -> Response:
    front.caller(request, "attachment.delete")
    return _confirm(front, request, "detach", "unplug")


def detach(front: Front, request: Request) -> Response:
    """Out of every instance that has it."""
    call = front.caller(request, "attachment.delete")
    view = read.get(front.house, call, VolumeId(request.params["id"]))
    for one in view.attachments:
        if one.instance_id is not None:
            attaching.detach(front.house, call, one.instance_id, view.volume.id)
    return done(front, request, "volumes.detached.done", view.volume)


def ask_extend(front: Front, request: Request) -> Response:
    front.caller(request, "volume.update")
    return dialog(front, request, "extension", None, form=EMPTY)


def enlarge(front: Front, request: Request) -> Response:
    form = form_of(request)

    try:
        extend(front.house, request.call(), VolumeId(request.params["id"]), form.whole("size", 0))
    except KumoiError as e:
        return dialog(front, request, "extension", e, form=form)
    return done(front, request, "volumes.extended", volume_of(front, request))


def ask_snapshot(front: Front, request: Request) -> Response:
    front.caller(request, "volume_snapshot.create")
    return dialog(front, request, "taking", None, form=EMPTY)


def snapshot(front: Front, request: Request) -> Response:
    form = form_of(request)

    wish = SnapshotWish(
        volume_id=VolumeId(request.params["id"]), name=form.text("name"), description=form.text("description")
    )
    try:
        snapshots.create(front.house, request.call(), wish)
    except KumoiError as e:
        return dialog(front, request, "taking", e, form=form)
    return done(front, request, "volumes.snapshot.done", volume_of(front, request))


def ask_delete(front: Front, request: Request) -> Response:
    front.caller(request, "volume.delete")
    return _confirm(front, request, "delete", "trash-2")


def delete(front: Front, request: Request) -> Response:
    volume = volume_of(front, request)
    deleting.delete(front.house, request.call(), volume.id)
    return done(front, request, "volumes.deleted.done", volume)


def volume_of(front: Front, request: Request) -> Volume:
    return read.get(front.house, request.call(), VolumeId(request.params["id"])).volume


def dialog(front: Front, request: Request, block: str, error: KumoiError | None, **more: Any) -> Response:
    volume = volume_of(front, request)
    values = {**more, "volume": volume, "name": called(volume)}
    if error is None:
        return front.part(request, TEMPLATE, block, **values, errors={})
    return front.again(request, TEMPLATE, block, error, **values, errors=at_fields(request, error, FIELDS))


def _confirm(front: Front, request: Request, verb: str, symbol: str) -> Response:
    view = read.get(front.house, request.call(), VolumeId(request.params["id"]))
    name = called(view.volume)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, f"volumes.{verb}.title", name=name),
        text=front.say(request, f"volumes.{verb}.text"),
        hindered=whys(front, request, view)[verb],
        action=f"/volumes/{view.volume.id}/{verb}",
        submit=front.say(request, "delete" if verb == "delete" else f"volumes.{verb}"),
        symbol=symbol,
    )


def done(front: Front, request: Request, says: str, volume: Volume) -> Response:
    return front.done(request, "/volumes", front.say(request, says, name=called(volume)), stay=True)
