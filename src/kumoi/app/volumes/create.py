"""Create a volume, empty or of an image, a snapshot or a volume: one transaction that claims, writes and marks."""

import msgspec
from msgspec.structs import replace

from kumoi.app.backups import read as backups
from kumoi.app.backups.writing import follow_backup
from kumoi.app.house import House
from kumoi.app.images.sight import may_see
from kumoi.app.volumes import messages, read, snapshots, types
from kumoi.app.volumes.acting import check
from kumoi.app.volumes.amounts import charge_type, check_quota_of_one
from kumoi.app.volumes.group_fit import check_fits
from kumoi.app.volumes.reach import check_at_home
from kumoi.app.volumes.writing import mark_volume
from kumoi.app.writing import Thing, charge, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NoCapacity, WrongState
from kumoi.core.events import Label
from kumoi.core.ids import (
    BackupId,
    HostId,
    ImageId,
    LayerId,
    PoolId,
    SnapshotId,
    VolumeGroupId,
    VolumeId,
    VolumeTypeId,
    ec2_key,
)
from kumoi.core.images import Image
from kumoi.core.instances import Refusal
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq
from kumoi.core.quotas import UNLIMITED, Allocation
from kumoi.core.storage_pools import pool_scope
from kumoi.core.volumes import MOST_GIB, Volume
from kumoi.planning.volumes import PoolRoom, VolumeWanted, candidates, refusal

GIB = 1 << 30
NAME_MOST = 255


class VolumeWish(msgspec.Struct, frozen=True, kw_only=True):
    """At most one of `image_id`, `snapshot_id`, `source_id`, `backup_id`. `size_gib` None: as large as what it is made
    of.

    `host_id`: an instance there is to have it. `refuse_full`: EC2's way, nothing is made when nothing fits; otherwise
    the volume is made and shows why no pool keeps it.
    """

    name: str = ""
    description: str = ""
    size_gib: int | None = None
    type_name: str = ""
    zone: str = ZONE
    image_id: ImageId | None = None
    snapshot_id: SnapshotId | None = None
    source_id: VolumeId | None = None
    backup_id: BackupId | None = None
    group_id: VolumeGroupId | None = None
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    multiattach: bool = False
    host_id: HostId | None = None
    refuse_full: bool = False


class _Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What it is made of: the least size, and the pool where that lies."""

    least_gib: int = 1
    size_gib: int | None = None
    pool_id: PoolId | None = None
    layer_id: LayerId | None = None
    image_id: ImageId | None = None
    image_words: dict[str, str] = {}
    bootable: bool = False
    type_id: VolumeTypeId | None = None


def create(house: House, call: Call, wish: VolumeWish) -> read.VolumeView:
    """Raises Invalid, NotFound, WrongState, QuotaExceeded; NoCapacity only with `refuse_full`."""
    allow(call, "volume.create")
    check_wish(wish)
    made = VolumeId(house.chance.uuid())

    def write(tx: Transaction) -> read.VolumeView:
        return read.views(tx, [make(tx, house, call, wish, made)])[0]

    return commit(house, write)


def check_wish(wish: VolumeWish) -> None:
    """What no store is needed to refuse."""
    check_texts(wish.name, wish.description)
    if wish.size_gib is not None:
        check_size(wish.size_gib)
    if wish.zone != ZONE:
        raise Invalid("storage", field="availability_zone", reason="not_in_enum", value=wish.zone)
    if sum(one is not None for one in (wish.image_id, wish.snapshot_id, wish.source_id, wish.backup_id)) > 1:
        raise Invalid("storage", field="source_volid", reason="one_of", names=["imageRef", "snapshot_id"])


def check_texts(name: str, description: str) -> None:
    for field, text in (("name", name), ("description", description)):
        if len(text) > NAME_MOST:
            raise Invalid("storage", field=field, reason="length", bound=f"from {0} to {NAME_MOST}")


def check_size(size_gib: int) -> None:
    if not 1 <= size_gib <= MOST_GIB:
        raise Invalid("storage", field="size", reason="range", bound=f"from {1} to {MOST_GIB}")


def make(tx: Transaction, house: House, call: Call, wish: VolumeWish, volume_id: VolumeId) -> Volume:
    """The rows of a new volume, inside a door's transaction. Unsupported where this cloud has no volumes."""
    house.rules.off.check("volumes")
    origin = _origin(tx, call, wish)
    kind = types.usable(tx, call, wish.type_name or origin.type_id or "")
    size_gib = _size(wish, origin)
    if wish.group_id is not None:
        check_fits(tx, call, wish.group_id, kind.id)
    check_quota_of_one(tx, call, size_gib)
    charge(tx, call.project_id, volume_id, volumes=1, gigabytes=size_gib)
    charge_type(tx, call.project_id, volume_id, kind.id, volumes=1, gigabytes=size_gib)
    wanted = VolumeWanted(size_gib=size_gib, pool_id=origin.pool_id, host_id=wish.host_id, specs={**kind.extra_specs})
    rooms = pool_rooms(tx, wish.host_id)
    pool_id = _claim_pool(tx, volume_id, rooms, wanted, call.now)
    refused = None if pool_id is not None else _refused(call, wish, rooms, wanted)
    blank = Volume(
        id=volume_id,
        project_id=call.project_id,
        user_id=call.actor.user_id,
        name=wish.name,
        size_gib=size_gib,
        pool_id=pool_id,
        ec2_key=ec2_key(volume_id),
        type_id=kind.id,
        group_id=wish.group_id,
        multiattach=wish.multiattach or kind.multiattach,
        refusal=refused,
        status="error" if refused else "creating",
        status_changed_at=call.now,
        created_at=call.now,
        updated_at=call.now,
    )
    volume = _of(blank, wish, origin)
    tx.volumes.insert(volume)
    _label(tx, house, volume, wish)
    mark_volume(tx, volume_id, pool_id)
    follow_backup(tx, house, wish.backup_id, call.now)
    if refused is not None:
        messages.write(tx, house, volume, refused, call.request_id)
    record(tx, house, call, "volume.create", Thing("volume", volume_id, volume.project_id), {"size_gib": size_gib})
    return volume


def _size(wish: VolumeWish, origin: _Origin) -> int:
    size_gib = wish.size_gib or origin.size_gib
    if size_gib is None:
        raise Invalid("storage", field="size", reason="missing", name="size")
    if size_gib < origin.least_gib:
        raise Invalid("storage", field="size", reason="below_source", value=size_gib, least=origin.least_gib)
    return size_gib


def _of(blank: Volume, wish: VolumeWish, origin: _Origin) -> Volume:
    """With what it is made of, and the rest that was wished."""
    return replace(
        blank,
        description=wish.description,
        zone=wish.zone,
        image_id=origin.image_id,
        layer_id=origin.layer_id,
        snapshot_id=wish.snapshot_id,
        source_id=wish.source_id,
        backup_id=wish.backup_id,
        image_words=origin.image_words,
        bootable=origin.bootable,
    )


def pool_rooms(tx: Transaction, host_id: HostId | None = None) -> list[PoolRoom]:
    """The pools, or those of one host, with what may still be promised of them."""
    pools = tx.storage_pools.find(Query(filters=(eq("host_id", host_id),) if host_id is not None else ()))
    hosts = {host.id: host for host in tx.hosts.many(tuple({pool.host_id for pool in pools}))}
    rooms = []
    for pool in pools:
        counter = tx.counters.get(pool_scope(pool.id), "disk_gib")
        free = counter.most - counter.used if counter is not None and counter.most != UNLIMITED else None
        rooms.append(PoolRoom(pool=pool, host=hosts[pool.host_id], free_gib=free))
    return rooms


def _claim_pool(
    tx: Transaction, volume_id: VolumeId, rooms: list[PoolRoom], wanted: VolumeWanted, now: float
) -> PoolId | None:
    for pool_id in candidates(rooms, wanted, now):
        claim = Allocation(
            consumer=volume_id, provider=pool_scope(pool_id), resource="disk_gib", amount=wanted.size_gib
        )
        if tx.counters.take(claim):
            return pool_id
    return None


def _refused(call: Call, wish: VolumeWish, rooms: list[PoolRoom], wanted: VolumeWanted) -> Refusal:
    facts = refusal(rooms, wanted, call.now)
    if wish.refuse_full:
        raise NoCapacity("storage", reason="pools", **facts)
    return Refusal(code="no_room_for_volume", facts=facts, at=call.now)


def _origin(tx: Transaction, call: Call, wish: VolumeWish) -> _Origin:
    if wish.image_id is not None:
        return _of_image(tx, call, wish.image_id)
    if wish.snapshot_id is not None:
        snapshot = snapshots.visible(tx, call, wish.snapshot_id)
        if snapshot.status != "available":
            raise WrongState(
                "storage", kind="volume_snapshot", id=snapshot.id, status=snapshot.status, action="create_volume"
            )
        parent = tx.volumes.get(snapshot.volume_id)
        return _of_disk(parent, snapshot.size_gib, snapshot.pool_id)
    if wish.source_id is not None:
        source = read.visible(tx, call, wish.source_id)
        check(source, "clone")
        check_at_home(tx, source)
        return _of_disk(source, source.size_gib, source.pool_id)
    if wish.backup_id is not None:
        return _of_backup(tx, call, wish.backup_id)
    return _Origin()


def _of_backup(tx: Transaction, call: Call, backup_id: BackupId) -> _Origin:
    one = backups.visible(tx, call, backup_id)
    if one.status not in {"available", "restoring"}:
        raise WrongState("storage", kind="backup", id=one.id, status=one.status, action="create_volume")
    return _Origin(
        least_gib=one.size_gib,
        size_gib=one.size_gib,
        layer_id=one.layer_id,
        image_words=one.image_words,
        bootable=one.bootable,
    )


def _of_disk(parent: Volume | None, size_gib: int, pool_id: PoolId | None) -> _Origin:
    """It boots what its parent boots, which may be gone but for its row."""
    return _Origin(
        least_gib=size_gib,
        size_gib=size_gib,
        pool_id=pool_id,
        image_id=parent.image_id if parent is not None else None,
        image_words=parent.image_words if parent is not None else {},
        bootable=parent.bootable if parent is not None else False,
        type_id=parent.type_id if parent is not None else None,
    )


def _of_image(tx: Transaction, call: Call, image_id: ImageId) -> _Origin:
    image = tx.images.get(image_id)
    if image is None or image.deleted_at is not None or not may_see(tx, call, image):
        raise Invalid("image", field="imageRef", reason="no_such_image", value=image_id)
    if image.status != "active" or image.layer_id is None:
        raise WrongState("image", kind="image", id=image.id, status=image.status, action="create_volume")
    virtual = image.virtual_bytes or image.size_bytes or 0
    return _Origin(
        least_gib=max(1, image.min_disk_gib, -(-virtual // GIB)),
        image_id=image.id,
        layer_id=image.layer_id,
        image_words=words_of(image),
        bootable=True,
    )


def words_of(image: Image) -> dict[str, str]:
    """What a volume remembers of its image, in Glance's words."""
    words = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum or "",
        "container_format": image.container_format or "",
        "disk_format": image.disk_format or "",
        "min_disk": str(image.min_disk_gib),
        "min_ram": str(image.min_ram_mib),
        "size": str(image.size_bytes or 0),
    }
    return words | image.properties


def _label(tx: Transaction, house: House, volume: Volume, wish: VolumeWish) -> None:
    for namespace, pairs in ((read.METADATA, wish.metadata), ("aws", wish.tags)):
        for key, value in pairs.items():
            put_label(tx, house, volume.id, key, value, namespace)


def put_label(
    tx: Transaction, house: House, volume_id: VolumeId, key: str, value: str, namespace: str = read.METADATA
) -> None:
    row_id = house.chance.uuid()
    tx.labels.put(Label(id=row_id, kind="volume", resource_id=volume_id, namespace=namespace, key=key, value=value))


def sees_pools(call: Call) -> bool:
    """Whether a refusal may name pools."""
    return may(call, "volume.see_host")
