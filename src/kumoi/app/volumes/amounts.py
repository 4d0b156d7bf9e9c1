"""What volumes and snapshots take of their project's quota beside the plain counters."""

from kumoi.app.quota_defaults import check_single
from kumoi.app.writing import charge
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import ProjectId, VolumeTypeId
from kumoi.core.quotas import UNLIMITED, project_scope
from kumoi.core.volume_types import per_type
from kumoi.core.volumes import Volume


def check_quota_of_one(tx: Transaction, call: Call, size_gib: int) -> None:
    """QuotaExceeded where no single volume may be so large."""
    check_single(tx, call.project_id, "per_volume_gigabytes", size_gib)


def charge_type(
    tx: Transaction, project: ProjectId, consumer: str, type_id: VolumeTypeId | None, **amounts: int
) -> None:
    """Beside the project's own counters, those of its volumes of one type: without a limit until somebody sets one."""
    if type_id is None:
        return
    named = {per_type(resource, type_id): amount for resource, amount in amounts.items()}
    for resource in named:
        if tx.counters.get(project_scope(project), resource) is None:
            tx.counters.set_most(project_scope(project), resource, UNLIMITED)
    charge(tx, project, consumer, **named)


def move_type(tx: Transaction, volume: Volume, type_id: VolumeTypeId) -> None:
    """From the counters of its former type to those of another."""
    scope = project_scope(volume.project_id)
    for held in tx.counters.allocations(volume.id):
        resource, _, of_type = held.resource.partition("/")
        if held.provider == scope and of_type:
            tx.counters.lower(held)
            charge_type(tx, volume.project_id, volume.id, type_id, **{resource: held.amount})
