"""Doors of transfers: offer a volume, take it back, accept one by its key. The quota it takes moves with it."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import read, snapshots, types
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.amounts import charge_type
from kumoi.app.volumes.writing import project_volume
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound
from kumoi.core.ids import VolumeId, VolumeTransferId
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, eq
from kumoi.core.volume_transfers import VolumeTransfer, digest_of, opens
from kumoi.core.volumes import Volume


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """The one time that the key is told."""

    transfer: VolumeTransfer
    key: str


def offer(house: House, call: Call, volume_id: VolumeId, name: str, *, with_snapshots: bool = True) -> Offered:
    """Raises NotFound, WrongState (it must be available)."""
    allow(call, "volume_transfer.create")
    made, key = VolumeTransferId(house.chance.uuid()), house.chance.secret(8).hex()
    digest = digest_of(made, key)

    def write(tx: Transaction) -> VolumeTransfer:
        volume = read.visible(tx, call, volume_id)
        check(volume, "transfer")
        transfer = VolumeTransfer(
            id=made,
            volume_id=volume.id,
            project_id=volume.project_id,
            name=name,
            digest=digest,
            with_snapshots=with_snapshots,
            created_at=call.now,
        )
        tx.volume_transfers.insert(transfer)
        _hold(tx, call, replace(volume, hold="awaiting_transfer"))
        record(tx, house, call, "volume_transfer.create", _thing(transfer), {"volume_id": volume.id})
        return transfer

    return Offered(transfer=commit(house, write), key=key)


def get(house: House, call: Call, transfer_id: VolumeTransferId) -> VolumeTransfer:
    allow(call, "volume_transfer.read")
    return house.store.read(lambda tx: _visible(tx, call, transfer_id))


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[VolumeTransfer]:
    allow(call, "volume_transfer.read")
    if all_projects:
        allow(call, "volume.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: tx.volume_transfers.find(query))


def take_back(house: House, call: Call, transfer_id: VolumeTransferId) -> None:
    """The volume is as it was before."""
    allow(call, "volume_transfer.delete")

    def write(tx: Transaction) -> None:
        transfer = _visible(tx, call, transfer_id)
        tx.volume_transfers.remove(transfer.id)
        volume = tx.volumes.get(transfer.volume_id)
        if volume is not None and volume.hold == "awaiting_transfer":
            _hold(tx, call, replace(volume, hold=""))
        record(tx, house, call, "volume_transfer.delete", _thing(transfer), {"volume_id": transfer.volume_id})

    commit(house, write)


def accept(house: House, call: Call, transfer_id: VolumeTransferId, key: str) -> VolumeTransfer:
    """The volume is the caller's project's from now on. NotFound; Forbidden for a wrong key; QuotaExceeded."""
    allow(call, "volume_transfer.accept")
    digest = digest_of(transfer_id, key)

    def write(tx: Transaction) -> VolumeTransfer:
        transfer = tx.volume_transfers.get(transfer_id)
        if transfer is None:
            raise NotFound("storage", kind="volume_transfer", id=transfer_id)
        if not opens(transfer, digest):
            raise Forbidden("storage", action="volume_transfer.accept", needs=["auth_key"])
        volume = tx.volumes.get(transfer.volume_id)
        if volume is None or volume.deleted_at is not None or volume.hold != "awaiting_transfer":
            raise NotFound("storage", kind="volume", id=transfer.volume_id)
        if volume.type_id is not None:
            types.visible(tx, call, volume.type_id)
        if transfer.with_snapshots:
            _move_snapshots(tx, call, volume)
        tx.counters.give_back(volume.id, "project/")
        charge(tx, call.project_id, volume.id, volumes=1, gigabytes=volume.size_gib)
        charge_type(tx, call.project_id, volume.id, volume.type_id, volumes=1, gigabytes=volume.size_gib)
        _hold(tx, call, replace(volume, hold="", project_id=call.project_id, user_id=call.actor.user_id))
        tx.volume_transfers.remove(transfer.id)
        record(tx, house, call, "volume_transfer.accept", _thing(transfer), {"volume_id": volume.id})
        return transfer

    return commit(house, write)


def _move_snapshots(tx: Transaction, call: Call, volume: Volume) -> None:
    for one in snapshots.of_volume(tx, volume.id):
        tx.counters.give_back(one.id, "project/")
        charge(tx, call.project_id, one.id, snapshots=1, gigabytes=one.size_gib)
        charge_type(tx, call.project_id, one.id, volume.type_id, snapshots=1, gigabytes=one.size_gib)
        moved = replace(one, project_id=call.project_id, user_id=call.actor.user_id, updated_at=call.now)
        tx.volume_snapshots.save(moved)


def _hold(tx: Transaction, call: Call, volume: Volume) -> None:
    tx.volumes.save(project_volume(tx, replace(volume, updated_at=call.now), call.now))


def _visible(tx: Transaction, call: Call, transfer_id: VolumeTransferId) -> VolumeTransfer:
    found = tx.volume_transfers.get(transfer_id)
    if found is None or not sees(call, found.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="volume_transfer", id=transfer_id)
    return found


def _thing(transfer: VolumeTransfer) -> Thing:
    return Thing("volume_transfer", transfer.id, transfer.project_id)
