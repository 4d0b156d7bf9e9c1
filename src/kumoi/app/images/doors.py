"""Register, look, change and delete images. Their bytes come by `upload`."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Taken, WrongState
from kumoi.core.given import given
from kumoi.core.ids import ImageId
from kumoi.core.images import Image, Layer, Visibility
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query, alive

NAME_MOST = 255
OPEN = ("public", "community")


class ImageChange(msgspec.Struct, frozen=True, kw_only=True):
    """All that a user may change of an image."""

    name: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    disk_format: str | UnsetType | None = UNSET
    container_format: str | UnsetType | None = UNSET
    min_disk_gib: int | UnsetType = UNSET
    min_ram_mib: int | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    properties: dict[str, str] | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET


def create(house: House, call: Call, wish: Image) -> Image:
    """`wish.id` may be chosen by the caller; times, status and owner are not."""
    allow(call, "image.create")
    check(wish)
    if wish.visibility == "public":
        allow(call, "image.publish")
    made = replace(wish, project_id=call.project_id, status="queued", created_at=call.now, updated_at=call.now)

    def write(tx: Transaction) -> None:
        if tx.images.get(made.id) is not None:
            raise Taken("image", kind="image", name=made.id)
        charge(tx, call.project_id, made.id, images=1)
        tx.images.insert(made)
        record(tx, house, call, "image.create", Thing("image", made.id, made.project_id), {"name": made.name})

    house.store.write(write)
    return made


def check(image: Image) -> None:
    """What no store is needed to refuse."""
    if len(image.name) > NAME_MOST:
        raise Invalid("image", field="name", reason="length", bound=f"from {0} to {NAME_MOST}")
    for field, value in (("min_disk", image.min_disk_gib), ("min_ram", image.min_ram_mib)):
        if not 0 <= value < 2**31:
            raise Invalid("image", field=field, reason="range", bound=f"from {0} to {2**31 - 1}")
    if len(image.properties) > 128 or any(len(k) > 255 for k in image.properties):
        raise Invalid("image", field="properties", reason="length", bound=f"from {0} to {128}")


def get(house: House, call: Call, image_id: ImageId) -> Image:
    allow(call, "image.read")
    return house.store.read(lambda tx: visible(tx, call, image_id))


def layer_of(house: House, call: Call, image_id: ImageId) -> tuple[Image, Layer | None]:
    """The image with the layer of its bytes; None while it has none."""
    allow(call, "image.read")

    def read(tx: Transaction) -> tuple[Image, Layer | None]:
        image = visible(tx, call, image_id)
        if image.status == "deactivated" and not may(call, "image.all_projects"):
            raise Forbidden("image", action="image.download", reason="deactivated", needs=["admin"])
        return image, tx.layers.get(image.layer_id) if image.layer_id is not None else None

    return house.store.read(read)


def find(
    house: House, call: Call, query: Query, *, visibility: str | None = None, tag: str | None = None
) -> list[Image]:
    """What the caller may see: its project's own, and public ones; community ones only when asked for by
    `visibility`."""
    allow(call, "image.read")
    query = query.where(alive())
    if not query.order:
        query = replace(query, order=(Order("created_at", descending=True),))

    def read(tx: Transaction) -> list[Image]:
        found = [i for i in tx.images.find(replace(query, limit=None)) if _shown(call, i, visibility)]
        found = [i for i in found if tag is None or tag in i.tags]
        return found[: query.limit] if query.limit is not None else found

    return house.store.read(read)


def update(house: House, call: Call, image_id: ImageId, change: Callable[[Image], ImageChange]) -> Image:
    """`change` is given the image as it is inside the transaction, where it is checked too: nobody's change is lost.

    It may run more than once; what it raises refuses the change.
    """
    allow(call, "image.update")

    def write(tx: Transaction) -> Image:
        old = owned(tx, call, image_id)
        wished: Image = replace(old, **given(change(old)))
        check(wished)
        if wished.visibility != old.visibility and wished.visibility == "public":
            allow(call, "image.publish")
        for field, before, after in (
            ("disk_format", old.disk_format, wished.disk_format),
            ("container_format", old.container_format, wished.container_format),
        ):
            if before != after and old.status != "queued":
                raise Forbidden("image", action=f"image.change_{field}", reason="not_queued", needs=["queued"])
        if wished == old:
            return old
        saved = tx.images.save(replace(wished, updated_at=call.now))
        record(tx, house, call, "image.update", Thing("image", old.id, old.project_id))
        return saved

    return house.store.write(write)


def delete(house: House, call: Call, image_id: ImageId) -> None:
    """Instances made of it keep their layer."""
    allow(call, "image.delete")

    def write(tx: Transaction) -> None:
        old = owned(tx, call, image_id)
        if old.protected:
            raise Forbidden("image", action="image.delete", reason="protected", needs=["unprotected"])
        tx.counters.give_back(old.id, "project/")
        tx.labels.drop("image", old.id)
        tx.images.save(replace(old, deleted_at=call.now, updated_at=call.now))
        record(tx, house, call, "image.delete", Thing("image", old.id, old.project_id))

    house.store.write(write)


def switch(house: House, call: Call, image_id: ImageId, *, on: bool) -> Image:
    """While off, its bytes are given to administrators only and nothing new boots from it. Twice is harmless."""
    allow(call, "image.deactivate")

    def write(tx: Transaction) -> Image:
        old = owned(tx, call, image_id)
        if old.status not in {"active", "deactivated"}:
            action = "reactivate" if on else "deactivate"
            raise WrongState("image", kind="image", id=old.id, status=old.status, action=action)
        record(tx, house, call, "image.update", Thing("image", old.id, old.project_id))
        return tx.images.save(replace(old, status="active" if on else "deactivated", updated_at=call.now))

    return house.store.write(write)


def visible(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    found = tx.images.get(image_id)
    if found is None or found.deleted_at is not None or not _may_see(call, found):
        raise NotFound("image", kind="image", id=image_id)
    return found


def owned(tx: Transaction, call: Call, image_id: ImageId) -> Image:
    """For changing: one's own project's, or any for administrators."""
    found = visible(tx, call, image_id)
    if found.project_id != call.actor.project_id and not may(call, "image.all_projects"):
        raise Forbidden("image", action="image.update", reason="owner", needs=["admin"])
    return found


def _may_see(call: Call, image: Image) -> bool:
    own = image.project_id == call.actor.project_id
    return own or image.visibility in OPEN or may(call, "image.all_projects")


def _shown(call: Call, image: Image, visibility: str | None) -> bool:
    if not _may_see(call, image) or (image.hidden and image.project_id != call.actor.project_id):
        return False
    if visibility is None or visibility == "all":
        return image.visibility != "community" or image.project_id == call.actor.project_id or visibility == "all"
    return image.visibility == visibility
