"""Volumes on their way to another project: offer one, take it back, accept one by its key."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages.volume_acts import ONE, called, done, volume_of
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.volumes import transfers
from kumoi.core.errors import KumoiError, NotFound
from kumoi.core.ids import VolumeTransferId
from kumoi.core.query import Query, eq

PATH: Final = "/volume-transfers"
_TEMPLATE: Final = "transfers.html"

WORDS: Final[Table] = {
    "offer": ("Offer", "譲渡を申し出る"),
    "offer.row": ("Offer {name} to another project", "{name} を別のプロジェクトに譲渡"),
    "offer.title": ("Offer {name} to another project", "{name} を別のプロジェクトに譲渡"),
    "offer.text": (
        "Whoever gets the number and the key makes it theirs, with its snapshots. Until then nobody can use it.",
        "番号とキーを受け取った人のプロジェクトに、スナップショットごと移ります。それまでは使えません。",
    ),
    "offered.title": ("{name} is offered", "{name} の譲渡を受け付けています"),
    "offered.text": (
        "Give both to whoever shall have it. The key is shown this once.",
        "譲渡先に両方を伝えてください。キーが表示されるのは今回だけです。",
    ),
    "number": ("Number", "番号"),
    "key": ("Key", "キー"),
    "back": ("Take back", "取り下げ"),
    "back.row": ("Take {name} back", "{name} の譲渡を取り下げ"),
    "back.title": ("Take {name} back?", "{name} の譲渡を取り下げますか？"),
    "back.text": ("Its key opens nothing any more.", "渡したキーは無効になります。"),
    "back.done": ("{name} is yours as before.", "{name} の譲渡を取り下げました。"),
    "accept": ("Accept a volume", "ボリュームを受け取る"),
    "accept.text": (
        "Its quota is your project's from then on.",
        "受け取ったボリュームは、このプロジェクトのクォータに加算されます。",
    ),
    "accept.submit": ("Accept", "受け取る"),
    "accepted": ("The volume is your project's now.", "ボリュームを受け取りました。"),
}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", f"{ONE}/offer", partial(ask_offer, front), "volume_transfer.create", "web"),
        Route("POST", f"{ONE}/offer", partial(offer, front), "volume_transfer.create", "web"),
        Route("GET", f"{ONE}/take-back", partial(ask_back, front), "volume_transfer.delete", "web"),
        Route("POST", f"{ONE}/take-back", partial(take_back, front), "volume_transfer.delete", "web"),
        Route("GET", f"{PATH}/accept", partial(ask_accept, front), "volume_transfer.accept", "web"),
        Route("POST", f"{PATH}/accept", partial(accept, front), "volume_transfer.accept", "web"),
    ]


def ask_offer(front: Front, request: Request) -> Response:
    front.caller(request, "volume_transfer.create")
    volume = volume_of(front, request)
    return front.part(request, _TEMPLATE, "offer", volume=volume, name=called(volume), errors={})


def offer(front: Front, request: Request) -> Response:
    """The answer is the only one that ever has the key in it."""
    volume = volume_of(front, request)
    try:
        made = transfers.offer(front.house, request.call(), volume.id, volume.name)
    except KumoiError as e:
        values = {"volume": volume, "name": called(volume), "errors": at_fields(request, e, {})}
        return front.again(request, _TEMPLATE, "offer", e, **values)
    return front.part(request, _TEMPLATE, "offered", name=called(volume), offered=made)


def ask_back(front: Front, request: Request) -> Response:
    front.caller(request, "volume_transfer.delete")
    volume = volume_of(front, request)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "transfers.back.title", name=called(volume)),
        text=front.say(request, "transfers.back.text"),
        hindered="",
        action=f"/volumes/{volume.id}/take-back",
        submit=front.say(request, "transfers.back"),
        symbol="history",
    )


def take_back(front: Front, request: Request) -> Response:
    volume, call = volume_of(front, request), request.call()
    found = transfers.find(front.house, call, Query(filters=(eq("volume_id", volume.id),)))
    if not found:
        raise NotFound("storage", kind="volume_transfer", id=volume.id)
    transfers.take_back(front.house, call, found[0].id)
    return done(front, request, "transfers.back.done", volume)


def ask_accept(front: Front, request: Request) -> Response:
    return front.ask(request, "volume_transfer.accept", _TEMPLATE, "accept", form=EMPTY, errors={})


def accept(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        transfers.accept(front.house, request.call(), VolumeTransferId(form.text("number")), form.text("key"))
    except KumoiError as e:
        return _again(front, request, form, e)
    return front.done(request, "/volumes", front.say(request, "transfers.accepted"), stay=True)


def _again(front: Front, request: Request, form: Form, error: KumoiError) -> Response:
    fields = {"auth_key": "key", "volume_transfer": "number"}
    return front.again(request, _TEMPLATE, "accept", error, form=form, errors=at_fields(request, error, fields))
