"""Instances as a list: filter, sort, page, act on one or on many with a result for each."""

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Final, NamedTuple

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.conditions import TONES
from kumoi.api.web.forms import form_of
from kumoi.api.web.front import Front
from kumoi.api.web.listing import Asked, Shape, asked_of, containing, listing
from kumoi.api.web.wording import condition_sentence, sentence
from kumoi.api.web.words import Table
from kumoi.app.house import House
from kumoi.app.instances import acting, delete, imaging, power, read, resize, rest, shelve
from kumoi.app.instances.read import InstanceView
from kumoi.app.instances.rebuild import rescue, unrescue
from kumoi.core.call import Call
from kumoi.core.conditions import Blocked, Ready
from kumoi.core.errors import Forbidden, Invalid, KumoiError
from kumoi.core.ids import InstanceId
from kumoi.core.instances import Instance
from kumoi.core.policy import may
from kumoi.core.query import Filter, Order, Query, eq, is_in

TEMPLATE: Final = "instances.html"
MANY_MOST: Final = 200
SHAPE: Final = Shape(
    path="/instances",
    sortable=("name", "status", "flavor_name", "created_at"),
    first=Order("created_at", descending=True),
    filters={"status": ("active", "building", "stopped", "error")},
)
ACTS: Final[dict[str, tuple[str, Callable[[House, Call, InstanceId], object]]]] = {
    "start": ("instance.power", power.start),
    "stop": ("instance.power", power.stop),
    "reboot": ("instance.power", partial(power.reboot, hard=False)),
    "hard_reboot": ("instance.power", partial(power.reboot, hard=True)),
    "pause": ("instance.power", rest.pause),
    "unpause": ("instance.power", rest.unpause),
    "suspend": ("instance.power", rest.suspend),
    "resume": ("instance.power", rest.resume),
    "rescue": ("instance.power", partial(rescue, image_id=None)),
    "unrescue": ("instance.power", unrescue),
    "confirm_resize": ("instance.power", resize.confirm),
    "revert_resize": ("instance.power", resize.revert),
    "shelve": ("instance.power", shelve.shelve),
    "unshelve": ("instance.power", shelve.unshelve),
    "create_image": ("instance.power", imaging.create_dated),
    "delete": ("instance.delete", delete.delete),
}
# Shown only where they are possible: most of them never are.
RARE: Final[tuple[tuple[acting.Act, str], ...]] = (
    ("confirm_resize", "check"), ("revert_resize", "history"), ("unrescue", "play"), ("unpause", "play"),
    ("resume", "play"), ("unshelve", "play"), ("pause", "hourglass"), ("suspend", "moon"), ("rescue", "life-buoy"),
    ("shelve", "box"), ("create_image", "disc-3"),
)  # fmt: skip

WORDS: Final[Table] = {
    "title": ("Instances", "インスタンス"),
    "lead": ("Virtual machines of this project.", "このプロジェクトの仮想マシンです。"),
    "one": ("instances", "インスタンス"),
    "launch": ("Launch instance", "インスタンスを起動"),
    "search": ("Name, ID or address", "名前・ID・アドレス"),
    "flavor": ("Flavor", "フレーバー"),
    "addresses": ("Addresses", "アドレス"),
    "age": ("Age", "経過"),
    "empty": ("No instances yet", "インスタンスはまだありません"),
    "empty.why": (
        "An instance is a virtual machine made from an image. It is up in seconds, and you reach it by its address, "
        "by SSH, or by its console.",
        "インスタンスはイメージから作る仮想マシンです。数秒で起動し、アドレス・SSH・コンソールで利用できます。",
    ),
    "status.building": ("Building", "作成中"),
    "status.active": ("Active", "稼働中"),
    "status.stopping": ("Stopping", "停止処理中"),
    "status.stopped": ("Stopped", "停止"),
    "status.starting": ("Starting", "起動中"),
    "status.rebooting": ("Rebooting", "再起動中"),
    "status.hard_rebooting": ("Resetting", "リセット中"),
    "status.pausing": ("Pausing", "一時停止処理中"),
    "status.paused": ("Paused", "一時停止"),
    "status.unpausing": ("Going on", "再開中"),
    "status.suspending": ("Suspending", "サスペンド処理中"),
    "status.suspended": ("Suspended", "サスペンド"),
    "status.resuming": ("Resuming", "復帰中"),
    "status.rebuilding": ("Rebuilding", "再構築中"),
    "status.resizing": ("Resizing", "リサイズ中"),
    "status.resized": ("Resized: to be confirmed", "リサイズ済み (確認待ち)"),
    "status.reverting": ("Being reverted", "リサイズの取り消し中"),
    "status.rescuing": ("Entering rescue", "レスキュー開始中"),
    "status.rescued": ("In rescue", "レスキュー中"),
    "status.unrescuing": ("Leaving rescue", "レスキュー終了中"),
    "status.shelving": ("Shelving", "退避処理中"),
    "status.shelved": ("Shelved", "退避済み"),
    "status.offloaded": ("Shelved, offloaded", "退避済み (解放済み)"),
    "status.error": ("Error", "エラー"),
    "status.deleted": ("Deleted", "削除済み"),
    "size": ("{vcpus} vCPU · {memory} · {disk}", "{vcpus} vCPU · {memory} · {disk}"),
    "act.start": ("Start", "起動"),
    "act.stop": ("Stop", "停止"),
    "act.reboot": ("Reboot", "再起動"),
    "act.hard_reboot": ("Reset (hard reboot)", "リセット (強制再起動)"),
    "act.pause": ("Pause", "一時停止"),
    "act.unpause": ("Go on", "一時停止を解除"),
    "act.suspend": ("Suspend to disk", "サスペンド"),
    "act.resume": ("Resume", "サスペンドから復帰"),
    "act.rescue": ("Rescue", "レスキュー"),
    "act.unrescue": ("Leave rescue", "レスキューを終了"),
    "act.confirm_resize": ("Confirm the new size", "リサイズを確定"),
    "act.revert_resize": ("Back to the former size", "リサイズを取り消し"),
    "act.shelve": ("Shelve", "退避"),
    "act.unshelve": ("Unshelve", "退避から復帰"),
    "act.create_image": ("Create image", "イメージを作成"),
    "act.delete": ("Delete…", "削除…"),
    "open": ("Open", "開く"),
    "log": ("Console log", "コンソールログ"),
    "done.start": ("{name} is being started.", "{name} を起動しています。"),
    "done.stop": ("{name} is being stopped.", "{name} を停止しています。"),
    "done.reboot": ("{name} is being rebooted.", "{name} を再起動しています。"),
    "done.hard_reboot": ("{name} is being reset.", "{name} をリセットしています。"),
    "done.pause": ("{name} is being paused.", "{name} を一時停止しています。"),
    "done.unpause": ("{name} goes on.", "{name} の一時停止を解除しています。"),
    "done.suspend": ("{name} is being suspended.", "{name} をサスペンドしています。"),
    "done.resume": ("{name} is being resumed.", "{name} をサスペンドから復帰しています。"),
    "done.rescue": (
        "{name} is being started from a fresh disk of its image; its own disk is the second one.",
        "{name} をイメージの新しいディスクから起動しています。元のディスクは 2 台目として接続されます。",
    ),
    "done.unrescue": ("{name} is being started from its own disk.", "{name} を元のディスクから起動しています。"),
    "done.confirm_resize": ("{name} keeps its new size.", "{name} の新しいサイズを確定しました。"),
    "done.revert_resize": ("{name} goes back to its former size.", "{name} を元のサイズに戻しています。"),
    "done.shelve": ("{name} is being shelved.", "{name} を退避しています。"),
    "done.unshelve": ("{name} is being started.", "{name} を起動しています。"),
    "done.create_image": (
        "An image of {name} is being made; it is named after it and the time.",
        "{name} のイメージを作成しています。名前は元の名前と日時です。",
    ),
    "done.delete": ("{name} was deleted.", "{name} を削除しました。"),
    "confirm.title": ("Delete {n} instances?", "{n} 件のインスタンスを削除しますか？"),
    "confirm.title_one": ("Delete this instance?", "このインスタンスを削除しますか？"),
    "confirm.lead": (
        "Their disks and all data on them are gone for good, and their addresses go back to the network.",
        "ディスクとその上のデータは完全に失われ、アドレスはネットワークに返却されます。",
    ),
    "confirm.go": ("Delete for good", "完全に削除"),
    "confirm.locked": ("locked", "ロック中"),
    "results": ("What became of it", "結果"),
    "results.lead": ("{good} of {all} done.", "{all} 件中 {good} 件を実行しました。"),
    "locked": ("Locked", "ロック中"),
    "gone": ("It is gone.", "既にありません。"),
}


class Row(NamedTuple):
    """An instance as a line shows it. `why`: what is not as wished, as a sentence; empty when all is well."""

    id: str
    name: str
    status: str
    tone: str
    why: str
    inner: tuple[str, ...]
    outer: tuple[str, ...]
    flavor: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    created_at: float
    locked: bool


class Result(NamedTuple):
    """What became of one of many. `wrong` empty: it was done."""

    name: str
    wrong: str


class Item(NamedTuple):
    """An action in a menu. `why` not empty: it is refused, and why."""

    act: str
    icon: str
    why: str


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/instances", partial(index, front), "instance.read", "web"),
        Route("POST", "/instances/act", partial(act_on_many, front), "instance.power", "web"),
        Route("POST", "/instances/confirm", partial(confirm, front), "instance.read", "web"),
        Route("GET", "/instances/{id}/menu", partial(menu, front), "instance.read", "web"),
        Route("POST", "/instances/{id}/{act}", partial(act_on_one, front), "instance.power", "web"),
    ]


def index(front: Front, request: Request) -> Response:
    call, asked = request.call(), asked_of(request, SHAPE)
    filters = _filters(front.house, call, asked)
    total = read.count(front.house, call, Query(filters=filters))

    def find(one: Asked) -> list[InstanceView]:
        return read.find_views(front.house, call, one.query(*filters))

    found = listing(asked, find, lambda view: view.instance.id, total)
    rows = [row_of(request, call, view) for view in found.rows]
    return front.page(request, TEMPLATE, list=found, rows=rows, statuses=SHAPE.filters["status"])


def _filters(house: House, call: Call, asked: Asked) -> tuple[Filter, ...]:
    """By state; and by what was typed: an address, the begin of an id, or some of the name."""
    filters = [eq("status", asked.chosen["status"])] if "status" in asked.chosen else []
    if asked.text:
        filters.append(_typed(house, call, asked.text))
    return tuple(filters)


def _typed(house: House, call: Call, text: str) -> Filter:
    if version := _ip_version(text):
        return is_in("id", read.at_address(house, call, text, version))
    if len(text) >= 8 and all(c in "0123456789abcdef-" for c in text.lower()):
        return Filter("id", "prefix", text.lower())
    return containing("name", text)


def _ip_version(text: str) -> int:
    """0 for what is no address, nor the begin of one."""
    try:
        return ip_address(text).version
    except ValueError:
        return 4 if text.count(".") >= 2 and text.replace(".", "").isdigit() else 0


def row_of(request: Request, call: Call, view: InstanceView) -> Row:
    one, condition = view.instance, read.condition(call, view)
    wrong = isinstance(condition, Blocked) or one.status in {"building", "starting", "error"}
    return Row(
        id=one.id,
        name=one.name,
        status=one.status,
        tone="bad" if isinstance(condition, Blocked) and one.status != "stopped" else TONES[one.status],
        why=condition_sentence(condition, request.locale) if wrong and not isinstance(condition, Ready) else "",
        inner=tuple(ip.address for nic in view.nics for ip in nic.fixed_ips),
        outer=tuple(public.address for public in view.public),
        flavor=one.flavor_name,
        vcpus=one.vcpus,
        memory_mib=one.memory_mib,
        disk_gib=one.disk_gib,
        created_at=one.created_at,
        locked=one.locked,
    )


# --- one ------------------------------------------------------------------------------------------------


def menu(front: Front, request: Request) -> Response:
    call = request.call()
    one = read.get(front.house, call, InstanceId(request.params["id"])).instance
    return front.part(request, TEMPLATE, "menu", one=one, items=items(front, request, call, one))


def items(front: Front, request: Request, call: Call, one: Instance) -> list[Item]:
    """All power actions, each with what stands in its way; of the rarer ones those that are possible."""
    icons: tuple[tuple[acting.Act, str], ...] = (
        ("start", "play"), ("stop", "square"), ("reboot", "rotate-cw"), ("hard_reboot", "zap"),
    )  # fmt: skip
    found = [Item(act, icon, why(front, request, acting.refusal(call, one, act), one)) for act, icon in icons]
    refused = None if may(call, "instance.delete") else Forbidden("identity", needs=["member"])
    locked = front.say(request, "instances.locked") if one.locked and not call.actor.is_admin else ""
    rare = [Item(act, icon, "") for act, icon in RARE if acting.refusal(call, one, act) is None]
    return [*found, *rare, Item("delete", "trash-2", why(front, request, refused, one) or locked)]


def why(front: Front, request: Request, refused: KumoiError | None, one: Instance) -> str:
    """A refusal in few words: the role it needs, or the state that forbids it."""
    if refused is None:
        return ""
    if isinstance(refused, Forbidden):
        return front.say(request, "why.role", role="member")
    if one.locked:
        return front.say(request, "instances.locked")
    status = front.say(request, f"instances.status.{one.status}")
    return front.say(request, "why.state", status=status)


def act_on_one(front: Front, request: Request) -> Response:
    call, act = request.call(), request.params["act"]
    if act not in ACTS:
        raise Invalid("api", field=act, reason="no_such_action")
    one = read.get(front.house, call, InstanceId(request.params["id"])).instance
    ACTS[act][1](front.house, call, one.id)
    here = form_of(request).text("from") != "detail" or act != "delete"
    return front.done(request, "/instances", front.say(request, f"instances.done.{act}", name=one.name), stay=here)


# --- many -----------------------------------------------------------------------------------------------


def confirm(front: Front, request: Request) -> Response:
    """What deleting these would mean, before it is done."""
    call, form = request.call(), form_of(request)
    ids = form.many("ids")[:MANY_MOST]
    found = read.find(front.house, call, Query(filters=(is_in("id", ids),), order=(Order("name"),)))
    return front.part(request, TEMPLATE, "confirm", found=found, origin=form.text("from"))


def act_on_many(front: Front, request: Request) -> Response:
    """Each by itself: what is refused for one is done for the others all the same, and all is told."""
    call, form = request.call(), form_of(request)
    act, ids = form.text("act"), form.many("ids")[:MANY_MOST]
    if act not in ACTS:
        raise Invalid("api", field=act, reason="no_such_action")
    found = read.find(front.house, call, Query(filters=(is_in("id", ids),)))
    names = {one.id: one.name for one in found}
    results = [_done(front, request, act, InstanceId(i), names.get(InstanceId(i), "")) for i in ids]
    if len(results) == 1 and not results[0].wrong:
        text = front.say(request, f"instances.done.{act}", name=results[0].name)
        return front.done(request, "/instances", text, stay=form.text("from") != "detail")
    return front.part(request, TEMPLATE, "results", results=results, act=act)


def _done(front: Front, request: Request, act: str, instance_id: InstanceId, name: str) -> Result:
    try:
        ACTS[act][1](front.house, request.call(), instance_id)
    except KumoiError as e:
        if isinstance(e, Forbidden):
            raise
        return Result(name or instance_id, sentence(e, request.locale))
    return Result(name or instance_id, "")
