"""One instance: how it is and why, where it is reached, what happened to it, its console's log, its labels."""

import asyncio
import hashlib
import re
from functools import partial
from typing import Final, NamedTuple, get_args

from kumoi.api.edge.console_links import console_link
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.conditions import TONES, box_of
from kumoi.api.web.forms import Form, form_of
from kumoi.api.web.front import Front
from kumoi.api.web.pages.instances import Item, items, why
from kumoi.api.web.refusals import Errors, at_fields
from kumoi.api.web.screens import region_of
from kumoi.api.web.words import Table
from kumoi.app import events
from kumoi.app.images import doors as images
from kumoi.app.instances import change, consoles, read
from kumoi.app.instances.acting import Act, refusal
from kumoi.app.instances.console_log import ANSWER_WITHIN_S, ask_console
from kumoi.app.instances.read import InstanceView
from kumoi.app.volumes import read as volumes
from kumoi.core.call import Call
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import Invalid, KumoiError, NotFound, Unavailable
from kumoi.core.events import Event
from kumoi.core.ids import InstanceId
from kumoi.core.query import Query, is_in
from kumoi.core.volumes import Volume

TEMPLATE: Final = "instance.html"
LOG_BYTES: Final = 64 << 10
EVENTS_SHOWN: Final = 50
# What a terminal would act on: colours, cursors, titles; and other controls.
_CONTROLS: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|[\x00-\x08\x0b-\x1f\x7f]"
)

WORDS: Final[Table] = {
    "overview": ("Overview", "概要"),
    "metrics": ("Metrics", "メトリクス"),
    "log": ("Console log", "コンソールログ"),
    "log.follows": ("New lines appear by themselves.", "新しい行は自動で表示されます。"),
    "log.empty": ("The console has said nothing yet.", "コンソールにはまだ何も出力されていません。"),
    "log.last": ("The last {size}", "最後の {size}"),
    "console.serial": ("Serial console", "シリアルコンソール"),
    "console.vnc": ("Screen", "画面"),
    "about": ("About", "基本情報"),
    "host_name": ("Host name", "ホスト名"),
    "flavor": ("Flavor", "フレーバー"),
    "image": ("Image", "イメージ"),
    "image.gone": ("deleted since", "削除済み"),
    "key": ("Key pair", "キーペア"),
    "ec2": ("EC2 ID", "EC2 ID"),
    "host": ("Host", "ホスト"),
    "zone": ("Availability zone", "アベイラビリティゾーン"),
    "since": ("In this state", "この状態になって"),
    "networks": ("Network interfaces", "ネットワークインターフェース"),
    "networks.none": ("It has no network interface.", "ネットワークインターフェースがありません。"),
    "mac": ("MAC address", "MAC アドレス"),
    "floating": ("Floating IP", "Floating IP"),
    "groups": ("Security groups", "セキュリティグループ"),
    "volumes": ("Volumes", "ボリューム"),
    "volumes.none": ("None is attached.", "接続されているボリュームはありません。"),
    "volumes.boot": ("it boots from it", "起動ディスク"),
    "timeline": ("What happened", "できごと"),
    "timeline.none": ("Nothing yet.", "まだ何もありません。"),
    "by_cloud": ("the cloud", "クラウド"),
    "from_to": ("{before} → {after}", "{before} → {after}"),
    "labels": ("Metadata", "メタデータ"),
    "labels.none": (
        "Keys and values that you attach, and that the guest can read.",
        "任意のキーと値です。ゲストからも参照できます。",
    ),
    "labels.help": ("One a line: key=value.", "1 行に 1 つ、キー=値 の形で入力します。"),
    "edit": ("Name and description", "名前と説明"),
    "lock": ("Lock", "ロック"),
    "unlock": ("Unlock", "ロック解除"),
    "locked": (
        "Locked: only an administrator can start, stop, reboot or delete it.",
        "ロック中: 起動・停止・再起動・削除は管理者だけができます。",
    ),
    "done.locked": ("{name} is locked.", "{name} をロックしました。"),
    "done.unlocked": ("{name} is unlocked.", "{name} のロックを解除しました。"),
    "done.saved": ("Saved.", "保存しました。"),
    "done.gone": ("The instance is gone.", "インスタンスはもうありません。"),
    "event.create": ("Created", "作成"),
    "event.delete": ("Deleted", "削除"),
    "event.start": ("Start wished", "起動を指示"),
    "event.stop": ("Stop wished", "停止を指示"),
    "event.reboot": ("Reboot wished", "再起動を指示"),
    "event.status": ("State changed", "状態の変化"),
    "event.pause": ("Pause wished", "一時停止を指示"),
    "event.unpause": ("Going on wished", "一時停止の解除を指示"),
    "event.suspend": ("Suspend wished", "サスペンドを指示"),
    "event.resume": ("Resume wished", "復帰を指示"),
    "event.rebuild": ("Rebuild wished", "再構築を指示"),
    "event.rescue": ("Rescue wished", "レスキューを指示"),
    "event.unrescue": ("End of rescue wished", "レスキューの終了を指示"),
    "event.resize": ("Resize wished", "リサイズを指示"),
    "event.confirm_resize": ("Resize confirmed", "リサイズを確定"),
    "event.revert_resize": ("Resize reverted", "リサイズを取り消し"),
    "event.shelve": ("Shelved", "退避を指示"),
    "event.offload": ("Offloaded", "退避領域へ移動"),
    "event.unshelve": ("Unshelved", "退避からの復帰を指示"),
    "event.create_image": ("Image wished", "イメージの作成を指示"),
    "event.create_backup": ("Backup wished", "バックアップの作成を指示"),
    "event.interrupt": ("Interrupted for a memory dump", "メモリダンプのための割り込み"),
    "event.set_password": ("Password set in the guest", "ゲスト内のパスワードを変更"),
    "event.update": ("Changed", "変更"),
    "event.console": ("Console opened", "コンソールを開いた"),
    "event.lock": ("Locked", "ロック"),
    "event.unlock": ("Unlocked", "ロック解除"),
    "event.attach_volume": ("Volume attached", "ボリュームを接続"),
    "event.detach_volume": ("Volume detached", "ボリュームを切断"),
    "event.extend_volume": ("Volume extended", "ボリュームを拡張"),
    "event.attach_nic": ("Interface attached", "インターフェースを接続"),
    "event.detach_nic": ("Interface detached", "インターフェースを切断"),
    "event.mark": ("Marked by an administrator", "管理者が状態を変更"),
    "event.look_again": ("Reset by an administrator", "管理者が状態をリセット"),
    "event.outer_event": ("Told from outside", "外部からの通知"),
}
_ICONS: Final = {
    "create": "rocket", "delete": "trash-2", "start": "play", "stop": "square", "reboot": "rotate-cw",
    "console": "square-terminal", "status": "activity", "lock": "lock", "unlock": "lock-open",
    "attach_volume": "hard-drive", "detach_volume": "hard-drive", "extend_volume": "hard-drive",
    "attach_nic": "network", "detach_nic": "network",
}  # fmt: skip


# What asks more than a click, in dialogs of its own (reforming).
_REFORMS: Final[tuple[tuple[Act, str], ...]] = (("resize", "cpu"), ("rebuild", "wrench"))


class Moment(NamedTuple):
    """One thing that happened. `request_id` empty: the cloud's own doing."""

    at: float
    icon: str
    says: str
    detail: str
    request_id: str


def routes(front: Front) -> list[Route]:
    return [
        Route("GET", "/instances/{id}", partial(show, front), "instance.read", "web"),
        Route("GET", "/instances/{id}/log", partial(log, front), "instance.console", "web", wait=True),
        Route("POST", "/instances/{id}/console/{kind}", partial(console, front), "instance.console", "web"),
        Route("GET", "/instances/{id}/edit", partial(edit, front), "instance.update", "web"),
        Route("POST", "/instances/{id}/edit", partial(save, front), "instance.update", "web"),
        Route("GET", "/instances/{id}/labels", partial(labels, front), "instance.update", "web"),
        Route("POST", "/instances/{id}/labels", partial(save_labels, front), "instance.update", "web"),
        Route("POST", "/instances/{id}/lock", partial(lock, front, locked=True), "instance.update", "web"),
        Route("POST", "/instances/{id}/unlock", partial(lock, front, locked=False), "instance.update", "web"),
    ]


def show(front: Front, request: Request) -> Response:
    call = request.call()
    try:
        view = read.get(front.house, call, InstanceId(request.params["id"]))
    except NotFound:
        return gone(front, request)
    one = view.instance
    return front.page(
        request,
        TEMPLATE,
        **head(front, request, call, view),
        view=view,
        all_led=_all_led(view),
        volumes=_volumes(front, call, view),
        image=_image_name(front, call, view),
        sees_host=read.sees_host(call),
        labels=view.labels.get(change.METADATA, {}),
        moments=_moments(front, request, events.of_resource(front.house, call, "instance", one.id, EVENTS_SHOWN)),
    )


def gone(front: Front, request: Request) -> Response:
    """A page that is open when its instance goes leads to the list; who asks for one that never was is told so."""
    if not region_of(request):
        raise NotFound("compute", kind="instance", id=request.params["id"])
    return front.done(request, "/instances", front.say(request, "instance.done.gone"))


def head(front: Front, request: Request, call: Call, view: InstanceView) -> dict[str, object]:
    """What stands above all tabs."""
    one = view.instance
    return {
        "one": one,
        "tone": TONES[one.status],
        "box": box_of(front.screens.words, request.locale, read.condition(call, view)),
        "items": items(front, request, call, one),
        "reforms": [Item(act, icon, why(front, request, refusal(call, one, act), one)) for act, icon in _REFORMS],
        "no_console": _no_console(front, request, call, view),
        "kinds": get_args(ConsoleKind),
    }


def _volumes(front: Front, call: Call, view: InstanceView) -> dict[str, Volume]:
    """Those that it has, or waits for, by id."""
    ids = tuple(one.volume_id for one in view.attachments)
    found = volumes.find(front.house, call, Query(filters=(is_in("id", ids),))) if ids else []
    return {one.volume.id: one.volume for one in found}


def _all_led(view: InstanceView) -> bool:
    """Whether each of its IPv4 addresses has a floating IP."""
    fours = {(nic.id, ip.address) for nic in view.nics for ip in nic.fixed_ips if ":" not in ip.address}
    return bool(fours) and fours <= {(public.nic_id, public.fixed_address) for public in view.public}


def _image_name(front: Front, call: Call, view: InstanceView) -> str:
    """Empty when it was deleted since, or is not the caller's to see any more."""
    try:
        found = images.get(front.house, call, view.instance.image_id)
    except NotFound:
        return ""
    return found.name or found.id


def _moments(front: Front, request: Request, found: list[Event]) -> list[Moment]:
    return [_moment(front, request, event) for event in found]


def _moment(front: Front, request: Request, event: Event) -> Moment:
    verb = event.action.rpartition(".")[2]
    known = front.screens.words.knows(f"instance.event.{verb}")
    says = front.say(request, f"instance.event.{verb}") if known else event.action
    detail = ""
    if verb == "status":
        before, after = (front.say(request, f"instances.status.{event.facts[side]}") for side in ("before", "after"))
        detail = front.say(request, "instance.from_to", before=before, after=after)
    return Moment(event.at, _ICONS.get(verb, "pencil"), says, detail, event.request_id)


# --- the console's log ----------------------------------------------------------------------------------


async def log(front: Front, request: Request) -> Response:
    """The last of it. `seen`: what the page has already, so that nothing is sent when nothing is new."""
    call, instance_id = front.caller(request, "instance.console"), InstanceId(request.params["id"])
    try:
        view = await request.run_in("read", partial(read.get, front.house, call, instance_id))
    except NotFound:
        return gone(front, request)
    complaint, text = "", ""
    try:
        answer = await request.run_in("read", partial(ask_console, front.house, call, instance_id, LOG_BYTES))
        data = await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_WITHIN_S)
        text = _CONTROLS.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n"))
    except TimeoutError:
        complaint = front.refusal(request, Unavailable("host", what="agent", retry_after_s=5))
    except KumoiError as e:
        complaint = front.refusal(request, e)
    digest = hashlib.sha256(f"{complaint}\0{text}".encode()).hexdigest()[:16]
    if region_of(request) == "log" and request.arg("seen") == digest:
        return Response(204)
    render = partial(
        front.page, request, TEMPLATE, **head(front, request, call, view), log_text=text, complaint=complaint,
        digest=digest, log_size=LOG_BYTES,
    )  # fmt: skip
    done: Response = await request.run_in("read", render)
    return done


def console(front: Front, request: Request) -> Response:
    """A fresh link to one of its consoles, and there."""
    kind = next((known for known in get_args(ConsoleKind) if known == request.params["kind"]), None)
    if kind is None:
        raise Invalid("api", field=request.params["kind"], reason="no_such_action")
    secret = consoles.open_console(front.house, request.call(), InstanceId(request.params["id"]), kind)
    return Response(303, headers=(("location", console_link("", kind, secret)),))


def _no_console(front: Front, request: Request, call: Call, view: InstanceView) -> str:
    """Why there is no console now; empty where there is one."""
    try:
        consoles.check_console(front.house, call, view.instance.id)
    except KumoiError as e:
        return why(front, request, e, view.instance)
    return ""


# --- changes --------------------------------------------------------------------------------------------


def edit(front: Front, request: Request) -> Response:
    call = front.caller(request, "instance.update")
    one = read.get(front.house, call, InstanceId(request.params["id"])).instance
    form = Form([("name", one.name), ("description", one.description)])
    return front.part(request, TEMPLATE, "edit", one=one, form=form, errors={})


def save(front: Front, request: Request) -> Response:
    call, form = request.call(), form_of(request)
    one = read.get(front.house, call, InstanceId(request.params["id"])).instance
    try:
        wish: dict[str, str | bool] = {"name": form.text("name"), "description": form.text("description")}
        change.update(front.house, call, one.id, wish)
    except KumoiError as e:
        errors = at_fields(request, e, {"name": "name"})
        return front.again(request, TEMPLATE, "edit", e, one=one, form=form, errors=errors)
    return front.done(request, f"/instances/{one.id}", front.say(request, "instance.done.saved"), stay=True)


def labels(front: Front, request: Request) -> Response:
    view = read.get(front.house, front.caller(request, "instance.update"), InstanceId(request.params["id"]))
    lines = "\n".join(f"{key}={value}" for key, value in view.labels.get(change.METADATA, {}).items())
    form = Form([("labels", lines)])
    return front.part(request, TEMPLATE, "labels_form", one=view.instance, form=form, errors={})


def save_labels(front: Front, request: Request) -> Response:
    call, form = request.call(), form_of(request)
    one = read.get(front.house, call, InstanceId(request.params["id"])).instance
    try:
        change.put_labels(front.house, call, one.id, change.METADATA, form.pairs_in("labels"), whole=True)
    except KumoiError as e:
        errors: Errors = at_fields(request, e, {"labels": "labels"})
        return front.again(request, TEMPLATE, "labels_form", e, one=one, form=form, errors=errors)
    return front.done(request, f"/instances/{one.id}", front.say(request, "instance.done.saved"), stay=True)


def lock(front: Front, request: Request, *, locked: bool) -> Response:
    one = change.lock(front.house, request.call(), InstanceId(request.params["id"]), locked=locked)
    text = front.say(request, "instance.done.locked" if locked else "instance.done.unlocked", name=one.name)
    return front.done(request, f"/instances/{one.id}", text, stay=True)
