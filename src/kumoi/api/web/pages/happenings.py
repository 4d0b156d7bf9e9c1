"""What happened in the cloud, newest first: a project's members see its own, administrators all."""

from functools import partial
from typing import Final
from urllib.parse import urlencode

import msgspec

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.edge.text import say_kind
from kumoi.api.web.front import Front
from kumoi.api.web.words import Table
from kumoi.app import events
from kumoi.app.events import Feed
from kumoi.core.events import Event

PATH: Final = "/admin/events"
ROWS: Final = 50
KINDS: Final = ("instance", "image", "network", "subnet", "nic", "vpc", "public_address", "security_group", "host",
                "project", "user", "quota", "flavor")  # fmt: skip
WORDS: Final[Table] = {
    "title": ("Events", "イベント"),
    "lead": ("Everything that was done and that happened, kept for 30 days.",
             "行われた操作と起きた出来事です。30 日間保存されます。"),
    "kind": ("Kind", "種類"),
    "when": ("When", "日時"),
    "what": ("What", "内容"),
    "thing": ("Of what", "対象"),
    "facts": ("Facts", "詳細"),
    "request": ("Request", "リクエスト"),
    "id": ("ID of a thing, a project or a request", "対象・プロジェクト・リクエストの ID"),
    "none": ("Nothing of the kind has happened.", "該当するイベントはありません。"),
    "newer": ("Newest", "最新へ"),
    "older": ("Older", "以前"),
    "pages": ("Pages", "ページ"),
}  # fmt: skip


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for, and the rows."""

    rows: list[Event]
    kind: str
    text: str
    before: str
    older: str
    here: str


def routes(front: Front) -> list[Route]:
    return [Route("GET", PATH, partial(show, front), "event.read", "web")]


def show(front: Front, request: Request) -> Response:
    kind, text = request.arg("kind") or "", (request.arg("q") or "").strip()[:64]
    before = request.arg("before") or ""
    wanted = Feed(
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        kind=kind if kind in KINDS else None,
        request_id=text if text.startswith("req-") else None,
        limit=ROWS + 1,
    )
    rows = _found(front, request, wanted, text)
    older = _address(kind, text, str(rows[ROWS - 1].seq)) if len(rows) > ROWS else ""
    shown = Shown(
        rows=rows[:ROWS], kind=kind, text=text, before=before, older=older, here=_address(kind, text, before)
    )  # fmt: skip
    names = {kind: say_kind(kind, request.locale) for kind in KINDS}
    return front.page(request, "happenings.html", shown=shown, kinds=KINDS, kind_names=names, path=PATH)


def _found(front: Front, request: Request, wanted: Feed, text: str) -> list[Event]:
    """An id may be a thing's or a project's: whichever has events."""
    if not text or text.startswith("req-"):
        return events.feed(front.house, request.call(), wanted)
    of_thing = msgspec.structs.replace(wanted, resource_id=text)
    found = events.feed(front.house, request.call(), of_thing)
    if found or text == request.call().actor.project_id:
        return found
    return events.feed(front.house, request.call(), msgspec.structs.replace(wanted, project_id=text))


def _address(kind: str, text: str, before: str) -> str:
    query = urlencode({k: v for k, v in (("kind", kind), ("q", text), ("before", before)) if v})
    return f"{PATH}?{query}" if query else PATH
