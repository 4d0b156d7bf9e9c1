"""Rebuilding: the same instance, its addresses and its name, on a fresh disk; and rescue: started from another disk."""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.copying import check_not_copied
from kumoi.app.instances.acting import act
from kumoi.app.instances.change import METADATA, put_labels_of
from kumoi.app.instances.making import check_fits, image_of, key_of
from kumoi.app.instances.personality import check_files
from kumoi.app.instances.wish import NAME_MOST, check_user_data
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unsupported
from kumoi.core.given import given
from kumoi.core.ids import ImageId, InstanceId, LayerId
from kumoi.core.images import Image
from kumoi.core.instances import Instance, Rescue
from kumoi.core.names import check_name


class RebuildWish(msgspec.Struct, frozen=True, kw_only=True):
    """What is unset stays, but for `files`: those of before are gone. `keypair_name` empty: no key from now on."""

    image_id: ImageId
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    access_ip_v4: str | msgspec.UnsetType = msgspec.UNSET
    access_ip_v6: str | msgspec.UnsetType = msgspec.UNSET
    user_data: str | msgspec.UnsetType = msgspec.UNSET
    hostname: str | msgspec.UnsetType = msgspec.UNSET
    keypair_name: str | msgspec.UnsetType = msgspec.UNSET
    auto_disk: bool | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    files: dict[str, str] = {}


def rebuild(house: House, call: Call, instance_id: InstanceId, wish: RebuildWish) -> Instance:
    """All that is on its disk is lost. One that is off stays off. Raises Invalid, WrongState."""
    if isinstance(wish.name, str):
        check_name(wish.name, NAME_MOST)
    if isinstance(wish.user_data, str):
        check_user_data(wish.user_data)

    def change(tx: Transaction, one: Instance) -> Instance:
        check_not_copied(tx, one, "rebuild")
        if not one.root_layer_id:
            raise Unsupported("compute", what="rebuild_on_a_volume")
        image = image_of(tx, call, wish.image_id)
        check_fits(one.memory_mib, one.disk_gib, image)
        if isinstance(wish.metadata, dict):
            put_labels_of(tx, house, one, METADATA, wish.metadata, whole=True)
        changes = {k: v for k, v in given(wish).items() if k not in {"image_id", "metadata", "keypair_name"}}
        if isinstance(wish.keypair_name, str):
            key = key_of(tx, call, wish.keypair_name)
            changes |= {"keypair_name": wish.keypair_name, "public_key": key.public_key if key else ""}
        check_files(tx, one.project_id, wish.files)
        number = one.root_number + 1
        fresh = replace(one, image_id=image.id, root_layer_id=layer_of(image), root_number=number, rescue=None)
        drive = one.config_drive or bool(wish.files)
        fresh = replace(fresh, image_properties=image.properties, config_drive=drive)
        return replace(reformed(fresh), form_cause="rebuild", **changes)

    return act(house, call, instance_id, "rebuild", change)


def rescue(
    house: House, call: Call, instance_id: InstanceId, image_id: ImageId | None, *, stable: bool | None = None
) -> Instance:
    """Start it from a fresh disk of an image (None: of its own), with its own disk beside it. Raises Invalid.

    `stable`: its own disk stays the first one; None: as the image says.
    """

    def change(tx: Transaction, one: Instance) -> Instance:
        image = image_of(tx, call, image_id if image_id is not None else one.image_id)
        if image.min_ram_mib > one.memory_mib:
            raise Invalid(
                "compute", field="flavor", reason="min_ram", needs=image.min_ram_mib, has=one.memory_mib
            )  # fmt: skip
        says = "hw_rescue_device" in image.properties or "hw_rescue_bus" in image.properties
        wished = Rescue(image_id=image.id, layer_id=layer_of(image), stable=says if stable is None else stable)
        return replace(started(reformed(one)), rescue=wished, form_cause="rescue")

    return act(house, call, instance_id, "rescue", change)


def unrescue(house: House, call: Call, instance_id: InstanceId) -> Instance:
    """From its own disk again. What is on the other one is lost."""

    def change(_tx: Transaction, one: Instance) -> Instance:
        return replace(reformed(one), rescue=None, form_cause="unrescue")

    return act(house, call, instance_id, "unrescue", change)


def reformed(one: Instance) -> Instance:
    """It is to be started anew, if it is on."""
    return replace(one, form_wanted=one.form_wanted + 1)


def started(one: Instance) -> Instance:
    """On, whether it was or not."""
    return one if one.power == "on" else replace(one, power="on", run_wanted=one.run_wanted + 1)


def layer_of(image: Image) -> LayerId:
    assert image.layer_id is not None  # image_of has seen to it
    return image.layer_id
