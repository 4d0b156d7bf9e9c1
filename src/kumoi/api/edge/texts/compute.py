"""Words of compute alone, in both languages: where instances stand, and by what."""

from collections.abc import Mapping
from typing import Final

from kumoi.core.call import Locale

# invalid: what is wrong with {field}
INVALID: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": {
        "no_such_server_group": "Invalid {field}: there is no server group {value} in this project.",
        "no_such_instance": "Invalid {field}: there is no instance {value}.",
        "rules_of_other_policy": "Invalid {field}: the policy {value} has none; anti-affinity has.",
    },
    "ja": {
        "no_such_server_group": "{field} が無効です。サーバーグループ {value} はこのプロジェクトにありません。",
        "no_such_instance": "{field} が無効です。インスタンス {value} はありません。",
        "rules_of_other_policy": "{field} が無効です。規則があるのは anti-affinity だけで、{value} にはありません。",
    },
}

KINDS: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": {
        "resource_provider": "resource provider",
        "resource_class": "resource class",
        "inventory": "inventory",
        "trait": "trait",
        "file_shares": "a file share in a server",
        "images_beforehand": "bringing images to hosts beforehand",
        "extension": "extension",
        "migration": "migration",
        "uptime": "the uptime of a host",
        "aggregate": "aggregate",
        "server_group": "server group",
        "further_disks": "a swap or ephemeral disk beside the root disk",
    },
    "ja": {
        "resource_provider": "リソースプロバイダー",
        "resource_class": "リソースクラス",
        "inventory": "在庫",
        "trait": "特性",
        "file_shares": "サーバーのファイル共有",
        "images_beforehand": "イメージの先読み",
        "extension": "拡張",
        "migration": "移動",
        "uptime": "ホストの稼働時間",
        "aggregate": "アグリゲート",
        "server_group": "サーバーグループ",
        "further_disks": "スワップまたはエフェメラルディスク",
    },
}

CONDITIONS: Final[Mapping[Locale, Mapping[str, str]]] = {
    "en": {
        "marked_error": "Marked as in error by an operator: an administrator takes the mark away, or rebuild it.",
    },
    "ja": {
        "marked_error": "運用者がエラーとしました。管理者が取り消すか、再構築してください。",
    },
}
