"""The hosts, for administrators: room and health of each, what stands there, and whether new instances go there."""

from functools import partial
from typing import Any, Final

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.forms import form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.wording import condition_sentence
from kumoi.api.web.words import Table
from kumoi.app.hosts import overview, read
from kumoi.app.hosts.overview import HostView
from kumoi.app.hosts.switch import switch
from kumoi.core.conditions import Blocked, Ready
from kumoi.core.hosts import state
from kumoi.core.ids import HostId
from kumoi.core.query import Order

SHAPE: Final = Shape(path="/admin/hosts", sortable=("name", "seen_at"), first=Order("name"))
_TEMPLATE: Final = "hosts.html"
_ROOM: Final = (("vcpus", ""), ("memory_mib", "MiB"), ("disk_gib", "GiB"))

WORDS: Final[Table] = {
    "title": ("Hosts", "ホスト"),
    "lead": ("The machines that run instances: what is left of them, and how they are.",
             "インスタンスを実行するマシンの空き容量と状態です。"),
    "some": ("host", "ホスト"),
    "empty": ("No host yet", "ホストはまだありません"),
    "empty.why": ("A host appears here as soon as its agent has greeted the cloud.",
                  "エージェントがクラウドに接続すると、ここに表示されます。"),
    "state.up": ("Up", "稼働中"),
    "state.down": ("Silent", "応答なし"),
    "state.lost": ("Lost", "喪失"),
    "state.halted": ("Waits to be asked", "指示待ち"),
    "state.troubled": ("In trouble", "問題あり"),
    "state.disabled": ("No new instances", "新規配置なし"),
    "room": ("Room", "空き容量"),
    "vcpus": ("Processors", "プロセッサー"),
    "memory_mib": ("Memory", "メモリ"),
    "disk_gib": ("Disk", "ディスク"),
    "used_of": ("{used} of {most}", "{used} / {most}"),
    "guests": ("Instances", "インスタンス"),
    "reported": ("Last report", "最終報告"),
    "accelerator": ("Accelerator", "アクセラレーター"),
    "capabilities": ("Capabilities", "機能"),
    "boot": ("Boot", "ブート ID"),
    "overcommit": ("with overcommit; the machine has {n}", "オーバーコミット込み。実機は {n}"),
    "troubles": ("Not as it should be", "あるべき状態ではないもの"),
    "strays": ("Strays", "迷子"),
    "strays.why": ("Things in the cloud's name that no plan names. They are left alone.",
                   "クラウドの名前を持ちながら計画にないものです。手は加えられません。"),
    "all_well": ("Everything on this host stands as it should.", "このホストはすべて正常です。"),
    "none_here": ("No instance runs here.", "ここで動いているインスタンスはありません。"),
    "disable": ("Take no new instances", "新規配置の対象から外す"),
    "disable.why": ("What runs there goes on; no new instance is put there.",
                    "稼働中のものはそのまま続き、新しいインスタンスは配置されなくなります。"),
    "enable": ("Take new instances again", "新規配置の対象に戻す"),
    "reason": ("Reason", "理由"),
    "disabled": ("{name} takes no new instances.", "{name} には新しいインスタンスは配置されません。"),
    "enabled": ("{name} takes new instances again.", "{name} に新しいインスタンスが配置されるようになりました。"),
}  # fmt: skip


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What templates show of a host. `tone` and `word` are of its badge; `says` why it is not well."""

    view: HostView
    tone: str
    word: str
    says: str
    room: tuple[dict[str, Any], ...]


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/admin/hosts", partial(show, front), "host.read", "web"),
        Route("GET", "/admin/hosts/{id}", partial(look, front), "host.read", "web"),
        Route("POST", "/admin/hosts/{id}/switch", partial(turn, front), "host.update", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)

    def find(asked: Asked) -> list[Row]:
        filters = (containing("name", asked.text),) if asked.text else ()
        return [_row(request, view) for view in overview.find(front.house, call, asked.query(*filters))]

    return front.page(request, _TEMPLATE, list=listing(asked, find, lambda row: row.view.host.id))


def look(front: Front, request: Request) -> Response:
    view = overview.show(front.house, request.call(), HostId(request.params["id"]))
    guests = read.guests(front.house, request.call()).get(view.host.id, [])
    troubles = [(t, condition_sentence(t.condition, request.locale)) for t in view.troubles]
    return front.page(request, "host.html", row=_row(request, view), guests=guests, troubles=troubles)


def turn(front: Front, request: Request) -> Response:
    form = form_of(request)
    on = form.text("enabled") == "yes"
    host = switch(
        front.house, request.call(), HostId(request.params["id"]), enabled=on, reason=form.text("reason")[:255]
    )
    says = front.say(request, "hosts.enabled" if on else "hosts.disabled", name=host.name)
    return front.done(request, f"/admin/hosts/{host.id}", says)


def _row(request: Request, view: HostView) -> Row:
    tone, word = _badge(request, view)
    room = tuple(
        {"key": key, "unit": unit, "used": counter.used, "most": counter.most,
         "capacity": getattr(view.host.capacity, key)}
        for key, unit in _ROOM
        if (counter := view.room.get(key)) is not None
    )  # fmt: skip
    return Row(view=view, tone=tone, word=word, says=condition_sentence(view.condition, request.locale), room=room)


def _badge(request: Request, view: HostView) -> tuple[str, str]:
    """The worst first."""
    found = state(view.host, request.now)
    if found != "up":
        return "bad", f"hosts.state.{found}"
    if isinstance(view.condition, Blocked):
        return "bad", "hosts.state.halted"
    if view.troubles or not isinstance(view.condition, Ready):
        return "warn", "hosts.state.troubled"
    return ("good", "hosts.state.up") if view.host.enabled else ("idle", "hosts.state.disabled")
