"""The pages of consoles: for whoever has a link to one. Nobody signs in here; the token in the link is what counts.

The page spends no token, so that a preview of the link does not; the websocket that it opens does (consoles.py).
"""

from functools import partial
from typing import Final

from kumoi.api.edge.console_links import PREFIX
from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say
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
    "open": ("Connected", "接続中"),
    "ended": ("Ended", "終了"),
    "lost": ("The connection was lost.", "接続が失われました。"),
    "again": (
        "A link opens a console once, within ten minutes. For a new one:",
        "リンクは 10 分以内に 1 回だけ使えます。新しいリンクを取得するには:",
    ),
    "paste": ("Paste", "貼り付け"),
    "paste.title": ("Type a text", "文字列を入力"),
    "paste.help": (
        "It is typed into the guest, key by key.",
        "ゲストに 1 文字ずつ入力されます。",
    ),
    "paste.send": ("Type it", "入力する"),
    "cancel": ("Cancel", "キャンセル"),
    "keys": ("Ctrl-Alt-Del", "Ctrl-Alt-Del"),
    "full": ("Full screen", "全画面表示"),
    "terminal": ("Terminal of {name}", "{name} の端末"),
    "picture": ("Screen of {name}", "{name} の画面"),
}
_OPTIONS: Final = {"serial": "--serial", "vnc": "--novnc"}


def routes(front: Front) -> list[Route]:
    return [
        *(Route("GET", f"{PREFIX}/{kind}", partial(show, front, kind), service="web", anonymous=True)
          for kind in KINDS),
        *(Route("WEBSOCKET", f"{PREFIX}/{kind}", partial(talk, front.house, kind), service="web", wait=True,
                anonymous=True)
          for kind in KINDS),
    ]  # fmt: skip


def show(front: Front, kind: ConsoleKind, request: Request) -> Response:
    """With what is wrong with the link instead of a console, where something is."""
    name, instance_id, wrong = "", "SERVER", ""
    try:
        one = look_at_console_token(front.house, request.arg("token") or "", kind, request.now)
        name, instance_id = one.name, str(one.id)
    except KumoiError as e:
        wrong = say(e, request.locale)
    command = f"openstack console url show {_OPTIONS[kind]} {instance_id}"
    return front.page(request, "console.html", kind=kind, name=name, wrong=wrong, command=command)
