"""Images of volumes: the row at once; the copy is its host's to make and to give (images.copying)."""

from typing import Final

import msgspec

from kumoi.app.house import House
from kumoi.app.images import doors
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.read import visible
from kumoi.app.volumes.writing import mark_volume
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Unsupported, WrongState
from kumoi.core.ids import ImageId, VolumeId
from kumoi.core.images import Image, Visibility
from kumoi.core.policy import allow
from kumoi.core.volumes import Volume

FORMATS: Final = ("qcow2", "raw")  # what a host gives, and what control makes of that
_OF_IMAGES: Final = frozenset(
    {"image_id", "image_name", "checksum", "container_format", "disk_format", "min_disk", "min_ram", "size"}
)


class VolumeImageWish(msgspec.Struct, frozen=True, kw_only=True):
    """`while_used`: a guest may have it, and is not disturbed. `disk_format`: one of FORMATS."""

    name: str
    disk_format: str = "qcow2"
    visibility: Visibility = "private"
    protected: bool = False
    while_used: bool = False


def create_image(house: House, call: Call, volume_id: VolumeId, wish: VolumeImageWish) -> tuple[Volume, Image]:
    """An image that waits for a copy of the volume as it is within the next moments.

    Raises NotFound, WrongState, QuotaExceeded, Forbidden; Unsupported for another format.
    """
    allow(call, "volume.update")
    allow(call, "image.create")
    if wish.visibility == "public":
        allow(call, "image.publish")
    if wish.disk_format not in FORMATS:
        raise Unsupported("storage", what="image_format", format=wish.disk_format)

    def write(tx: Transaction) -> tuple[Volume, Image]:
        volume = visible(tx, call, volume_id)
        check(volume, "upload")
        check_at_home(tx, volume)
        if volume.status == "in_use" and not wish.while_used:
            raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="upload")
        image = _row(house, call, volume, wish)
        doors.check(image)
        charge(tx, image.project_id, image.id, images=1)
        tx.images.insert(image)
        mark_volume(tx, volume.id, volume.pool_id)
        record(tx, house, call, "image.create", Thing("image", image.id, image.project_id), {"name": image.name})
        thing = Thing("volume", volume.id, volume.project_id)
        record(tx, house, call, "volume.create_image", thing, {"image": image.id})
        return volume, image

    return commit(house, write)


def _row(house: House, call: Call, volume: Volume, wish: VolumeImageWish) -> Image:
    """What a volume remembers of its image is true of its copy too."""
    words = volume.image_words
    return Image(
        id=ImageId(house.chance.uuid()),
        project_id=call.project_id,
        name=wish.name,
        visibility=wish.visibility,
        protected=wish.protected,
        disk_format=wish.disk_format,
        container_format="bare",
        min_disk_gib=volume.size_gib,
        min_ram_mib=int(words["min_ram"]) if words.get("min_ram", "").isdecimal() else 0,
        properties={
            **{key: value for key, value in words.items() if key not in _OF_IMAGES},
            "owner_id": call.project_id,
            "user_id": call.actor.user_id,
        },
        copy_of_volume=volume.id,
        created_at=call.now,
        updated_at=call.now,
    )
