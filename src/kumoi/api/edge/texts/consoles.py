"""Why a console's connection ended, in both languages; a close frame takes 123 bytes."""

from collections.abc import Mapping
from typing import Final

from kumoi.core.call import Locale

_EN: Final[dict[str, str]] = {
    "withdrawn": "You may not use this console any more.",
    "deleted": "The instance was deleted.",
    "guest_off": "The instance is not running.",
    "guest_ended": "The instance was shut down or restarted.",
    "taken_over": "Somebody else opened this serial console; it has one user at a time.",
    "too_slow": "The connection is too slow for what the guest writes.",
    "too_many": "The host has as many consoles open as it allows.",
    "host_failed": "The host could not reach the guest; its agent's log says why.",
    "host_stops": "The host's agent was restarted.",
    "host_lost": "The connection to the host was lost.",
    "host_silent": "The host did not answer in time.",
}

_JA: Final[dict[str, str]] = {
    "withdrawn": "このコンソールを使う権限がなくなりました。",
    "deleted": "インスタンスは削除されました。",
    "guest_off": "インスタンスは動作していません。",
    "guest_ended": "インスタンスが停止または再起動しました。",
    "taken_over": "別の人がこのシリアルコンソールを開きました（同時に使えるのは 1 人）。",
    "too_slow": "接続が遅く、ゲストの出力を受け取りきれません。",
    "too_many": "このホストで開けるコンソールの上限に達しています。",
    "host_failed": "ホストがゲストに接続できませんでした（理由はエージェントのログに）。",
    "host_stops": "ホストのエージェントが再起動しました。",
    "host_lost": "ホストとの接続が失われました。",
    "host_silent": "ホストから時間内に応答がありませんでした。",
}

CONSOLE_ENDS: Final[Mapping[Locale, Mapping[str, str]]] = {"en": _EN, "ja": _JA}
