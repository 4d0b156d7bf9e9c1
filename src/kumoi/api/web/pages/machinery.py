"""The cloud's own machinery, for administrators: control's loops and their ages, hosts' links, strays."""

from functools import partial
from typing import Final

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response
from kumoi.api.edge.routes import Route
from kumoi.api.web.front import Front
from kumoi.api.web.words import Table
from kumoi.app import loops
from kumoi.app.hosts import overview
from kumoi.core.hosts import state

SHOWN_MOST: Final = 200
WORDS: Final[Table] = {
    "title": ("Machinery", "内部の動作"),
    "lead": ("What the cloud does by itself, and whether it can.", "クラウドが自動で行っている処理とその状態です。"),
    "loops": ("Loops", "ループ"),
    "loops.lead": ("Each looks at everything again and again, until it is as it should be.",
                   "それぞれが対象を繰り返し確認し、あるべき状態に近づけます。"),
    "loop": ("Loop", "ループ"),
    "well": ("Last done", "最終完了"),
    "never": ("Not yet", "未実行"),
    "took": ("Took", "所要時間"),
    "passes": ("Passes", "実行回数"),
    "errors": ("Failed", "失敗"),
    "waiting": ("Waiting", "待ち"),
    "trouble": ("Failed {n} times: {error}", "{n} 回失敗: {error}"),
    "is.good": ("Well", "正常"),
    "is.bad": ("Fails", "失敗中"),
    "is.busy": ("At work", "実行中"),
    "links": ("Links", "リンク"),
    "links.lead": ("Hosts ask control for their plan and report what they see; control never calls them.",
                   "ホストは計画を取得し、状態を報告します。コントロール側から接続することはありません。"),
    "host": ("Host", "ホスト"),
    "asked": ("Last question", "最終問い合わせ"),
    "reported": ("Last report", "最終報告"),
    "sections": ("Sections", "セクション"),
    "behind": ("Behind", "遅れ"),
    "up_to_date": ("Up to date", "最新"),
    "behind.n": ("{n} behind", "{n} 件遅れ"),
    "more": ("The first {n} are shown.", "最初の {n} 件を表示しています。"),
    "strays": ("Strays", "迷子"),
    "strays.lead": ("Things that carry the cloud's name and are in no plan. They are told, and never touched.",
                    "クラウドの名前を持ちながら計画にないものです。表示するだけで、手は加えません。"),
    "strays.none": ("There are none.", "ありません。"),
    "kind": ("Kind", "種類"),
}  # fmt: skip


def routes(front: Front) -> list[Route]:
    return [Route("GET", "/admin/machinery", partial(show, front), "loop.read", "web")]


def show(front: Front, request: Request) -> Response:
    call = request.call()
    links, strays = overview.links(front.house, call), overview.strays(front.house, call)
    return front.page(
        request,
        "machinery.html",
        loops=loops.states(front.house, call),
        links=[(link, state(link.host, request.now)) for link in links[:SHOWN_MOST]],
        strays=strays[:SHOWN_MOST],
        cut=SHOWN_MOST if max(len(links), len(strays)) > SHOWN_MOST else 0,
    )
