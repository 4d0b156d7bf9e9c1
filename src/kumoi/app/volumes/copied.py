"""What a volume stands still for: images and backups of it that its host has still to copy."""

from kumoi.app.backups.writing import awaiting
from kumoi.app.images.copying import awaiting_volume
from kumoi.contracts.store import Transaction
from kumoi.core.errors import WrongState
from kumoi.core.volumes import Volume


def check_not_copied(tx: Transaction, volume: Volume, action: str) -> None:
    """WrongState: without it, or with other contents, they would never come, or be of something else."""
    for waiting, status in ((awaiting_volume(tx, volume.id), "uploading"), (awaiting(tx, volume.id), "backing_up")):
        if waiting:
            raise WrongState("storage", kind="volume", id=volume.id, status=status, action=action)
