"""Images of instances: the row at once; the copy of the disk is its host's to make and to give (images.copying).

The guest is not disturbed. What does not belong here: the copy, and its bytes.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from kumoi.app.house import House
from kumoi.app.images import doors
from kumoi.app.images.copying import check_not_copied
from kumoi.app.instances.acting import check
from kumoi.app.instances.read import visible
from kumoi.app.instances.volume_images import freeze
from kumoi.app.quota_defaults import check_single
from kumoi.app.writing import Thing, charge, commit, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported, WrongState
from kumoi.core.ids import ImageId, InstanceId
from kumoi.core.images import Image
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq

ROTATION_MOST: Final = 2**31 - 1
# Of the image that the instance was made of, what is true of the copy too.
INHERITED: Final = ("hw_", "os_", "trait:")


class ImageWish(msgspec.Struct, frozen=True, kw_only=True):
    """`backup_type` and `rotation`: of a backup; so many of its type are kept, this one counted in.
    `alone`: not while another one is being made (Nova's way)."""

    name: str
    properties: dict[str, str] = {}
    backup_type: str = ""
    rotation: int | None = None
    alone: bool = False


def create_image(house: House, call: Call, instance_id: InstanceId, wish: ImageWish) -> Image:
    """An image that waits for a copy of the instance's root disk as it is within the next moments.

    Raises WrongState, QuotaExceeded, Invalid.
    """
    allow(call, "instance.power")
    allow(call, "image.create")
    if wish.rotation is not None and not 0 <= wish.rotation <= ROTATION_MOST:
        raise Invalid("compute", field="rotation", reason="range", bound=f"from {0} to {ROTATION_MOST}")

    def write(tx: Transaction) -> Image:
        one = visible(tx, call, instance_id)
        check(call, one, "create_image")
        check_single(tx, one.project_id, "metadata_items", len(wish.properties))
        if wish.alone:
            check_not_copied(tx, one, "create_image")
        if not tx.placements.count(Query(filters=(eq("instance_id", one.id),))):
            raise WrongState("compute", kind="instance", id=one.id, status=one.status, action="create_image")
        image = _row(house, call, one, tx.images.get(one.image_id), wish)
        if not one.root_layer_id:
            if wish.rotation is not None:
                raise Unsupported("compute", what="rotated backups of servers that boot from volumes")
            image = freeze(tx, house, call, one, image)
        doors.check(image)
        charge(tx, image.project_id, image.id, images=1)
        tx.images.insert(image)
        mark_instance(tx, one.id)
        record(tx, house, call, "image.create", Thing("image", image.id, image.project_id), {"name": image.name})
        action = "instance.create_image" if wish.rotation is None else "instance.create_backup"
        record(tx, house, call, action, Thing("instance", one.id, one.project_id), {"image": image.id})
        return image

    return commit(house, write)


def create_dated(house: House, call: Call, instance_id: InstanceId) -> Image:
    """One that nobody named: after the instance and the minute."""
    allow(call, "instance.power")
    name = house.store.read(lambda tx: visible(tx, call, instance_id)).name
    at = datetime.fromtimestamp(call.now, UTC)
    return create_image(house, call, instance_id, ImageWish(name=f"{name[:200]} {at:%Y-%m-%d %H:%M}"))


def _row(house: House, call: Call, one: Instance, base: Image | None, wish: ImageWish) -> Image:
    inherited = {} if base is None else {k: v for k, v in base.properties.items() if k.startswith(INHERITED)}
    kind = "snapshot" if wish.rotation is None else "backup"  # what its user calls it comes first, as in Nova
    own = {
        "base_image_ref": str(one.image_id),
        "instance_uuid": str(one.id),
        "owner_id": str(one.project_id),
        "user_id": str(call.actor.user_id),
    }
    if wish.rotation is not None:
        own["backup_type"] = wish.backup_type
    return Image(
        id=ImageId(house.chance.uuid()),
        project_id=one.project_id,
        name=wish.name,
        visibility="private",
        disk_format="qcow2",
        container_format="bare",
        min_disk_gib=max(one.disk_gib, base.min_disk_gib if base is not None else 0),
        min_ram_mib=base.min_ram_mib if base is not None else 0,
        properties={**inherited, "image_type": kind, **wish.properties, **own},
        copy_of=one.id,
        rotation=wish.rotation,
        created_at=call.now,
        updated_at=call.now,
    )
