"""Looking at backups."""

import msgspec

from kumoi.app.house import House
from kumoi.app.volumes.read import METADATA
from kumoi.contracts.store import Transaction
from kumoi.core.backups import Backup
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.ids import BackupId
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, alive, eq, is_in


class BackupView(msgspec.Struct, frozen=True, kw_only=True):
    """`has_dependents`: others need it."""

    backup: Backup
    has_dependents: bool
    metadata: dict[str, str]


def get(house: House, call: Call, backup_id: BackupId) -> BackupView:
    allow(call, "backup.read")
    return house.store.read(lambda tx: views(tx, [visible(tx, call, backup_id)])[0])


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[BackupView]:
    allow(call, "backup.read")
    asked = _within(call, query, all_projects=all_projects)
    return house.store.read(lambda tx: views(tx, tx.backups.find(asked)))


def count(house: House, call: Call, query: Query, *, all_projects: bool = False) -> int:
    allow(call, "backup.read")
    asked = _within(call, query, all_projects=all_projects)
    return house.store.read(lambda tx: tx.backups.count(asked))


def visible(tx: Transaction, call: Call, backup_id: BackupId) -> Backup:
    """The living backup, if the caller may see it."""
    one = tx.backups.get(backup_id)
    if one is None or one.deleted_at is not None or not sees(call, one.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="backup", id=backup_id)
    return one


def views(tx: Transaction, found: list[Backup]) -> list[BackupView]:
    ids = tuple(one.id for one in found)
    if not ids:
        return []
    needed = {one.parent_id for one in tx.backups.find(Query(filters=(is_in("parent_id", ids), alive())))}
    labels: dict[str, dict[str, str]] = {}
    for label in tx.labels.of("backup", ids):
        if label.namespace == METADATA:
            labels.setdefault(label.resource_id, {})[label.key] = label.value
    return [BackupView(backup=one, has_dependents=one.id in needed, metadata=labels.get(one.id, {})) for one in found]


def _within(call: Call, query: Query, *, all_projects: bool) -> Query:
    if all_projects:
        allow(call, "volume.all_projects")
        return query.where(alive())
    return query.where(eq("project_id", call.project_id), alive())
