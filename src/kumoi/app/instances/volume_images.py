"""Images of instances that boot from a volume: no bytes of their own, but snapshots of the volumes, named in the
property by which Nova's clients know them; and what an instance made of such an image gets.

The snapshots are frozen at one moment. They outlive the image, as in Nova: they are the volume service's.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import may_see
from kumoi.app.instances.wish import DiskChoice, RunWish
from kumoi.app.volumes import acting, attaching, snapshots
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.snapshots import SnapshotWish
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.call import Call
from kumoi.core.errors import Invalid
from kumoi.core.ids import ImageId, SnapshotId
from kumoi.core.images import Image
from kumoi.core.instances import Instance
from kumoi.core.policy import allow

MAPPING: Final = "block_device_mapping"


class _Mapped(msgspec.Struct, kw_only=True):
    """One disk in the property, in Nova's words. What else stands there is Nova's."""

    source_type: str = ""
    snapshot_id: str | None = None
    volume_size: int | None = None
    boot_index: int | None = None
    delete_on_termination: bool | None = False


def freeze(tx: Transaction, house: House, call: Call, one: Instance, image: Image) -> Image:
    """The image, active at once; its snapshots come. Raises WrongState, QuotaExceeded, Unsupported."""
    allow(call, "volume_snapshot.create")
    moment = house.chance.uuid()
    mapped = [_frozen(tx, house, call, found, image.name, moment) for found in attaching.of_instance(tx, one.id)]
    properties = {MAPPING: msgspec.json.encode(mapped).decode(), "bdm_v2": "True", "root_device_name": "/dev/vda"}
    return replace(
        image, status="active", size_bytes=0, copy_of=None, rotation=None, properties={**image.properties, **properties}
    )


def _frozen(
    tx: Transaction, house: House, call: Call, found: Attachment, name: str, moment: str
) -> dict[str, Any]:
    volume = tx.volumes.get(found.volume_id)
    assert volume is not None, "what is attached is there"
    acting.check(volume, "snapshot")
    check_at_home(tx, volume)
    wish = SnapshotWish(volume_id=volume.id, name=f"snapshot for {name}"[: snapshots.NAME_MOST], moment=moment)
    made = snapshots.make(tx, house, call, volume, wish, SnapshotId(house.chance.uuid()))
    return {
        "source_type": "snapshot",
        "destination_type": "volume",
        "snapshot_id": made.id,
        "volume_size": volume.size_gib,
        "device_name": found.device,
        "boot_index": 0 if found.boot else None,
        "delete_on_termination": found.delete_on_termination,
        "disk_bus": "virtio",
        "device_type": "disk",
    }


def unfolded(house: House, call: Call, wish: RunWish) -> RunWish:
    """With the disks that its image names instead of the image; the same for any other image."""
    if wish.image_id is None:
        return wish
    image_id = wish.image_id
    image = house.store.read(lambda tx: _seen(tx, call, image_id))
    if image is None or image.layer_id is not None or MAPPING not in image.properties:
        return wish
    disks = _disks(image)
    return replace(wish, image_id=None, disks=(*disks, *wish.disks)) if any(d.boot for d in disks) else wish


def _seen(tx: Transaction, call: Call, image_id: ImageId) -> Image | None:
    image = tx.images.get(image_id)
    return image if image is not None and image.deleted_at is None and may_see(tx, call, image) else None


def _disks(image: Image) -> list[DiskChoice]:
    """Anybody may write the property: Invalid for what is none."""
    try:
        mapped = msgspec.json.decode(image.properties[MAPPING], type=list[_Mapped])
    except msgspec.MsgspecError as e:
        raise Invalid("image", field="image", reason="not_bootable", value=MAPPING) from e
    return [
        DiskChoice(
            source="snapshot",
            id=one.snapshot_id,
            size_gib=one.volume_size,
            boot=one.boot_index == 0,
            delete_on_termination=bool(one.delete_on_termination),
        )
        for one in mapped
        if one.source_type == "snapshot" and one.snapshot_id
    ]
