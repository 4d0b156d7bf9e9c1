"""Revert: a volume becomes what one of its snapshots is. What it held since is lost, the snapshot stays."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read, snapshots
from kumoi.app.volumes.acting import change, check
from kumoi.app.volumes.copied import check_not_copied
from kumoi.app.volumes.writing import mark_volume
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.ids import SnapshotId, VolumeId
from kumoi.core.volumes import Volume


def revert(house: House, call: Call, volume_id: VolumeId, snapshot_id: SnapshotId) -> read.VolumeView:
    """Raises NotFound, WrongState; Invalid for another volume's snapshot, or one from before the volume grew."""

    def reverted(tx: Transaction, volume: Volume) -> Volume:
        check(volume, "revert")
        check_not_copied(tx, volume, "revert")
        snapshot = snapshots.visible(tx, call, snapshot_id)
        if snapshot.volume_id != volume.id:
            raise Invalid("storage", field="snapshot_id", reason="not_of_volume", value=snapshot.id, other=volume.id)
        if snapshot.status != "available":
            raise WrongState(
                "storage", kind="volume_snapshot", id=snapshot.id, status=snapshot.status, action="revert"
            )
        if snapshot.size_gib != volume.size_gib:
            raise Invalid(
                "storage", field="snapshot_id", reason="of_other_size", value=snapshot.size_gib, has=volume.size_gib
            )
        mark_volume(tx, volume.id, volume.pool_id)
        return replace(volume, content=volume.content + 1, reverted_to=snapshot.id, backup_id=None)

    return change(house, call, volume_id, "revert", reverted)
