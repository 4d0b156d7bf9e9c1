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
