"""Words of the page of backups, and of the dialogs that make copies of volumes."""

from typing import Final

from kumoi.api.web.words import Table

WORDS: Final[Table] = {
    "title": ("Backups", "バックアップ"),
    "thing": ("backup", "バックアップ"),
    "lead": (
        "What volumes held, kept outside of their pools. A backup is had back as a new volume, or put into one.",
        "ボリュームの内容をプールの外に保存したものです。新しいボリュームとして、または既存のボリュームに復元できます。",
    ),
    "empty.title": ("No backup yet", "バックアップがありません"),
    "empty.text": (
        "Take one of a volume, by the box in its row on the page of volumes.",
        "ボリュームの画面で、行の右側にある箱のボタンから作成できます。",
    ),
    "quota": ("Backups of the project", "プロジェクトのバックアップ"),
    "quota.gigabytes": ("Size of all that was backed up (GiB)", "バックアップしたボリュームの合計サイズ (GiB)"),
    "quota.text": ("{used} of {most}", "{used} / {most}"),
    "quota.unlimited": ("{used}, no limit", "{used}（上限なし）"),
    "state.creating": ("Being made", "作成中"),
    "state.available": ("Available", "利用可能"),
    "state.restoring": ("Being restored", "復元中"),
    "state.error": ("Error", "エラー"),
    "state.other": ("Busy", "処理中"),
    "status": ("Status", "状態"),
    "size": ("Size", "サイズ"),
    "stored": ("Kept", "保存量"),
    "stored.none": ("not yet", "未保存"),
    "kind": ("Kind", "種別"),
    "kind.full": ("Full", "フル"),
    "kind.incremental": ("Incremental", "増分"),
    "volume": ("Volume", "ボリューム"),
    "volume.gone": ("deleted", "削除済み"),
    "create.title": ("Back up {name}", "{name} をバックアップ"),
    "create.text": (
        "It keeps what the volume holds now, and the instance goes on. Of a volume in use it is as after a power cut.",
        "現在の内容を保存します。インスタンスは止まりません。使用中のボリュームでは、電源断の直後と同じ状態になります。",
    ),
    "create.incremental": ("Only what is new since the last one", "前回からの増分のみ"),
    "create.incremental.help": (
        "It takes less room, and the ones before it cannot be deleted while it is there.",
        "保存量は減りますが、これがある間は元のバックアップを削除できません。",
    ),
    "create.submit": ("Back up", "バックアップ"),
    "created": ("{name} is being backed up.", "{name} をバックアップしています。"),
    "restore": ("Restore", "復元"),
    "restore.title": ("Restore {name}", "{name} を復元"),
    "restore.row": ("Restore {name}", "{name} を復元"),
    "restore.into": ("Into", "復元先"),
    "restore.into.new": ("A new volume", "新しいボリューム"),
    "restore.into.volume": ("{name}: what it holds is lost", "{name}: 現在の内容は失われます"),
    "restore.name": ("Name of the new volume", "新しいボリュームの名前"),
    "restored": ("{name} is being restored.", "{name} を復元しています。"),
    "delete.title": ("Delete {name}?", "{name} を削除しますか？"),
    "delete.row": ("Delete {name}", "{name} を削除"),
    "delete.text": (
        "What it keeps is lost. Volumes made of it stay.",
        "保存した内容は失われます。復元済みのボリュームは残ります。",
    ),
    "delete.many": ("Delete {n} backups?", "{n} 件のバックアップを削除しますか？"),
    "delete.many.text": ("What they keep is lost.", "保存した内容は失われます。"),
    "deleted.done": ("{name} was deleted.", "{name} を削除しました。"),
    "why.needed": (
        "Incremental backups stand on it: delete them first.",
        "増分バックアップの元になっています。先に増分を削除してください。",
    ),
    "why.state": ("It is {state} now.", "現在の状態: {state}"),
}
