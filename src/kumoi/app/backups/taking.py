"""Backups on their way in: a volume's host makes a copy and gives its bytes, and they are kept and read back.

`begin`, then `write` for every piece, then `finish`; and `end`, whatever went wrong: then the backup waits as before,
and its host offers it anew. What does not belong here: asking for one (create).
"""

from msgspec.structs import replace

from kumoi.app.backups.writing import project_backup, refuse, tell
from kumoi.app.hosts.fetch import check_session
from kumoi.app.house import House
from kumoi.app.volumes.writing import mark_volume
from kumoi.app.writing import commit
from kumoi.contracts.blobs import Upload
from kumoi.contracts.store import Transaction
from kumoi.core.backups import Backup, KeptBackup
from kumoi.core.conditions import Facts
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Invalid, KumoiError, NotFound
from kumoi.core.ids import BackupId, LayerId
from kumoi.core.images import Layer
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.storage_pools import host_of


class Taking:
    """One backup under way. `parent`: the place of what it stands on."""

    def __init__(self, house: House, backup: Backup, parent: str | None, upload: Upload) -> None:
        self.backup = backup
        self.parent = parent
        self.upload = upload
        self._house = house

    def write(self, data: bytes) -> None:
        self.upload.write(data)

    def finish(self) -> None:
        """Look at what came as at anybody's bytes, keep it where backups are kept, and let it be had."""
        house = self._house
        try:
            inspected = house.inspector.inspect(self.upload.path(), "qcow2")
            if inspected.layer_format != "qcow2":
                raise Invalid("image", field="image", reason="not_an_image")
            kept = house.backups.keep(self.backup.place, self.upload.path(), self.parent)
        except KumoiError as error:
            if isinstance(error, Invalid | NotFound):  # it would be so again
                give_up(house, self.backup.id, {**error.facts, "code": error.code})
            raise
        commit(house, lambda tx: _keep(tx, house, self.backup.id, kept))

    def end(self) -> None:
        """What came is let go: it was kept elsewhere, or not. Twice is harmless."""
        self.upload.abort()


def begin(house: House, offer: CopyOffer) -> Taking:
    """NotFound for one that nobody waits for (any more) from this host; Stale for an old session."""

    def find(tx: Transaction) -> tuple[Backup, str | None]:
        check_session(tx, offer.host_id, offer.session)
        one = tx.backups.get(BackupId(offer.image_id))
        volume = tx.volumes.get(one.volume_id) if one is not None else None
        here = volume is not None and volume.pool_id is not None and host_of(volume.pool_id) == offer.host_id
        if one is None or not one.awaits_copy or not here:
            raise NotFound("storage", kind="backup", id=offer.image_id)
        parent = tx.backups.get(one.parent_id) if one.parent_id is not None else None
        return one, parent.place if parent is not None else None

    one, parent = house.store.read(find)
    return Taking(house, one, parent, house.blobs.begin(offer.copied.size_bytes))


def _keep(tx: Transaction, house: House, backup_id: BackupId, kept: KeptBackup) -> None:
    one = tx.backups.get(backup_id)
    if one is None or not one.awaits_copy:  # what was kept goes with the row that it was kept for
        raise NotFound("storage", kind="backup", id=backup_id)
    now = house.clock.now()
    whole = replace(one, kept=kept, layer_id=layer_of(tx, house, kept), updated_at=now)
    tx.backups.save(project_backup(tx, whole, now))
    tell(tx, house, one, "kept", {"bytes": kept.stored_bytes, "objects": kept.objects})
    _unname(tx, one)


def layer_of(tx: Transaction, house: House, kept: KeptBackup) -> LayerId:
    """What it is as a disk, for volumes to be made of."""
    same = tx.layers.find(Query(filters=(eq("sha256", kept.sha256),)))
    if same:
        return same[0].id
    layer = Layer(
        id=LayerId(house.chance.uuid()),
        sha256=kept.sha256,
        format="qcow2",
        size_bytes=kept.size_bytes,
        virtual_bytes=kept.virtual_bytes,
        created_at=house.clock.now(),
    )
    tx.layers.insert(layer)
    return layer.id


def give_up(house: House, backup_id: BackupId, facts: Facts) -> None:
    commit(house, lambda tx: give_up_within(tx, house, backup_id, facts))


def give_up_within(tx: Transaction, house: House, backup_id: BackupId, facts: Facts) -> None:
    """Its host says that there will never be a copy."""
    one = tx.backups.get(backup_id)
    if one is not None and one.awaits_copy:
        refuse(tx, house, one, facts)
        _unname(tx, one)


def _unname(tx: Transaction, one: Backup) -> None:
    volume = tx.volumes.get(one.volume_id)
    if volume is not None:
        mark_volume(tx, volume.id, volume.pool_id)


def disk(house: House, sha256: str) -> tuple[str, int]:
    """The place of a backup that is a disk of this hash, and how many bytes that has. NotFound."""

    def find(tx: Transaction) -> Backup | None:
        layers = tuple(layer.id for layer in tx.layers.find(Query(filters=(eq("sha256", sha256),))))
        there = tx.backups.find(Query(filters=(is_in("layer_id", layers), alive()))) if layers else []
        return next((one for one in there if one.kept is not None), None)

    one = house.store.read(find)
    if one is None or one.kept is None:
        raise NotFound("storage", kind="layer", id=sha256)
    return one.place, one.kept.size_bytes
