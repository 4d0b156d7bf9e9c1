"""An image's bytes: in by pieces, looked at before anything opens them, kept as a layer.

The edge drives: `begin`, then `Filling.write` for every piece, then `finish`, or `stage` to import them later; or
`give_up` whatever went wrong.
"""

import hashlib

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.images.sight import owned
from kumoi.app.writing import Thing, charge, record
from kumoi.contracts.blobs import Upload
from kumoi.contracts.inspector import Inspected
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, Unavailable, WrongState
from kumoi.core.ids import ImageId, LayerId
from kumoi.core.images import Image, Layer
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.quotas import UNLIMITED, project_scope

MOST_BYTES = 1 << 41
MIB = 1 << 20


class Filling:
    """One upload under way: the blob and the hashes that Glance shows."""

    def __init__(self, image: Image, upload: Upload) -> None:
        self.image = image
        self.upload = upload
        self.size_bytes = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha512 = hashlib.sha512()

    def write(self, data: bytes) -> None:
        self.upload.write(data)
        self.md5.update(data)
        self.sha512.update(data)
        self.size_bytes += len(data)


def begin(house: House, call: Call, image_id: ImageId) -> Filling:
    """The image is `saving` from now on. WrongState unless it was queued; Invalid when its formats are not said."""
    allow(call, "image.update")

    def write(tx: Transaction) -> Image:
        image = owned(tx, call, image_id)
        if image.status != "queued" or image.is_copy:
            raise WrongState("image", kind="image", id=image.id, status=image.status, action="upload")
        for field in ("disk_format", "container_format"):
            if getattr(image, field) is None:
                raise Invalid("image", field=field, reason="missing", name=field)
        return tx.images.save(replace(image, status="saving", updated_at=call.now))

    image = house.store.write(write)
    try:
        return Filling(image, house.blobs.begin(house.store.read(lambda tx: room_for(tx, image))))
    except BaseException:
        _unsave(house, image)
        raise


def finish(house: House, call: Call, filling: Filling) -> Image:
    """Look at what came, keep it as a layer, and make the image active. Runs in the hashing pool."""
    image = filling.image
    inspected = house.inspector.inspect(filling.upload.path(), image.disk_format or "")
    layer = layer_of(house, call.now, filling, inspected)
    done = house.store.write(lambda tx: _keep(tx, house, call, filling, layer, inspected))
    if house.blobs.size(layer.sha256) is None:  # it was swept away between its two steps: as if it had never come
        house.store.write(lambda tx: _empty(tx, done))
        raise Unavailable("storage", what="blob", retry_after_s=1)
    return done


def stage(house: House, call: Call, filling: Filling) -> Image:
    """Keep what came, unseen, until it is imported. The image is `uploading` from now on."""
    sha256 = filling.upload.commit()

    def write(tx: Transaction) -> Image:
        image = owned(tx, call, filling.image.id)
        if image.status != "saving":
            raise WrongState("image", kind="image", id=image.id, status=image.status, action="stage")
        record(tx, house, call, "image.stage", Thing("image", image.id, image.project_id))
        return tx.images.save(replace(image, status="uploading", staged_sha256=sha256, updated_at=call.now))

    return house.store.write(write)


def layer_of(house: House, now: float, filling: Filling, inspected: Inspected) -> Layer:
    """What came, durable, as a layer that no row speaks of yet."""
    return Layer(
        id=LayerId(house.chance.uuid()),
        sha256=filling.upload.commit(),
        format=inspected.layer_format,
        size_bytes=filling.size_bytes,
        virtual_bytes=inspected.virtual_bytes,
        created_at=now,
    )


def give_up(house: House, filling: Filling) -> None:
    """Nothing was kept; the image waits for its bytes as before. Twice is harmless."""
    filling.upload.abort()
    _unsave(house, filling.image)


def forget_uploads(house: House) -> int:
    """At the start of the only serve process: what was being uploaded then is not any more."""

    def write(tx: Transaction) -> int:
        broken = tx.images.find(Query(filters=(eq("status", "saving"),)))
        for image in broken:
            tx.images.save(replace(image, status="queued"))
        return len(broken)

    return house.store.write(write)


def _keep(tx: Transaction, house: House, call: Call, filling: Filling, layer: Layer, inspected: Inspected) -> Image:
    image = owned(tx, call, filling.image.id)
    if image.status != "saving":
        raise WrongState("image", kind="image", id=image.id, status=image.status, action="upload")
    record(tx, house, call, "image.upload", Thing("image", image.id, image.project_id), {"bytes": layer.size_bytes})
    return tx.images.save(replace(filled(tx, image, filling, layer, inspected), updated_at=call.now))


def filled(tx: Transaction, image: Image, filling: Filling, layer: Layer, inspected: Inspected) -> Image:
    """The image, active, with these bytes, which its project's quota carries; not saved."""
    charge(tx, image.project_id, image.id, image_mib=-(-filling.size_bytes // MIB))
    same = tx.layers.find(Query(filters=(eq("sha256", layer.sha256),)))
    if not same:
        tx.layers.insert(layer)
    return replace(
        image,
        status="active",
        size_bytes=filling.size_bytes,
        virtual_bytes=inspected.virtual_bytes or None,
        checksum=filling.md5.hexdigest(),
        sha512=filling.sha512.hexdigest(),
        layer_id=same[0].id if same else layer.id,
    )


def room_for(tx: Transaction, image: Image) -> int:
    """How many bytes the project's quota still takes."""
    counter = tx.counters.get(project_scope(image.project_id), "image_mib")
    if counter is None or counter.most == UNLIMITED:
        return MOST_BYTES
    return min(MOST_BYTES, max(0, counter.most - counter.used) * MIB)


def _empty(tx: Transaction, image: Image) -> None:
    """The image waits for its bytes again."""
    tx.counters.give_back(image.id, "project/")
    charge(tx, image.project_id, image.id, images=1)
    tx.images.save(
        replace(image, status="queued", layer_id=None, size_bytes=None, virtual_bytes=None, checksum=None, sha512=None)
    )


def _unsave(house: House, image: Image) -> None:
    def write(tx: Transaction) -> None:
        now = tx.images.get(image.id)
        if now is not None and now.status == "saving" and now.deleted_at is None:
            tx.images.save(replace(now, status="queued"))

    house.store.write(write)
