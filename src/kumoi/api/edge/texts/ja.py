"""日本語. 文は、何が、どこで断られたか、分かる場合は何をすればよいかを述べる。"""

from typing import Final

ERRORS: Final[dict[str, str]] = {
    "error": "要求を実行できませんでした。",
    "not_found": "{kind} {id} は見つかりません。",
    "taken": "{kind} {name} は既に存在します。",
    "in_use": "{kind} {id} は {by_kind} {by_id} が使用中です。",
    "wrong_state": "{kind} {id} の状態は {status} であり、{action} はできません。",
    "stale": "{kind} {id} は別の要求によって変更されました。読み直してからもう一度実行してください。",
    "forbidden": "{action} を行う権限がありません。次のいずれかのロールが必要です: {needs}",
    "quota_exceeded": "{resource} の割り当てを超えます: 要求 {wanted}、使用中 {used}、上限 {limit}",
    "no_capacity": "空きのあるホストがありません。調べたホスト: {hosts}、除外の理由: {dropped}、"
    "最も近いもの: {nearest}、収まる大きさ: {would_fit}",
    "no_address": "{pool} に {kind} の空きがありません (全 {size} 個)。",
    "too_large": "{what} が大きすぎます: {size} (上限 {limit})",
    "unsupported": "{what} はこの版では実装されていません。",
    "unavailable": "{what} が応答していません。{retry_after_s} 秒後にもう一度お試しください。",
    "no_route": "{path} では何も提供していません。",
    "method_not_allowed": "{path} では {method} を使えません。使えるもの: {allow}",
    "headers_too_large": "ヘッダーが大きすぎます: {size} バイト (上限 {limit})",
    "unsupported_media_type": "{got} の本文は受け付けません。{wanted} で送ってください。",
    "internal": "クラウド側の誤りです。管理者はログの {request_id} で原因を調べられます。",
}

INVALID: Final[dict[str, str]] = {
    "missing": "入力が正しくありません: {field} は必須です。",
    "unknown_field": "入力が正しくありません: {field} という項目はありません。",
    "wrong_type": "{field} の入力が正しくありません: {got} ではなく {expected} が必要です。",
    "pattern": "{field} の入力が正しくありません: {value} に一致しません。",
    "length": "{field} の入力が正しくありません: 長さは {bound} でなければなりません。",
    "range": "{field} の入力が正しくありません: 値は {bound} でなければなりません。",
    "not_in_enum": "{field} の入力が正しくありません: {value} は選べません。",
    "format": "{field} の入力が正しくありません: 形式が違います。",
    "not_json": "本文が正しい JSON ではありません。",
    "not_utf8_form": "{field} が UTF-8 の正しい項目の並びではありません。",
    "no_such_action": "{field} という操作はありません。",
    "unknown_setting": "{field} という設定はありません ({origin})。",
    "not_toml": "{field} が正しい TOML ではありません: {detail}",
    "bad_setting": "設定 {field} が正しくありません ({origin}): {detail}",
}

UNAUTHENTICATED: Final[dict[str, str]] = {
    "no_credentials": "この要求には認証が必要です。",
    "bad_credentials": "名前またはパスワードが違います。",
    "token_expired": "トークンの有効期限が切れています。",
    "token_invalid": "トークンが無効です。",
}

CONDITIONS: Final[dict[str, str]] = {
    "waiting_for_host": "ホストを待っています。",
}

KINDS: Final[dict[str, str]] = {
    "instance": "インスタンス",
    "flavor": "フレーバー",
    "image": "イメージ",
    "layer": "レイヤー",
    "keypair": "キーペア",
    "network": "ネットワーク",
    "subnet": "サブネット",
    "nic": "ネットワークインターフェース",
    "vpc": "ルーター",
    "group": "セキュリティグループ",
    "rule": "セキュリティグループルール",
    "public_address": "パブリックアドレス",
    "project": "プロジェクト",
    "user": "ユーザー",
    "domain": "ドメイン",
    "role": "ロール",
    "credential": "認証情報",
    "host": "ホスト",
    "address": "アドレス",
    "mac": "MAC アドレス",
    "vni": "ネットワーク番号",
    "body": "本文",
}
