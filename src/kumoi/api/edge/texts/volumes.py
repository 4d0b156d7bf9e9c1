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
}
JA_KINDS: Final[dict[str, str]] = {
    "volume_type": "ボリュームタイプ",
    "volume_type_access": "ボリュームタイプへのアクセス",
    "default_volume_type": "プロジェクトの既定のボリュームタイプ",
    "encryption": "ボリュームタイプの暗号化",
    "volume_qos": "QoS 仕様",
    "volume_group_type": "グループタイプ",
    "extension": "拡張",
}
