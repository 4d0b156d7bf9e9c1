"""Transfers: a volume on its way from one project to whoever knows the key."""

import hashlib
import hmac

import msgspec

from kumoi.core.ids import ProjectId, VolumeId, VolumeTransferId


class VolumeTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """It is there until it is accepted or taken back. `digest`: of the key, which only its maker was told.

    `with_snapshots`: those of the volume go along.
    """

    id: VolumeTransferId
    volume_id: VolumeId
    project_id: ProjectId
    name: str
    digest: str
    with_snapshots: bool = True
    created_at: float = 0.0


def digest_of(transfer_id: VolumeTransferId, key: str) -> str:
    """Keys are random and long enough to need no slow hash."""
    return hashlib.sha256(f"{transfer_id}/{key}".encode()).hexdigest()


def opens(transfer: VolumeTransfer, digest: str) -> bool:
    return hmac.compare_digest(transfer.digest, digest)
