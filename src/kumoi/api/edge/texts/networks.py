"""What networks' rarer things are called, in both languages; the rest is where all kinds are."""

from collections.abc import Mapping
from typing import Final

from kumoi.core.call import Locale

_EN: Final[dict[str, str]] = {
    "subnet_pool": "subnet pool",
    "default_subnet_pool": "default subnet pool",
    "share": "share",
    "qos_policy": "QoS policy",
    "qos_rule": "QoS rule",
    "qos_amounts": "QoS policy",
    "default_qos_policy": "default QoS policy",
    "qos_rule_type": "type of QoS rules",
    "carried_vpc": "router",
    "trunk": "trunk",
    "metering_label": "metering label",
    "metering_rule": "metering rule",
    "segment_range": "range of network numbers",
    "subport": "sub-port",
    "trunk_nic": "network interface",
    "vlan": "VLAN",
    "physical_network": "physical network",
    "locked_trunk": "locked trunk",
    "port_forwarding": "port forwarding",
    "forwarded_port": "forwarding address",
    "forwarding_address": "forwarding address",
    "led_address": "public address",
    "address_group": "address group",
    "default_rule": "default security group rule",
    "address_scope": "address scope",
    "prefix": "block of addresses",
    "default_network": "default external network",
}

_JA: Final[dict[str, str]] = {
    "subnet_pool": "サブネットプール",
    "default_subnet_pool": "既定のサブネットプール",
    "share": "共有",
    "qos_policy": "QoS ポリシー",
    "qos_rule": "QoS ルール",
    "qos_amounts": "QoS ポリシー",
    "default_qos_policy": "既定の QoS ポリシー",
    "qos_rule_type": "QoS ルールの種類",
    "carried_vpc": "ルーター",
    "trunk": "トランク",
    "metering_label": "メータリングラベル",
    "metering_rule": "メータリング規則",
    "segment_range": "ネットワーク番号の範囲",
    "subport": "サブポート",
    "trunk_nic": "ネットワークインターフェース",
    "vlan": "VLAN",
    "physical_network": "物理ネットワーク",
    "locked_trunk": "ロックされたトランク",
    "port_forwarding": "ポート転送",
    "forwarded_port": "転送元アドレス",
    "forwarding_address": "転送元アドレス",
    "led_address": "パブリックアドレス",
    "address_group": "アドレスグループ",
    "default_rule": "既定のセキュリティグループルール",
    "address_scope": "アドレススコープ",
    "prefix": "アドレスブロック",
    "default_network": "既定の外部ネットワーク",
}

KINDS: Final[Mapping[Locale, Mapping[str, str]]] = {"en": _EN, "ja": _JA}
