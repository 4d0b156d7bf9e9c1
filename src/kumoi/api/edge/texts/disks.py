"""What is said of images' disks, and of volumes, their snapshots and attachments when they are asked for, in both
languages. See `texts`."""

from typing import Final

EN_ERRORS: Final[dict[str, str]] = {
    "no_capacity:pools": "No pool has room for {wanted_gib} GiB. Pools looked at: {pools}; dropped by: {dropped}.",
    "unavailable:portal_taken": "{what} cannot have the address {portal}: another program has it. "
    "Choose another storage.portal in kumoi.toml, or stop that one.",
    "unsupported:multiattach": "A volume of several guests cannot be reached from other hosts.",
    "unsupported:not_exported": "The volume lies on another host, whose pool {pool} is not exported. "
    "Set storage.portal in kumoi.toml there, or run the instance on that host.",
    "unsupported:no_initiator": "The volume lies on another host, and the instance's host {host} reaches no other's. "
    "Install qemu-block-extra there, and start kumoi anew.",
}
JA_ERRORS: Final[dict[str, str]] = {
    "no_capacity:pools": "{wanted_gib} GiB の空きのあるプールがありません。"
    "調べたプール: {pools}、除外の理由: {dropped}。",
    "unavailable:portal_taken": "{what} がアドレス {portal} を使えません。ほかのプログラムが使っています。"
    "kumoi.toml の storage.portal を変えるか、そのプログラムを止めてください。",
    "unsupported:multiattach": "複数のゲストで使うボリュームには、ほかのホストから届きません。",
    "unsupported:not_exported": "ボリュームは別のホストにあり、そのプール {pool} は公開されていません。"
    "そのホストの kumoi.toml で storage.portal を設定するか、同じホストでインスタンスを実行してください。",
    "unsupported:no_initiator": "ボリュームは別のホストにあり、インスタンスのホスト {host} からは届きません。"
    "そのホストに qemu-block-extra を入れて、kumoi を起動し直してください。",
}
EN_INVALID: Final[dict[str, str]] = {
    "backing_file": "The image refers to a backing file. Flatten it: qemu-img convert -O qcow2.",
    "data_file": "The image keeps its data in a file of its own. Make one file of it: qemu-img convert -O qcow2.",
    "encrypted": "The image is encrypted, which is not supported. Decrypt it first: qemu-img convert.",
    "corrupt": "The image is marked as corrupt. Repair it: qemu-img check -r all.",
    "unknown_features": "The image needs features of qcow2 that are not known here ({value}). "
    "Convert it: qemu-img convert -O qcow2.",
    "too_large_virtual": "The disk in the image is too large: {size} bytes, where {limit} are allowed.",
    "bad_header": "The image's header is damaged ({what}: {value}). Make it anew, and upload all of it.",
    "not_a_bootable_volume": "The volume {value} is not bootable.",
    "same_type": "The volume is of the type {value} already.",
    "pool_does_not_fit": "Its pool is not such as the type {value} asks for.",
    "below_source": "Invalid input for {field}: {value} GiB are less than what it is made of needs, {least} GiB.",
    "not_larger": "Invalid input for {field}: a volume of {has} GiB is only ever made larger, not {value} GiB.",
}
JA_INVALID: Final[dict[str, str]] = {
    "backing_file": "イメージがバッキングファイルを参照しています。"
    "qemu-img convert -O qcow2 で一つにまとめてください。",
    "data_file": "イメージのデータが別のファイルにあります。qemu-img convert -O qcow2 で一つにまとめてください。",
    "encrypted": "イメージが暗号化されています。qemu-img convert で復号してから登録してください。",
    "corrupt": "イメージに破損の印があります。qemu-img check -r all で修復してください。",
    "unknown_features": "イメージは未知の qcow2 の機能 ({value}) を必要とします。"
    "qemu-img convert -O qcow2 で変換してください。",
    "too_large_virtual": "イメージの中のディスクが大きすぎます: {size} バイト (上限 {limit})",
    "bad_header": "イメージのヘッダーが壊れています ({what}: {value})。作り直して、全体を送ってください。",
    "not_a_bootable_volume": "ボリューム {value} は起動できません。",
    "same_type": "ボリュームはすでにタイプ {value} です。",
    "pool_does_not_fit": "ボリュームのプールはタイプ {value} の条件に合いません。",
    "below_source": "{field} が正しくありません。{value} GiB では、元になるデータに必要な {least} GiB に足りません。",
    "not_larger": "{field} が正しくありません。{has} GiB のボリュームは拡張しかできません (指定: {value} GiB)。",
}
EN_CONDITIONS: Final[dict[str, str]] = {
    "no_room_for_volume": "No pool keeps it. {wanted_gib} GiB were wanted; pools looked at: {pools}; "
    "dropped by: {dropped}.",
}
JA_CONDITIONS: Final[dict[str, str]] = {
    "no_room_for_volume": "保存できるプールがありません。必要な容量: {wanted_gib} GiB、"
    "調べたプール: {pools}、除外の理由: {dropped}。",
}
EN_KINDS: Final[dict[str, str]] = {
    "volume": "volume",
    "volume_snapshot": "snapshot",
    "root_volume": "root volume",
    "device": "device",
    "swap_volume": "another volume in the place of one",
    "rebuild_on_a_volume": "a rebuild of what boots from a volume",
    "volume_migration": "moving a volume to another pool",
    "attach_across_hosts": "attaching a volume that another host keeps",
    "act_across_hosts": "growing, copying or freezing a volume that a guest of another host has",
    "tag_of_root_disk": "a tag of an instance's own disk",
}
JA_KINDS: Final[dict[str, str]] = {
    "volume": "ボリューム",
    "volume_snapshot": "スナップショット",
    "root_volume": "ルートボリューム",
    "device": "デバイス",
    "swap_volume": "ボリュームの差し替え",
    "rebuild_on_a_volume": "ボリュームから起動したインスタンスの再構築",
    "volume_migration": "ほかのプールへのボリュームの移動",
    "attach_across_hosts": "ほかのホストにあるボリュームの接続",
    "act_across_hosts": "ほかのホストのゲストが使っているボリュームの拡張やコピー",
    "tag_of_root_disk": "本体のディスクへのタグ",
}
