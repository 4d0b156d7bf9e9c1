"""Words of the pages of floating IPs."""

from typing import Final

from kumoi.api.web.words import Table

WORDS: Final[Table] = {
    "title": ("Floating IPs", "Floating IP"),
    "thing": ("floating IP", "Floating IP"),
    "lead": (
        "Addresses of the outer network that lead to your instances, and stay yours when an instance goes.",
        "外部ネットワークのアドレスです。インスタンスに割り当てて外部から到達でき、"
        "インスタンスを削除しても手元に残ります。",
    ),
    "allocate": ("Allocate a floating IP", "Floating IP を確保"),
    "allocate.submit": ("Allocate", "確保"),
    "empty.title": ("No floating IP yet", "Floating IP がありません"),
    "empty.text": (
        "Instances reach the outside through their router. To be reached from outside, one needs a floating IP.",
        "インスタンスから外部へはルーター経由で到達できます。外部から到達するには Floating IP が必要です。",
    ),
    "quota": ("Floating IPs of the project", "プロジェクトの Floating IP"),
    "quota.text": ("{used} of {most}", "{used} / {most}"),
    "quota.unlimited": ("{used}, no limit", "{used}（上限なし）"),
    "address": ("Address", "アドレス"),
    "leads": ("Leads to", "割り当て先"),
    "leads.nowhere": ("nothing", "未割り当て"),
    "port": ("Interface {name}", "インターフェース {name}"),
    "through": ("Router", "ルーター"),
    "network": ("Outer network", "外部ネットワーク"),
    "waits": ("waits for a host", "ホスト待ち"),
    "associate": ("Associate", "割り当て"),
    "associate.title": ("Associate {address}", "{address} を割り当て"),
    "associate.row": ("Associate {address}", "{address} を割り当て"),
    "disassociate": ("Disassociate", "割り当て解除"),
    "disassociate.title": ("Disassociate {address}?", "{address} の割り当てを解除しますか？"),
    "disassociate.row": ("Disassociate {address}", "{address} の割り当てを解除"),
    "disassociate.text": (
        "{target} will no longer be reached at this address, and open connections are cut. The address stays yours.",
        "{target} にはこのアドレスで到達できなくなり、接続は切断されます。アドレスはプロジェクトに残ります。",
    ),
    "delete.many": ("Release {n} floating IPs?", "{n} 件の Floating IP を解放しますか？"),
    "delete.many.text": (
        "They go back to the provider. What they lead to will no longer be reached at them.",
        "アドレスは提供元に戻ります。割り当て先にはこのアドレスで到達できなくなります。",
    ),
    "release": ("Release", "解放"),
    "release.title": ("Release {address}?", "{address} を解放しますか？"),
    "release.row": ("Release {address}", "{address} を解放"),
    "release.text": (
        "It goes back to the provider, who may give it to anybody. You may not get it again.",
        "アドレスは提供元に戻り、他の利用者に渡ることがあります。同じアドレスを再び得られるとは限りません。",
    ),
    "release.led": (
        "It leads to {target}, which will no longer be reached at it.",
        "現在 {target} に割り当てられており、このアドレスでは到達できなくなります。",
    ),
    "target": ("Instance or interface", "インスタンスまたはインターフェース"),
    "target.none": ("Nothing for now", "今は割り当てない"),
    "target.choose": ("Choose one", "選択してください"),
    "target.empty": (
        "There is no interface with an IPv4 address. Launch an instance first.",
        "IPv4 アドレスを持つインターフェースがありません。先にインスタンスを起動してください。",
    ),
    "target.help": (
        "Greyed ones are on a subnet that no router joins to the outer network.",
        "選択できないものは、外部ネットワークに通じるルーターのないサブネットにあります。",
    ),
    "networks.none": (
        "This cloud has no outer network. Its operator can make one.",
        "このクラウドには外部ネットワークがありません。運用者に作成を依頼してください。",
    ),
    "allocated": ("The floating IP {address} is yours.", "Floating IP {address} を確保しました。"),
    "associated": ("{address} leads to {fixed} now.", "{address} を {fixed} に割り当てました。"),
    "disassociated": ("{address} leads nowhere now.", "{address} の割り当てを解除しました。"),
    "released": ("{address} was released.", "{address} を解放しました。"),
}
