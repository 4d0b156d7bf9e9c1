"""The bytes that hosts give and are given: copies of disks on their way in, layers on their way out.

What does not belong here: what becomes of a copy (images.copying, backups.taking).
"""

from collections.abc import Iterator
from typing import Protocol

from kumoi.app.backups import taking
from kumoi.app.house import House
from kumoi.app.images import copying, upload
from kumoi.app.images.upload import Filling
from kumoi.contracts.store import Transaction
from kumoi.core.copies import CopyOffer
from kumoi.core.ids import BackupId


class Intake(Protocol):
    """A copy on its way in: every piece, then `finish`; and `end`, whatever went wrong."""

    def write(self, data: bytes) -> None: ...
    def finish(self) -> None: ...
    def end(self) -> None: ...


class _ImageIntake:
    def __init__(self, house: House, offer: CopyOffer, filling: Filling) -> None:
        self._house = house
        self._offer = offer
        self._filling = filling
        self.write = filling.write

    def finish(self) -> None:
        copying.finish(self._house, self._offer, self._filling)

    def end(self) -> None:
        upload.give_up(self._house, self._filling)


def begin(house: House, offer: CopyOffer) -> Intake:
    """Of a backup or an image. NotFound for one that nobody waits for (any more) from this host."""

    def of_backup(tx: Transaction) -> bool:
        return tx.backups.get(BackupId(offer.image_id)) is not None

    if house.store.read(of_backup):
        return taking.begin(house, offer)
    return _ImageIntake(house, offer, copying.begin(house, offer))


def layer(house: House, sha256: str) -> tuple[int, Iterator[bytes]]:
    """How many bytes a layer has, and they: an image's, or a backup's, that is a disk again. NotFound."""
    size = house.blobs.size(sha256)
    if size is not None:
        return size, house.blobs.read(sha256)
    place, size = taking.disk(house, sha256)
    return size, house.backups.read(place)
