"""What is said of operating the cloud itself, in both languages."""

from typing import Final

EN_ERRORS: Final[dict[str, str]] = {
    "unsupported:newer_database": "The database is of a newer version (schema {found}); this one knows {newest}.",
    "unsupported:newer_backup": "The backup is of a newer version (format {found}); this one knows {newest}.",
    "unsupported:no_database": "What is there is no cloud's database: {found}.",
    "unsupported:postgresql": "The database is PostgreSQL, which has tools of its own: pg_dump and pg_restore.",
}
JA_ERRORS: Final[dict[str, str]] = {
    "unsupported:newer_database": "データベースは新しい版 (スキーマ {found}) のものです。この版は {newest} までです。",
    "unsupported:newer_backup": "バックアップは新しい版 (形式 {found}) のものです。この版は {newest} までです。",
    "unsupported:no_database": "クラウドのデータベースではありません: {found}。",
    "unsupported:postgresql": "データベースは PostgreSQL です。専用の道具を使ってください: pg_dump と pg_restore。",
}
EN_INVALID: Final[dict[str, str]] = {
    "not_a_backup": "{field} was not written by kumoi backup.",
    "backup_cut": "{field} is not whole: its end is missing.",
    "backup_damaged": "{field} is damaged: {value} is not what was written.",
    "not_a_certificate": "{field} is no certificate in PEM.",
    "not_a_key": "{field} is no key in PEM without a password.",
    "not_its_key": "{field} is not the key of the certificate.",
    "expired": "{field} has expired ({value}).",
}
JA_INVALID: Final[dict[str, str]] = {
    "not_a_backup": "{field} は kumoi backup で書かれたものではありません。",
    "backup_cut": "{field} は途中で切れています。",
    "backup_damaged": "{field} は壊れています。{value} が書かれたときと違います。",
    "not_a_certificate": "{field} は PEM 形式の証明書ではありません。",
    "not_a_key": "{field} はパスワードのない PEM 形式の鍵ではありません。",
    "not_its_key": "{field} はこの証明書の鍵ではありません。",
    "expired": "{field} は期限が切れています ({value})。",
}
