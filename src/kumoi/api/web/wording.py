"""Refusals and conditions as the dashboard says them: the cloud's sentences, with the labels of forms in them.

A door says `memory_mib` or `subnet_id`; who fills in a form sees a field called "Memory (MiB)" or "Subnet".
"""

from typing import Final

from kumoi.api.edge.text import say, say_condition
from kumoi.core.call import Locale
from kumoi.core.conditions import Condition
from kumoi.core.errors import KumoiError

_PAIRS: Final[dict[str, tuple[str, str]]] = {
    # fields
    "address_mode": ("address mode", "アドレスの割り当て方法"),
    "cidr": ("addresses", "アドレス範囲"),
    "count": ("how many", "台数"),
    "destination": ("destination", "宛先"),
    "description": ("description", "説明"),
    "dhcp": ("DHCP", "DHCP"),
    "disk": ("disk", "ディスク"),
    "disk_format": ("format", "形式"),
    "dns": ("name servers", "DNS サーバー"),
    "dns_servers": ("name servers", "DNS サーバー"),
    "email": ("e-mail", "メールアドレス"),
    "fixed_address": ("address", "アドレス"),
    "flavor": ("flavor", "フレーバー"),
    "gateway": ("gateway", "ゲートウェイ"),
    "image": ("image", "イメージ"),
    "key_name": ("key pair", "キーペア"),
    "labels": ("metadata", "メタデータ"),
    "locale": ("language", "言語"),
    "max_count": ("how many", "台数"),
    "min_disk": ("least disk", "最小ディスク"),
    "min_ram": ("least memory", "最小メモリ"),
    "name": ("name", "名前"),
    "network_id": ("network", "ネットワーク"),
    "networks": ("networks", "ネットワーク"),
    "new": ("new password", "新しいパスワード"),
    "nexthop": ("next hop", "ネクストホップ"),
    "nic_id": ("interface", "インターフェース"),
    "password": ("password", "パスワード"),
    "pools": ("ranges", "割り当てる範囲"),
    "port_from": ("first port", "最初のポート"),
    "port_max": ("last port", "最後のポート"),
    "port_min": ("first port", "最初のポート"),
    "port_to": ("last port", "最後のポート"),
    "project": ("project", "プロジェクト"),
    "properties": ("properties", "プロパティ"),
    "protocol": ("protocol", "プロトコル"),
    "public_key": ("public key", "公開鍵"),
    "ra_mode": ("router advertisements", "ルーター広告"),
    "ram": ("memory", "メモリ"),
    "remote_cidr": ("address or block", "アドレスまたはブロック"),
    "role": ("role", "ロール"),
    "routes": ("routes", "ルート"),
    "security_groups": ("security groups", "セキュリティグループ"),
    "subnet_id": ("subnet", "サブネット"),
    "tags": ("tags", "タグ"),
    "theme": ("theme", "テーマ"),
    "user_data": ("user data", "ユーザーデータ"),
    "visibility": ("visibility", "公開範囲"),
    # resources
    "disk_gib": ("disk (GiB)", "ディスク (GiB)"),
    "images": ("images", "イメージ"),
    "instances": ("instances", "インスタンス"),
    "key_pairs": ("key pairs", "キーペア"),
    "memory_mib": ("memory (MiB)", "メモリ (MiB)"),
    "nics": ("network interfaces", "ネットワークインターフェース"),
    "public_addresses": ("floating IPs", "Floating IP"),
    "security_rules": ("security group rules", "セキュリティグループルール"),
    "subnets": ("subnets", "サブネット"),
    "vcpus": ("vCPUs", "vCPU"),
    "vpcs": ("routers", "ルーター"),
    # what is expected of a value
    "int": ("a whole number", "整数"),
    # why the scheduler passes a host over
    "disabled": ("takes no new instances", "新規配置の対象外"),
    "host_name": ("another host was asked for", "別のホストを指定"),
    "not_up": ("not up", "応答なし"),
    "taken_meanwhile": ("taken meanwhile", "直前に埋まった"),
}
NAMES: Final[dict[Locale, dict[str, str]]] = {
    "en": {key: pair[0] for key, pair in _PAIRS.items()},
    "ja": {key: pair[1] for key, pair in _PAIRS.items()},
}


def sentence(error: KumoiError, locale: Locale) -> str:
    """Why a door refused."""
    return say(error, locale, names=NAMES[locale])


def condition_sentence(condition: Condition, locale: Locale) -> str:
    """Why a thing is not ready; empty for Ready."""
    return say_condition(condition, locale, NAMES[locale])
