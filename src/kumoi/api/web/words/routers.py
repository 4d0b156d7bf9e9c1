"""Words of the pages of routers."""

from typing import Final

from kumoi.api.web.words import Table

WORDS: Final[Table] = {
    "title": ("Routers", "ルーター"),
    "thing": ("router", "ルーター"),
    "lead": (
        "Join your networks to each other, and by a gateway to the outside.",
        "ネットワーク同士を、またゲートウェイで外部とつなぎます。",
    ),
    "create": ("Create a router", "ルーターを作成"),
    "edit": ("Edit {name}", "{name} を編集"),
    "empty.title": ("No router yet", "ルーターがありません"),
    "empty.text": (
        "Without a router a network is an island: its instances reach each other and nothing else.",
        "ルーターがないネットワークは孤立しています。インスタンスは互いにしか通信できません。",
    ),
    "outside": ("Way out", "外部への接続"),
    "outside.none": ("no way out", "外部接続なし"),
    "outside.none.text": (
        "Set a gateway, so that instances reach the outside and floating IPs can lead to them.",
        "ゲートウェイを設定すると、インスタンスから外部に到達でき、Floating IP も割り当てられます。",
    ),
    "outside.address": ("Address outside", "外部アドレス"),
    "outside.network": ("Outer network", "外部ネットワーク"),
    "outside.snat": ("Translates addresses", "アドレス変換"),
    "outside.set": ("Set the gateway", "ゲートウェイを設定"),
    "outside.change": ("Change the gateway", "ゲートウェイを変更"),
    "outside.clear": ("Clear the gateway", "ゲートウェイを解除"),
    "outside.clear.title": ("Clear the gateway of {name}?", "{name} のゲートウェイを解除しますか？"),
    "outside.clear.text": (
        "Instances behind this router will no longer reach the outside.",
        "このルーター配下のインスタンスは外部に到達できなくなります。",
    ),
    "outside.choice.none": ("None for now", "今は設定しない"),
    "networks.none": (
        "This cloud has no outer network. Its operator can make one.",
        "このクラウドには外部ネットワークがありません。運用者に作成を依頼してください。",
    ),
    "gateway.set": ("The gateway was set.", "ゲートウェイを設定しました。"),
    "gateway.cleared": ("The gateway was cleared.", "ゲートウェイを解除しました。"),
    "placed": ("up", "稼働中"),
    "placed.not": ("waits for a host", "ホスト待ち"),
    "off": ("off", "停止中"),
    "legs": ("Interfaces", "インターフェース"),
    "legs.count": ("{n} interfaces", "{n} インターフェース"),
    "legs.count_one": ("1 interface", "1 インターフェース"),
    "legs.none": (
        "It joins no network yet. Add an interface on a subnet.",
        "まだどのネットワークにも接続されていません。サブネットへのインターフェースを追加してください。",
    ),
    "leg.add": ("Add an interface", "インターフェースを追加"),
    "leg.subnet": ("Subnet", "サブネット"),
    "leg.subnet.help": (
        "Greyed ones are joined by a router already, or have no gateway for it to be.",
        "選択できないものは、既にルーターに接続されているか、ゲートウェイがありません。",
    ),
    "leg.choose": ("Choose one", "選択してください"),
    "leg.added": ("The interface was added.", "インターフェースを追加しました。"),
    "leg.remove": ("Remove", "削除"),
    "leg.remove.row": ("Remove the interface on {network}", "{network} のインターフェースを削除"),
    "leg.remove.title": ("Remove this interface?", "このインターフェースを削除しますか？"),
    "leg.remove.text": (
        "{network} will no longer be joined to the router's other networks and the outside.",
        "{network} は、このルーターの他のネットワークおよび外部から切り離されます。",
    ),
    "leg.removed": ("The interface was removed.", "インターフェースを削除しました。"),
    "network": ("Network", "ネットワーク"),
    "address": ("Address", "アドレス"),
    "routes": ("Routes", "ルート"),
    "routes.none": (
        "None of its own: it reaches its networks and the outside without.",
        "追加のルートはありません。接続先のネットワークと外部にはルートなしで到達できます。",
    ),
    "route.add": ("Add a route", "ルートを追加"),
    "route.destination": ("Destination", "宛先"),
    "route.destination.help": ("A block in CIDR form, as in 10.9.0.0/16.", "CIDR 形式で指定します。例: 10.9.0.0/16"),
    "route.nexthop": ("Next hop", "ネクストホップ"),
    "route.nexthop.help": (
        "An address on one of the router's networks.",
        "ルーターが接続しているネットワーク上のアドレスです。",
    ),
    "route.added": ("The route was added.", "ルートを追加しました。"),
    "route.remove": ("Remove the route to {destination}", "{destination} へのルートを削除"),
    "route.remove.title": ("Remove this route?", "このルートを削除しますか？"),
    "route.remove.text": (
        "{destination} will no longer be reached by {nexthop}.",
        "{nexthop} 経由で {destination} に到達できなくなります。",
    ),
    "route.removed": ("The route was removed.", "ルートを削除しました。"),
    "created": ("The router {name} was created.", "ルーター {name} を作成しました。"),
    "saved": ("The router {name} was saved.", "ルーター {name} を保存しました。"),
    "deleted": ("The router {name} was deleted.", "ルーター {name} を削除しました。"),
    "delete": ("Delete {name}?", "{name} を削除しますか？"),
    "delete.text": ("Its gateway goes with it.", "ゲートウェイも一緒に削除されます。"),
    "delete.many": ("Delete {n} routers?", "{n} 件のルーターを削除しますか？"),
    "delete.many.text": (
        "Their gateways go with them. What still joins a network stays, and you are told which.",
        "ゲートウェイも一緒に削除されます。ネットワークに接続中のものは残り、理由が表示されます。",
    ),
    "delete.used": (
        "It still joins {networks}. Remove these interfaces first.",
        "{networks} に接続されています。先にインターフェースを削除してください。",
    ),
    "not_yours": ("It belongs to another project.", "別のプロジェクトのものです。"),
}
