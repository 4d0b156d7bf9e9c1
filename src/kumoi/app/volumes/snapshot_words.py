"""What changes of a snapshot: words, labels, and what is said of its status against all sight."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read
from kumoi.app.volumes.snapshots import SnapshotView, change, put_labels
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import SnapshotId
from kumoi.core.policy import allow
from kumoi.core.volume_snapshots import Status, VolumeSnapshot


def rename(
    house: House, call: Call, snapshot_id: SnapshotId, name: str | None = None, description: str | None = None
) -> SnapshotView:
    """None: as it was."""

    def renamed(_tx: Transaction, one: VolumeSnapshot) -> VolumeSnapshot:
        return replace(
            one,
            name=one.name if name is None else name,
            description=one.description if description is None else description,
        )

    return change(house, call, snapshot_id, renamed)


def set_metadata(
    house: House, call: Call, snapshot_id: SnapshotId, pairs: dict[str, str], *, whole: bool = False
) -> SnapshotView:
    """`whole`: and nothing else stays."""

    def labelled(tx: Transaction, one: VolumeSnapshot) -> VolumeSnapshot:
        if whole:
            tx.labels.drop("volume_snapshot", one.id, read.METADATA)
        put_labels(tx, house, one.id, pairs, read.METADATA)
        return one

    return change(house, call, snapshot_id, labelled)


def drop_metadata(house: House, call: Call, snapshot_id: SnapshotId, key: str) -> bool:
    """Whether there was such a key."""
    dropped: list[int] = []

    def without(tx: Transaction, one: VolumeSnapshot) -> VolumeSnapshot:
        dropped[:] = [tx.labels.drop("volume_snapshot", one.id, read.METADATA, key)]
        return one

    change(house, call, snapshot_id, without)
    return bool(dropped[0])


def reset(house: House, call: Call, snapshot_id: SnapshotId, status: Status) -> SnapshotView:
    """An operator's word; `available` takes it back, and sight decides again."""
    allow(call, "volume.reset")
    if status == "deleted":
        raise Invalid("storage", field="status", reason="not_in_enum", value=status)
    said: Status | str = "" if status == "available" else status
    return change(house, call, snapshot_id, lambda _tx, one: replace(one, hold=said, progress=""))


def report(house: House, call: Call, snapshot_id: SnapshotId, status: Status, progress: str) -> SnapshotView:
    """What who makes it elsewhere says of it (Nova's part of snapshots by the guest's own file system)."""
    said: Status | str = "" if status == "available" else status
    return change(house, call, snapshot_id, lambda _tx, one: replace(one, hold=said, progress=progress))
