"""Images that are copies of instances' disks and of volumes: a host makes the copy and gives its bytes, and they become
a layer.

`begin`, then `Filling.write` for every piece, then `finish`; or `upload.give_up` whatever went wrong: then the image
waits as before, and its host offers it anew. What does not belong here: asking for a copy (instances.imaging,
volumes.imaging).
"""

from msgspec.structs import replace

from kumoi.app.hosts.fetch import check_session
from kumoi.app.house import House
from kumoi.app.images import doors
from kumoi.app.images.upload import Filling, filled, layer_of, room_for
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.inspector import Inspected
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.conditions import Facts
from kumoi.core.copies import CopyOffer
from kumoi.core.errors import Invalid, KumoiError, NotFound, QuotaExceeded, TooLarge, Unavailable, WrongState
from kumoi.core.ids import ImageId, InstanceId, UserId, VolumeId
from kumoi.core.images import AWAITING, Image
from kumoi.core.instances import Instance
from kumoi.core.query import Order, Query, alive, eq, is_in
from kumoi.core.storage_pools import host_of
from kumoi.planning.backups import surplus

NEVER = (Invalid, QuotaExceeded, TooLarge)  # the same bytes would be refused again


def awaiting(tx: Transaction, instance_ids: tuple[InstanceId, ...]) -> dict[InstanceId, list[Image]]:
    """The images that wait for a copy of these instances' disks."""
    found: dict[InstanceId, list[Image]] = {}
    filters = (is_in("copy_of", instance_ids), is_in("status", AWAITING), alive())
    for image in tx.images.find(Query(filters=filters)):
        if image.copy_of is not None:
            found.setdefault(image.copy_of, []).append(image)
    return found


def awaiting_volume(tx: Transaction, volume_id: VolumeId) -> list[Image]:
    """The same of a volume, the oldest first."""
    filters = (eq("copy_of_volume", volume_id), is_in("status", AWAITING), alive())
    return tx.images.find(Query(filters=filters, order=(Order("created_at"), Order("id"))))


def abandon(tx: Transaction, house: House, call: Call, instance_id: InstanceId) -> None:
    """Its instance goes: what was to become of its disk goes too."""
    for image in awaiting(tx, (instance_id,)).get(instance_id, ()):
        doors.let_go(tx, house, call, image)


def give_up(tx: Transaction, house: House, image_id: ImageId, facts: Facts) -> None:
    """Its host says that there will never be a copy."""
    image = tx.images.get(image_id)
    if image is not None and image.awaits_copy:
        tx.images.save(replace(image, status="killed", updated_at=house.clock.now()))
        _told(tx, house, image, "image.copy_refused", facts)


def check_not_copied(tx: Transaction, one: Instance, action: str) -> None:
    """WrongState while its disk, which is to be thrown away, is still being copied."""
    if awaiting(tx, (one.id,)):
        raise WrongState("compute", kind="instance", id=one.id, status="being_copied", action=action)


def begin(house: House, offer: CopyOffer) -> Filling:
    """The image is `saving` from now on. NotFound for one that nobody waits for (any more) from this host; Stale for
    an old session. An image that its project's quota has no room for is given up."""

    def write(tx: Transaction) -> Image:
        check_session(tx, offer.host_id, offer.session)
        image = tx.images.get(offer.image_id)
        if image is None or not image.awaits_copy or not _is_here(tx, image, offer):
            raise NotFound("image", kind="image", id=offer.image_id)
        if image.status == "saving":
            raise WrongState("image", kind="image", id=image.id, status=image.status, action="upload")
        return tx.images.save(replace(image, status="saving", updated_at=house.clock.now()))

    image = house.store.write(write)
    try:
        room = house.store.read(lambda tx: room_for(tx, image))
        if room < offer.copied.size_bytes:
            raise TooLarge("image", what="blob", size=offer.copied.size_bytes, limit=room)
        return Filling(image, house.blobs.begin(offer.copied.size_bytes))
    except KumoiError as error:
        _fail(house, image, error)
        raise


def finish(house: House, offer: CopyOffer, filling: Filling) -> None:
    """Look at what came as at anybody's bytes, and make the image active; what it replaces goes."""
    try:
        inspected = house.inspector.inspect(filling.upload.path(), "qcow2")
        if inspected.layer_format != "qcow2":
            raise Invalid("image", field="image", reason="not_an_image")
        whole = _expanded(house, filling, inspected) if filling.image.disk_format == "raw" else None
        layer = layer_of(house, house.clock.now(), filling, inspected)
        if (layer.sha256, layer.size_bytes) != (offer.copied.sha256, offer.copied.size_bytes):
            raise Unavailable("image", what="copy", reason="hash_mismatch", sha256=layer.sha256)
        if whole is not None:
            filling, inspected = whole, house.inspector.inspect(whole.upload.path(), "raw")
            layer = layer_of(house, house.clock.now(), whole, inspected)

        def write(tx: Transaction) -> None:
            image = tx.images.get(filling.image.id)
            if image is None or image.deleted_at is not None or image.status != "saving":
                raise NotFound("image", kind="image", id=filling.image.id)
            full = filled(tx, image, filling, layer, inspected)
            _told(tx, house, full, "image.copied", {"bytes": layer.size_bytes})
            tx.images.save(replace(full, updated_at=house.clock.now()))
            _rotate(tx, house, image)

        commit(house, write)
    except KumoiError as error:
        _fail(house, filling.image, error)
        raise


def _expanded(house: House, given: Filling, inspected: Inspected) -> Filling:
    """As the guest sees it, zeros too; what was given is nobody's then, and swept."""
    whole = Filling(given.image, house.blobs.begin(inspected.virtual_bytes))
    try:
        for piece in house.converter.expand(given.upload.path()):
            whole.write(piece)
    except BaseException:
        whole.upload.abort()
        raise
    return whole


def _rotate(tx: Transaction, house: House, image: Image) -> None:
    if image.rotation is None or image.copy_of is None:
        return
    kind = image.properties.get("backup_type")
    there = Query(filters=(eq("copy_of", image.copy_of), eq("status", "active"), alive()))
    backups = [i for i in tx.images.find(there) if i.rotation is not None and i.properties.get("backup_type") == kind]
    for old in surplus(backups, image.rotation):
        doors.let_go(tx, house, _on_behalf(house, image), old)


def _fail(house: House, image: Image, error: KumoiError) -> None:
    """It waits as before; or for ever, where the same bytes would be refused again: then it is told so."""

    def write(tx: Transaction) -> None:
        now = tx.images.get(image.id)
        if now is None or now.status != "saving" or now.deleted_at is not None:
            return
        if isinstance(error, NEVER):
            give_up(tx, house, now.id, {**error.facts, "code": error.code})
        else:
            tx.images.save(replace(now, status="queued", updated_at=house.clock.now()))

    commit(house, write)


def _told(tx: Transaction, house: House, image: Image, action: str, facts: Facts) -> None:
    """The event, and the plan, which no longer names it."""
    record(tx, house, _on_behalf(house, image), action, Thing("image", image.id, image.project_id), facts)
    doors.mark_copied(tx, image)


def _is_here(tx: Transaction, image: Image, offer: CopyOffer) -> bool:
    if image.copy_of_volume is not None:
        volume = tx.volumes.get(image.copy_of_volume)
        return volume is not None and volume.pool_id is not None and host_of(volume.pool_id) == offer.host_id
    placed = Query(filters=(eq("instance_id", image.copy_of), eq("host_id", offer.host_id)))
    return tx.placements.count(placed) > 0


def _on_behalf(house: House, image: Image) -> Call:
    """Of whoever asked for it."""
    user = UserId(image.properties.get("user_id", ""))
    actor = Actor(user_id=user, user_name="", project_id=image.project_id, roles=frozenset({"member"}))
    return Call(actor=actor, request_id="", now=house.clock.now())
