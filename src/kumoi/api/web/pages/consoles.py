"""The pages of consoles: for whoever has a link to one. Nobody signs in here; the token in the link is what counts.

The page spends no token, so that a preview of the link does not; the websocket that it opens does (consoles.py).
"""

from functools import partial
from typing import Final
from urllib.parse import quote

from kumoi.api.edge.console_links import NOVNC_PAGES, PREFIX, console_link, token_in
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say
from kumoi.api.web.console_watch import Watch
from kumoi.api.web.consoles import KINDS, talk
from kumoi.api.web.front import Front
from kumoi.api.web.words import Table
from kumoi.app.instances.consoles import look_at_console_token
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import KumoiError

WORDS: Final[Table] = {
    "serial": ("Serial console", "シリアルコンソール"),
    "vnc": ("Screen", "画面"),
    "connecting": ("Connecting…", "接続しています…"),
    "reconnecting": ("Reconnecting…", "再接続しています…"),
    "by_itself": ("It connects again by itself.", "自動的に再接続します。"),
    "open": ("Connected", "接続中"),
    "ended": ("Ended", "終了"),
    "lost": ("The connection was lost.", "接続が失われました。"),
    "hint": (
        "Connected. If nothing appears, press Enter.",
        "接続しました。何も表示されないときは Enter を押してください。",
    ),
    "again": (
        "A link opens a console once, within ten minutes. For a new one, open the instance's page, or:",
        "リンクは 10 分以内に 1 回だけ使えます。新しいリンクはインスタンスのページか、次のコマンドで取得できます:",
    ),
    "reopen": ("Open it here", "ここで開く"),
    "page": ("The instance's page", "インスタンスのページ"),
    "tools": ("Console", "コンソール"),
    "paste": ("Paste", "貼り付け"),
    "paste.title": ("Type a text", "文字列を入力"),
    "paste.help": (
        "It is typed into the guest, key by key.",
        "ゲストに 1 文字ずつ入力されます。",
    ),
    "paste.send": ("Type it", "入力する"),
    "layout": ("Keyboard of the guest", "ゲストのキーボード配列"),
    "layout.us": ("US English", "英語 (US)"),
    "layout.jp": ("Japanese (JIS)", "日本語 (JIS)"),
    "layout.help": (
        "As the guest is set up. A fresh guest is mostly US.",
        "ゲスト側の設定に合わせます。初期状態のゲストはたいてい英語配列です。",
    ),
    "keys": ("Ctrl-Alt-Del", "Ctrl-Alt-Del"),
    "full": ("Full screen", "全画面表示"),
    "terminal": ("Terminal of {name}", "{name} の端末"),
    "picture": ("Screen of {name}", "{name} の画面"),
    "touch": ("Keys", "キー"),
    "keyboard": ("Keyboard", "キーボード"),
    "ArrowLeft": ("Left", "左"),
    "ArrowUp": ("Up", "上"),
    "ArrowDown": ("Down", "下"),
    "ArrowRight": ("Right", "右"),
}
_OPTIONS: Final = {"serial": "--serial", "vnc": "--novnc"}


def routes(front: Front) -> list[Route]:
    watch = Watch(front.house)
    return [
        *(Route("GET", page, move, service="web", anonymous=True) for page in NOVNC_PAGES),
        *(Route("GET", f"{PREFIX}/{kind}", partial(show, front, kind), service="web", anonymous=True)
          for kind in KINDS),
        *(Route("WEBSOCKET", f"{PREFIX}/{kind}", partial(talk, front.house, watch, kind), service="web", wait=True,
                anonymous=True)
          for kind in KINDS),
    ]  # fmt: skip


def move(request: Request) -> Response:
    """From where noVNC's own pages would be to ours, which is noVNC too."""
    token = request.arg("token") or token_in(request.arg("path") or "")
    return Response(303, headers=(("location", console_link("", "vnc", quote(token, safe=""))),))


def show(front: Front, kind: ConsoleKind, request: Request) -> Response:
    """With what is wrong with the link instead of a console, where something is."""
    name, instance_id, wrong = "", "SERVER", ""
    try:
        one = look_at_console_token(front.house, request.arg("token") or "", kind, request.now)
        name, instance_id = one.name, str(one.id)
    except KumoiError as e:
        wrong = say(e, request.locale)
    command = f"openstack console url show {_OPTIONS[kind]} {instance_id}"
    page = f"/instances/{instance_id}" if instance_id != "SERVER" else "/instances"
    return front.page(request, "console.html", kind=kind, name=name, wrong=wrong, command=command, page=page)
