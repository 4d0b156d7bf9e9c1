"""Volume types, for administrators: what a volume may be asked to be; make, change, delete."""

from functools import partial
from typing import Final

from msgspec.structs import replace

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app.volumes import type_specs, types
from kumoi.core.errors import Invalid, KumoiError
from kumoi.core.ids import VolumeTypeId
from kumoi.core.query import Order
from kumoi.core.volume_types import DEFAULT_TYPE, VolumeType

PATH: Final = "/admin/volume-types"
ONE: Final = f"{PATH}/{{id}}"
SHAPE: Final = Shape(path=PATH, sortable=("name", "created_at"), first=Order("name"))
_TEMPLATE: Final = "volume_types.html"
_FIELDS: Final = {"name": "name", "taken": "name", "description": "description", "extra_specs": "specs",
                  "specs": "specs"}  # fmt: skip

WORDS: Final[Table] = {
    "title": ("Volume types", "ボリュームタイプ"),
    "lead": (
        "What a volume may be asked to be. Extra specs say which pools will do.",
        "ボリュームに指定できる種類です。追加仕様で、使えるプールを選びます。",
    ),
    "some": ("volume type", "ボリュームタイプ"),
    "specs": ("Extra specs", "追加仕様"),
    "specs.help": (
        "One a line: key=value. volume_backend_name names a pool.",
        "1 行に 1 つ、キー=値 の形で入力します。volume_backend_name でプールを指定できます。",
    ),
    "specs.none": ("any pool", "任意のプール"),
    "public": ("For every project", "すべてのプロジェクトで利用可"),
    "private": ("For chosen projects", "一部のプロジェクトのみ"),
    "access": ("Access", "公開範囲"),
    "create": ("Create a volume type", "ボリュームタイプを作成"),
    "made": ("{name} was made.", "{name} を作成しました。"),
    "edit": ("Change {name}", "{name} を変更"),
    "edit.text": (
        "Its extra specs can be changed while no volume is of it.",
        "追加仕様は、このタイプのボリュームがない間だけ変更できます。",
    ),
    "saved": ("{name} was changed.", "{name} を変更しました。"),
    "delete": ("Delete the volume type {name}?", "ボリュームタイプ {name} を削除しますか？"),
    "delete.why": ("No volume can be made of it any more.", "今後、このタイプのボリュームは作成できません。"),
    "delete.default": ("It is what volumes are of that ask for none.", "タイプを指定しないボリュームの既定です。"),
    "deleted": ("{name} was deleted.", "{name} を削除しました。"),
}


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", PATH, partial(show, front), "volume_type.create", "web"),
        Route("GET", f"{PATH}/create", partial(ask, front), "volume_type.create", "web"),
        Route("POST", f"{PATH}/create", partial(create, front), "volume_type.create", "web"),
        Route("GET", f"{ONE}/edit", partial(edit, front), "volume_type.update", "web"),
        Route("POST", f"{ONE}/edit", partial(save, front), "volume_type.update", "web"),
        Route("GET", f"{ONE}/delete", partial(ask_delete, front), "volume_type.delete", "web"),
        Route("POST", f"{ONE}/delete", partial(delete, front), "volume_type.delete", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = front.caller(request, "volume_type.create"), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[VolumeType]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return types.find(front.house, call, asked.query(*filters))

    found = listing(asked, find, lambda one: one.id)
    return front.page(request, _TEMPLATE, list=found, default=DEFAULT_TYPE.id)


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "volume_type.create", _TEMPLATE, "create", form=EMPTY, errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        made = types.create(front.house, request.call(), _wish(form))
    except KumoiError as e:
        return front.again(request, _TEMPLATE, "create", e, form=form, errors=at_fields(request, e, _FIELDS))
    return front.done(request, PATH, front.say(request, "volume_types.made", name=made.name), stay=True)


def _wish(form: Form) -> VolumeType:
    if not form.text("name"):
        raise Invalid("storage", field="name", reason="missing", name="name")
    return VolumeType(
        id=VolumeTypeId(""),
        name=form.text("name"),
        description=form.text("description"),
        public=form.on("public"),
        extra_specs=form.pairs_in("specs"),
    )


def edit(front: Front, request: Request) -> Response:
    one = _type(front, request)
    specs = "\n".join(f"{key}={value}" for key, value in sorted(one.extra_specs.items()))
    pairs = [("name", one.name), ("description", one.description), ("specs", specs)]
    form = Form([*pairs, *([("public", "yes")] if one.public else [])])
    return front.ask(request, "volume_type.update", _TEMPLATE, "edit", type=one, form=form, errors={})


def save(front: Front, request: Request) -> Response:
    """What is no longer among the extra specs goes."""
    one, form, call = _type(front, request), form_of(request), request.call()
    try:
        wish = replace(_wish(form), id=one.id)
        if wish.extra_specs != one.extra_specs:  # first, as they are refused while volumes have the type
            for key in one.extra_specs.keys() - wish.extra_specs.keys():
                type_specs.drop_spec(front.house, call, one.id, key)
            type_specs.put_specs(front.house, call, one.id, wish.extra_specs)
        types.update(
            front.house, call, one.id, name=wish.name, description=wish.description, public=wish.public
        )  # fmt: skip
    except KumoiError as e:
        values = {"type": one, "form": form, "errors": at_fields(request, e, _FIELDS)}
        return front.again(request, _TEMPLATE, "edit", e, **values)
    return front.done(request, PATH, front.say(request, "volume_types.saved", name=wish.name), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    front.caller(request, "volume_type.delete")
    one = _type(front, request)
    return front.part(
        request,
        "confirm.html",
        "confirm",
        title=front.say(request, "volume_types.delete", name=one.name),
        text=front.say(request, "volume_types.delete.why"),
        hindered=front.say(request, "volume_types.delete.default") if one.id == DEFAULT_TYPE.id else "",
        action=f"{PATH}/{one.id}/delete",
        submit=front.say(request, "delete"),
    )


def delete(front: Front, request: Request) -> Response:
    one = _type(front, request)
    types.delete(front.house, request.call(), one.id)
    return front.done(request, PATH, front.say(request, "volume_types.deleted", name=one.name), stay=True)


def _type(front: Front, request: Request) -> VolumeType:
    return types.get(front.house, request.call(), request.params["id"])
