"""What is said of volumes, in both languages."""

from typing import Final

EN_INVALID: Final[dict[str, str]] = {
    "associated": "The volume type {value} is associated with the QoS specs {other} already.",
    "not_the_tokens": "The {field} in the path, {value}, is not the project of the token.",
}
JA_INVALID: Final[dict[str, str]] = {
    "associated": "ボリュームタイプ {value} は、すでに QoS 仕様 {other} に関連付けられています。",
    "not_the_tokens": "パスの {field} ({value}) は、トークンのプロジェクトではありません。",
}
EN_KINDS: Final[dict[str, str]] = {
    "volume_type": "volume type",
    "volume_type_access": "access to the volume type",
    "default_volume_type": "default volume type of the project",
    "encryption": "encryption of the volume type",
    "volume_qos": "QoS specs",
    "volume_group_type": "group type",
    "extension": "extension",
    "cluster": "cluster",
    "disable_scheduler": "Disabling what chooses places for volumes",
    "freeze": "Freezing a storage host",
    "thaw": "Thawing a storage host",
    "failover_host": "Failing over to a replica",
    "set-log": "Setting log levels by the API",
    "get-log": "Reading log levels by the API",
}
JA_KINDS: Final[dict[str, str]] = {
    "volume_type": "ボリュームタイプ",
    "volume_type_access": "ボリュームタイプへのアクセス",
    "default_volume_type": "プロジェクトの既定のボリュームタイプ",
    "encryption": "ボリュームタイプの暗号化",
    "volume_qos": "QoS 仕様",
    "volume_group_type": "グループタイプ",
    "extension": "拡張",
    "cluster": "クラスター",
    "disable_scheduler": "ボリュームの配置先を選ぶ機能の無効化",
    "freeze": "ストレージホストの凍結",
    "thaw": "ストレージホストの凍結解除",
    "failover_host": "レプリカへの切り替え",
    "set-log": "API によるログレベルの変更",
    "get-log": "API によるログレベルの取得",
}
EN_CONDITIONS: Final[dict[str, str]] = {
    "waiting_for_volume": "Waiting for the volume {volumes}.",
    "waiting_for_snapshot": "Waiting for the snapshot {snapshot}.",
    "no_pool": "Its host has no pool {pool} any more. See kumoi.toml there.",
    "making_volume": "Being made.",
    "growing_volume": "Being made larger, up to {size_gib} GiB.",
    "freezing_volume": "A snapshot is being made.",
    "volume_busy": "Waiting for its volume: somebody else is at it.",
    "volume_asleep": "The volume {volume} belongs to a suspended instance: it waits until that is resumed or off.",
    "volume_in_guest": "The guest of the instance {instance} has not let go of it yet.",
    "volume_needed": "Kept until {by} has been made of it.",
    "plugging_volume": "Its volumes are being attached.",
    "volume_leaving": "The guest was asked to let go of the volume {volumes}.",
    "guest_keeps_volume": "The guest does not let go of the volume {volumes}. Its system must unmount it and support "
    "hot plugging; stopping and starting the instance takes the volume away.",
    "volume_slot_taken": "The volume {volume} waits for slot {slot}, which another one has not left yet.",
    "volume_held": "The volume {volume} waits for the instance {instance}, whose guest has not let go of it yet.",
}
JA_CONDITIONS: Final[dict[str, str]] = {
    "waiting_for_volume": "ボリューム {volumes} を待っています。",
    "waiting_for_snapshot": "スナップショット {snapshot} を待っています。",
    "no_pool": "ホストにプール {pool} がもうありません。ホストの kumoi.toml を確かめてください。",
    "making_volume": "作成しています。",
    "growing_volume": "{size_gib} GiB まで拡張しています。",
    "freezing_volume": "スナップショットを作成しています。",
    "volume_busy": "ボリュームがほかの処理に使われています。終わるのを待っています。",
    "volume_asleep": "ボリューム {volume} はサスペンド中のインスタンスのものです。再開か停止を待っています。",
    "volume_in_guest": "インスタンス {instance} のゲストがまだ切り離していません。",
    "volume_needed": "{by} がこれから作られるまで残しています。",
    "plugging_volume": "ボリュームを接続しています。",
    "volume_leaving": "ボリューム {volumes} の切り離しをゲストに要求しました。",
    "guest_keeps_volume": "ゲストがボリューム {volumes} を切り離しません。ゲストの OS がアンマウントしていて、"
    "ホットプラグに対応している必要があります。インスタンスを停止して起動すれば切り離されます。",
    "volume_slot_taken": "ボリューム {volume} は、スロット {slot} が空くのを待っています。",
    "volume_held": "ボリューム {volume} は、インスタンス {instance} のゲストが切り離すのを待っています。",
}
