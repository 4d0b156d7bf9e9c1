"""Words of the picture of a project's networks."""

from typing import Final

from kumoi.api.web.words import Table

WORDS: Final[Table] = {
    "title": ("Topology", "トポロジー"),
    "lead": (
        "How your networks, routers and instances hang together. Everything leads to its own page.",
        "ネットワーク、ルーター、インスタンスのつながりです。各要素から詳細ページに移動できます。",
    ),
    "picture": ("The picture", "図"),
    "empty.title": ("Nothing to draw yet", "まだ何もありません"),
    "empty.text": (
        "Create a network, and it appears here with all that is on it.",
        "ネットワークを作成すると、接続されているものとともにここに表示されます。",
    ),
    "list": ("The same as a list", "一覧で表示"),
    "zoom.in": ("Larger", "拡大"),
    "zoom.out": ("Smaller", "縮小"),
    "zoom.fit": ("Fit", "全体を表示"),
    "network": ("Network {name}", "ネットワーク {name}"),
    "outer": ("Outer network {name}", "外部ネットワーク {name}"),
    "router": ("Router {name}", "ルーター {name}"),
    "instance": ("Instance {name}", "インスタンス {name}"),
    "instance.at": ("Instance {name}, {addresses}", "インスタンス {name}、{addresses}"),
    "no_way_out": ("no way out", "外部接続なし"),
    "waits": ("waits for a host", "ホスト待ち"),
    "no_instance": ("no instance", "インスタンスなし"),
    "joins": ("joins", "接続先"),
    "joins.nothing": ("joins nothing", "接続先なし"),
    "unjoined": ("no router", "ルーターなし"),
    "reached": ("reached at {addresses}", "外部アドレス {addresses}"),
    "and_more": ("+{n}", "+{n}"),
    "more": ("{n} more instances are not drawn.", "ほかに {n} 件のインスタンスがあります（図には表示していません）。"),
}
