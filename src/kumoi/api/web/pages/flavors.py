"""Flavors, for administrators: the sizes in which instances come; make and delete."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import EMPTY, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.refusals import at_fields
from kumoi.api.web.words import Table
from kumoi.app import flavors
from kumoi.core.errors import KumoiError
from kumoi.core.flavors import Flavor
from kumoi.core.ids import FlavorId
from kumoi.core.query import Order

SHAPE: Final = Shape(
    path="/admin/flavors", sortable=("name", "vcpus", "memory_mib", "disk_gib"), first=Order("memory_mib")
)
_FIELDS: Final = {
    "name": "name", "taken": "name", "vcpus": "vcpus", "memory_mib": "memory_mib", "ram": "memory_mib",
    "disk_gib": "disk_gib", "disk": "disk_gib",
}  # fmt: skip

WORDS: Final[Table] = {
    "title": ("Flavors", "フレーバー"),
    "lead": ("The sizes in which instances come. What runs keeps the size it was made with.",
             "インスタンスのサイズです。稼働中のインスタンスは作成時のサイズのままです。"),
    "some": ("flavor", "フレーバー"),
    "vcpus": ("Processors", "プロセッサー"),
    "memory": ("Memory", "メモリ"),
    "memory_mib": ("Memory (MiB)", "メモリ (MiB)"),
    "disk": ("Disk", "ディスク"),
    "disk_gib": ("Disk (GiB)", "ディスク (GiB)"),
    "disk.help": ("0: as large as the image", "0 はイメージと同じ大きさ"),
    "public": ("For every project", "すべてのプロジェクトで利用可"),
    "private": ("For chosen projects", "一部のプロジェクトのみ"),
    "access": ("Access", "公開範囲"),
    "create": ("Create a flavor", "フレーバーを作成"),
    "made": ("{name} was made.", "{name} を作成しました。"),
    "delete": ("Delete the flavor {name}?", "フレーバー {name} を削除しますか？"),
    "delete.why": ("Instances that were made with it go on; new ones cannot be made.",
                   "このフレーバーで作成済みのインスタンスはそのまま動きます。新しい作成には使えなくなります。"),
    "deleted": ("{name} was deleted.", "{name} を削除しました。"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/admin/flavors", partial(show, front), "flavor.read", "web"),
        Route("GET", "/admin/flavors/create", partial(ask, front), "flavor.create", "web"),
        Route("POST", "/admin/flavors/create", partial(create, front), "flavor.create", "web"),
        Route("GET", "/admin/flavors/{id}/delete", partial(ask_delete, front), "flavor.delete", "web"),
        Route("POST", "/admin/flavors/{id}/delete", partial(delete, front), "flavor.delete", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[Flavor]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return flavors.find(front.house, call, asked.query(*filters))

    return front.page(request, "flavors.html", list=listing(asked, find, lambda flavor: flavor.id))


def ask(front: Front, request: Request) -> Response:
    return front.ask(request, "flavor.create", "flavors.html", "create", form=EMPTY, errors={})


def create(front: Front, request: Request) -> Response:
    form = form_of(request)
    try:
        wish = Flavor(
            id=FlavorId(front.house.chance.uuid()),
            name=form.text("name"),
            vcpus=form.whole("vcpus", 1),
            memory_mib=form.whole("memory_mib", 512),
            disk_gib=form.whole("disk_gib", 0),
            public=form.on("public"),
            created_at=request.now,
        )
        made = flavors.create(front.house, request.call(), wish)
    except KumoiError as e:
        return front.again(
            request, "flavors.html", "create", e, form=form, errors=at_fields(request, e, _FIELDS)
        )  # fmt: skip
    return front.done(request, "/admin/flavors", front.say(request, "flavors.made", name=made.name), stay=True)


def ask_delete(front: Front, request: Request) -> Response:
    flavor = flavors.get(front.house, request.call(), FlavorId(request.params["id"]))
    return front.ask(request, "flavor.delete", "flavors.html", "delete", flavor=flavor)


def delete(front: Front, request: Request) -> Response:
    flavor = flavors.get(front.house, request.call(), FlavorId(request.params["id"]))
    flavors.delete(front.house, request.call(), flavor.id)
    return front.done(request, "/admin/flavors", front.say(request, "flavors.deleted", name=flavor.name), stay=True)
