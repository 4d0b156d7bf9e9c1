"""Register, look, change and delete images. Their bytes come by `upload`."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import ANY, Sought, members_of, owned, visible, within
from kumoi.app.writing import Thing, charge, commit, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, Taken, WrongState
from kumoi.core.given import given
from kumoi.core.ids import ImageId, ProjectId, host_section
from kumoi.core.image_locations import Wished, relocated
from kumoi.core.images import Image, Layer, Visibility
from kumoi.core.plan import entry_id
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query, alive, eq
from kumoi.core.storage_pools import host_of

NAME_MOST = 255
MIB = 1 << 20


class ImageChange(msgspec.Struct, frozen=True, kw_only=True):
    """All that a user may change of an image; whose it is, an administrator."""

    project_id: ProjectId | UnsetType = UNSET
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
    places: list[Wished] | UnsetType = UNSET


def create(house: House, call: Call, wish: Image) -> Image:
    """`wish.id` may be chosen by the caller, times and status are not; for another project by administrators only."""
    allow(call, "image.create")
    check(wish)
    owner = wish.project_id or call.project_id
    if owner != call.actor.project_id:
        allow(call, "image.all_projects")
    if wish.visibility == "public":
        allow(call, "image.publish")
    made = replace(wish, project_id=owner, status="queued", created_at=call.now, updated_at=call.now)

    def write(tx: Transaction) -> None:
        if tx.images.get(made.id) is not None:
            raise Taken("image", kind="image", name=made.id)
        charge(tx, owner, made.id, images=1)
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


def find(house: House, call: Call, query: Query, *, sought: Sought = ANY) -> list[Image]:
    """What the caller may see: see `Sought`. Newest first, unless the query orders otherwise."""
    allow(call, "image.read")
    query = query.where(alive(), *(eq("tags", tag) for tag in sought.tags))
    query = query.where(*(eq("properties", value) for value in sought.properties.values() if value))
    if not query.order:
        query = replace(query, order=(Order("created_at", descending=True),))
    wanted = sought.properties.items()

    def read(tx: Transaction) -> list[Image]:
        ways = within(tx, call, sought)
        if ways is None:
            return []
        whole = replace(query.where(*ways), limit=None if wanted else query.limit)
        found = tx.images.find(whole)
        if wanted:  # the store knows that the words occur, not where
            found = [image for image in found if wanted <= image.properties.items()]
        return found[: query.limit]

    return house.store.read(read)


def update(house: House, call: Call, image_id: ImageId, change: Callable[[Image], ImageChange]) -> Image:
    """`change` is given the image as it is inside the transaction, where it is checked too: nobody's change is lost.

    It may run more than once; what it raises refuses the change.
    """
    allow(call, "image.update")

    def write(tx: Transaction) -> Image:
        old = owned(tx, call, image_id)
        asked = change(old)
        wished: Image = replace(old, **given(asked, "places"))
        if asked.places is not UNSET and _differ(old, asked.places):
            if old.awaits_copy:  # its bytes come from its instance's host
                raise WrongState("image", kind="image", id=old.id, status=old.status, action="set_locations")
            for place in asked.places:
                house.fetcher.check(place.url)  # by its text: nobody is called
            wished = relocated(wished, asked.places)
        check(wished)
        if wished.visibility != old.visibility and wished.visibility == "public":
            allow(call, "image.publish")
        if wished.project_id != old.project_id:
            allow(call, "image.all_projects")
            _hand_over(tx, wished)
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


def _differ(image: Image, places: list[Wished]) -> bool:
    said = [(place.url, place.metadata, place.validation_data) for place in places]
    return said != [(place.url, place.metadata, None) for place in image.locations]


def _hand_over(tx: Transaction, image: Image) -> None:
    """Another project's quota carries it now."""
    tx.counters.give_back(image.id, "project/")
    charge(tx, image.project_id, image.id, images=1, image_mib=-(-(image.size_bytes or 0) // MIB))


def delete(house: House, call: Call, image_id: ImageId) -> None:
    """Instances made of it keep their layer."""
    allow(call, "image.delete")

    def write(tx: Transaction) -> None:
        old = owned(tx, call, image_id)
        if old.protected:
            raise Forbidden("image", action="image.delete", reason="protected", needs=["unprotected"])
        let_go(tx, house, call, old)

    commit(house, write)


def let_go(tx: Transaction, house: House, call: Call, old: Image) -> None:
    """It is gone for everybody; a host that is making its bytes gives up."""
    tx.counters.give_back(old.id, "project/")
    tx.labels.drop("image", old.id)
    for member in members_of(tx, old.id):
        tx.image_members.remove(member.id)
    tx.images.save(replace(old, deleted_at=call.now, updated_at=call.now))
    record(tx, house, call, "image.delete", Thing("image", old.id, old.project_id))
    if old.awaits_copy:
        mark_copied(tx, old)


def mark_copied(tx: Transaction, image: Image) -> None:
    """What it is a copy of is told anew what waits for copies."""
    if image.copy_of is not None:
        mark_instance(tx, image.copy_of)
    volume = tx.volumes.get(image.copy_of_volume) if image.copy_of_volume is not None else None
    if volume is not None and volume.pool_id is not None:
        tx.sections.mark(host_section(host_of(volume.pool_id)), entry_id("volume", volume.id))


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
