"""Doors of imports: an image's bytes from where they are staged, from a URL, or from another image.

The work itself is `importing`, which control's loop does.
"""

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import owned, visible
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, WrongState
from kumoi.core.ids import ImageId, ImageTaskId, is_uuid
from kumoi.core.image_tasks import UNDER_WAY, ImageTask, ImportMethod, TaskType
from kumoi.core.images import Image, ImageStatus, Location
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq
from kumoi.core.quotas import UNLIMITED, project_scope

TOPIC = "image_task"
BEFORE: dict[ImportMethod, ImageStatus] = {
    "glance-direct": "uploading", "web-download": "queued", "glance-download": "queued", "copy-image": "active",
}  # fmt: skip


class ImportWish(msgspec.Struct, frozen=True, kw_only=True):
    """`request`: what the caller said, as JSON text, to be shown again. `sha512`: what the bytes must be. `region`: of
    the image that is copied; this cloud is one."""

    method: ImportMethod
    type: TaskType = "api_image_import"
    url: str = ""
    source_id: str = ""
    region: str = ""
    sha512: str = ""
    request: str = "{}"


def check_may(_house: House, call: Call) -> None:
    """What imports there are is told to who may see images."""
    allow(call, "image.read")


def check_tasks(house: House, call: Call, url: str) -> None:
    """Before an image is made for a task."""
    allow(call, "image.tasks")
    house.fetcher.check(url)


def begin(house: House, call: Call, image_id: ImageId, wish: ImportWish) -> ImageTask:
    """Have an image's bytes brought in; `importing` follows. WrongState unless the method fits the image's state."""
    allow(call, "image.import")
    if wish.method == "web-download":
        house.fetcher.check(wish.url)
    if wish.method == "glance-download" and not is_uuid(wish.source_id):
        raise Invalid("image", field="glance_image_id", reason="not_a_uuid", value=wish.source_id)
    task = ImageTask(
        id=ImageTaskId(house.chance.uuid()),
        project_id=call.project_id,
        user_id=call.actor.user_id,
        request_id=call.request_id,
        image_id=image_id,
        method=wish.method,
        type=wish.type,
        url=wish.url,
        source_id=wish.source_id,
        region=wish.region,
        sha512=wish.sha512,
        request=wish.request,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> ImageTask:
        image = owned(tx, call, image_id)
        _check(tx, image, wish.method)
        status = image.status if wish.method == "copy-image" else "importing"
        tx.images.save(replace(image, status=status, last_import="running", updated_at=call.now))
        tx.image_tasks.insert(task)
        thing = Thing("image", image.id, image.project_id)
        record(tx, house, call, "image.import", thing, {"method": wish.method, "task": task.id})
        return task

    made = house.store.write(write)
    house.hints.publish(TOPIC, made.id)
    return made


def of_image(house: House, call: Call, image_id: ImageId) -> list[ImageTask]:
    """Newest first."""
    allow(call, "image.read")

    def read(tx: Transaction) -> list[ImageTask]:
        owned(tx, call, image_id)
        return tx.image_tasks.find(_of(image_id))

    return house.store.read(read)


def places(house: House, call: Call, image_id: ImageId) -> tuple[Location, ...]:
    """Where an image's bytes are, outside of the cloud: for whoever fetches them for others."""
    allow(call, "image.tasks")
    return house.store.read(lambda tx: visible(tx, call, image_id).locations)


def find(house: House, call: Call, query: Query) -> list[ImageTask]:
    """Everybody's, newest first."""
    allow(call, "image.tasks")
    newest = replace(query, order=(Order("created_at", descending=True),))
    return house.store.read(lambda tx: tx.image_tasks.find(newest))


def get(house: House, call: Call, task_id: str) -> ImageTask:
    allow(call, "image.tasks")
    found = house.store.read(lambda tx: tx.image_tasks.get(task_id))
    if found is None:
        raise NotFound("image", kind="image_task", id=task_id)
    return found


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a project's images take. `staged` and `uploading`: how many wait for their import, or for their bytes."""

    images: int
    bytes: int
    staged: int
    uploading: int
    most_images: int
    most_mib: int


def usage(house: House, call: Call) -> Usage:
    allow(call, "image.read")

    def read(tx: Transaction) -> Usage:
        own = Query(filters=(eq("project_id", call.project_id), alive()))
        found = tx.images.find(own)
        statuses = [image.status for image in found]
        return Usage(
            images=len(found),
            bytes=sum(image.size_bytes or 0 for image in found),
            staged=statuses.count("uploading") + statuses.count("importing"),
            uploading=statuses.count("saving") + statuses.count("uploading"),
            most_images=_most(tx, call, "images"),
            most_mib=_most(tx, call, "image_mib"),
        )

    return house.store.read(read)


def leave_store(house: House, call: Call, image_id: ImageId) -> None:
    """There is one store: what leaves it is nowhere. Forbidden; NotFound for an image that is not in it."""
    allow(call, "image.delete")

    def read(tx: Transaction) -> None:
        image = visible(tx, call, image_id)
        if image.layer_id is None:
            raise NotFound("image", kind="store", id=image_id)
        owned(tx, call, image_id)
        raise Forbidden("image", action="image.delete", reason="last_location", needs=[])

    house.store.read(read)


def _most(tx: Transaction, call: Call, resource: str) -> int:
    counter = tx.counters.get(project_scope(call.project_id), resource)
    return counter.most if counter is not None else UNLIMITED


def _of(image_id: ImageId) -> Query:
    return Query(filters=(eq("image_id", image_id),), order=(Order("created_at", descending=True),))


def _check(tx: Transaction, image: Image, method: ImportMethod) -> None:
    running = any(task.status in UNDER_WAY for task in tx.image_tasks.find(_of(image.id)))
    foreign = image.awaits_copy  # its bytes come from its instance's host
    if image.status != BEFORE[method] or running or foreign:
        raise WrongState("image", kind="image", id=image.id, status=image.status, action=f"image.import:{method}")
    if method in {"copy-image", "glance-download"}:
        return
    for field in ("disk_format", "container_format"):
        if getattr(image, field) is None:
            raise Invalid("image", field=field, reason="missing", name=field)
