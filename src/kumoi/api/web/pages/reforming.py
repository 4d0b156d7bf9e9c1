"""An instance in another size, or anew from an image: the two questions that need more than a click.

What does not belong here: confirming a new size and going back (instances).
"""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app import flavors
from kumoi.app.images import doors as images
from kumoi.app.instances import read, resize
from kumoi.app.instances.rebuild import RebuildWish, rebuild
from kumoi.core.call import Call
from kumoi.core.errors import KumoiError
from kumoi.core.ids import FlavorId, ImageId, InstanceId
from kumoi.core.instances import Instance
from kumoi.core.query import Order, Query, eq

WORDS: Final[Table] = {
    "resize": ("Resize…", "リサイズ…"),
    "resize.title": ("Resize {name}", "{name} をリサイズ"),
    "resize.lead": (
        "It is shut down and started anew. Until you confirm the new size, you can go back to the former one.",
        "いったん停止して起動し直します。新しいサイズを確定するまでは元に戻せます。",
    ),
    "resize.to": ("New flavor", "新しいフレーバー"),
    "resize.now": ("Now: {flavor}", "現在: {flavor}"),
    "resize.none": (
        "No other flavor has room for its disk, which never shrinks.",
        "ディスクは縮小できません。これを収められるフレーバーはほかにありません。",
    ),
    "resize.go": ("Resize", "リサイズ"),
    "resize.done": ("{name} is being resized.", "{name} をリサイズしています。"),
    "rebuild": ("Rebuild…", "再構築…"),
    "rebuild.title": ("Rebuild {name}", "{name} を再構築"),
    "rebuild.lead": (
        "It keeps its name, addresses and volumes. All that is on its own disk is gone for good.",
        "名前・アドレス・ボリュームは維持されます。本体のディスクの内容は完全に失われます。",
    ),
    "rebuild.to": ("Image", "イメージ"),
    "rebuild.none": ("No image fits it.", "使えるイメージがありません。"),
    "rebuild.volume": (
        "It boots from a volume, and has no disk that could be made anew.",
        "ボリュームから起動しているため、作り直せるディスクがありません。",
    ),
    "rebuild.go": ("Rebuild", "再構築する"),
    "rebuild.done": ("{name} is being rebuilt.", "{name} を再構築しています。"),
}
TEMPLATE: Final = "reforming.html"
GIB: Final = 1 << 30


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen: pairs of id and text; `hindered`: a key of the words, where nothing may."""

    act: str
    options: list[tuple[str, str]]
    chosen: str = ""
    hindered: str = ""


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/instances/{id}/resize", partial(ask, front, "resize"), "instance.power", "web"),
        Route("POST", "/instances/{id}/resize", partial(do_resize, front), "instance.power", "web"),
        Route("GET", "/instances/{id}/rebuild", partial(ask, front, "rebuild"), "instance.power", "web"),
        Route("POST", "/instances/{id}/rebuild", partial(do_rebuild, front), "instance.power", "web"),
    ]


def ask(front: Front, act: str, request: Request) -> Response:
    front.caller(request, "instance.power")
    return _dialog(front, request, act, EMPTY)


def do_resize(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        one = resize.resize(front.house, request.call(), _id(request), FlavorId(form.text("to")))
    except KumoiError as e:
        return _dialog(front, request, "resize", form, e)
    return _done(front, request, "resize", one)


def do_rebuild(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        one = rebuild(front.house, request.call(), _id(request), RebuildWish(image_id=ImageId(form.text("to"))))
    except KumoiError as e:
        return _dialog(front, request, "rebuild", form, e)
    return _done(front, request, "rebuild", one)


def _dialog(front: Front, request: Request, act: str, form: Form, error: KumoiError | None = None) -> Response:
    call = request.call()
    one = read.get(front.house, call, _id(request)).instance
    found = _flavors(front, request, call, one) if act == "resize" else _images(front, call, one)
    values: dict[str, Any] = {"one": one, "choice": found, "form": form, "errors": {}}
    if error is None:
        return front.part(request, TEMPLATE, "reforming", **values)
    values["errors"] = at_fields(request, error, {"flavor": "to", "image": "to"})
    return front.again(request, TEMPLATE, "reforming", error, **values)


def _flavors(front: Front, request: Request, call: Call, one: Instance) -> Choice:
    found = sorted(flavors.find(front.house, call, Query()), key=lambda f: (f.memory_mib, f.vcpus, f.disk_gib))
    fitting = [f for f in found if f.id != one.flavor_id and f.disk_gib >= one.disk_gib]
    options = [
        (str(f.id), f"{f.name} · {f.vcpus} vCPU · {f.memory_mib} MiB · {f.disk_gib} GiB") for f in fitting
    ]  # fmt: skip
    return Choice(act="resize", options=options, hindered="" if options else "resize.none")


def _images(front: Front, call: Call, one: Instance) -> Choice:
    """Those that fit its memory and disk; the one that it was made of is chosen first."""
    if not one.root_layer_id:
        return Choice(act="rebuild", options=[], hindered="rebuild.volume")
    found = images.find(front.house, call, Query(filters=(eq("status", "active"),), order=(Order("name"),)))
    bytes_of_disk = one.disk_gib * GIB
    options = [
        (str(i.id), i.name or str(i.id))
        for i in found
        if i.layer_id is not None and i.min_ram_mib <= one.memory_mib
        and (not bytes_of_disk or max(i.virtual_bytes or 0, i.min_disk_gib * GIB) <= bytes_of_disk)
    ]  # fmt: skip
    return Choice(act="rebuild", options=options, chosen=one.image_id, hindered="" if options else "rebuild.none")


def _done(front: Front, request: Request, act: str, one: Instance) -> Response:
    text = front.say(request, f"reforming.{act}.done", name=one.name)
    return front.done(request, f"/instances/{one.id}", text, stay=True)


def _id(request: Request) -> InstanceId:
    return InstanceId(request.params["id"])
