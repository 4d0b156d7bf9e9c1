"""Volumes into instances and out of them. The plan says so at once; the status, when the host has seen it."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.instances.amounts import host_of as home_of
from kumoi.app.instances.read import check_unlocked
from kumoi.app.instances.read import visible as visible_instance
from kumoi.app.volumes import acting, reach, read
from kumoi.app.volumes.writing import attachments_of, mark_volume, project_attachment, project_volume
from kumoi.app.writing import Thing, commit, mark_instance, record
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import FIRST_SLOT, MOST_OF_INSTANCE, Attachment, device_of, slot_of
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, WrongState
from kumoi.core.exports import SECRET_BYTES
from kumoi.core.ids import AttachmentId, HostId, InstanceId, VolumeId
from kumoi.core.instances import Instance, Status
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Claim
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume

PLUGGABLE: frozenset[Status] = frozenset(
    {"active", "stopped", "paused", "suspended", "shelved", "offloaded", "resized", "rescued"}
)
CHANGEABLE: frozenset[Status] = PLUGGABLE - {"rescued"}


class AttachWish(msgspec.Struct, frozen=True, kw_only=True):
    """`device`: where the user would have it; empty: the first free place. `boot`: the guest boots from it. `new`: a
    volume that is made for it, in the same transaction."""

    volume_id: VolumeId
    device: str = ""
    read_only: bool = False
    delete_on_termination: bool = False
    tag: str = ""
    boot: bool = False
    new: bool = False


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """An instance and the host where it is placed."""

    instance: Instance
    home: HostId


def of_instance(tx: Transaction, instance_id: InstanceId) -> list[Attachment]:
    """Those that the instance's host is told of or was, in the order of their places."""
    told = (eq("instance_id", instance_id), eq("said", ""))
    return tx.attachments.find(Query(filters=told, order=(Order("slot"),)))


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """What a new attachment takes of chance; the secret is for one whose volume another host keeps."""

    id: AttachmentId
    secret: str


def fresh(house: House) -> Fresh:
    return Fresh(id=AttachmentId(house.chance.uuid()), secret=house.chance.secret(SECRET_BYTES).hex())


def find(house: House, call: Call, instance_id: InstanceId) -> list[Attachment]:
    """The attachments of one instance."""
    allow(call, "attachment.read")

    def look(tx: Transaction) -> list[Attachment]:
        return of_instance(tx, visible_instance(tx, call, instance_id).id)

    return house.store.read(look)


def attach(house: House, call: Call, instance_id: InstanceId, wish: AttachWish) -> Attachment:
    """Raises NotFound, WrongState (of either), InUse (the place, the volume), Invalid (device), Unsupported."""
    allow(call, "attachment.create")
    made = fresh(house)

    def write(tx: Transaction) -> Attachment:
        one = _changeable(tx, call, instance_id, "attach_volume")
        volume = read.visible(tx, call, wish.volume_id)
        home = home_of(tx, one)
        assert home is not None, "what is in such a state has a host"
        thing = Thing("instance", one.id, one.project_id)
        record(tx, house, call, "instance.attach_volume", thing, {"volume_id": volume.id})
        return plug(tx, call, Guest(instance=one, home=home), volume, made, wish)

    return commit(house, write)


def plug(tx: Transaction, call: Call, guest: Guest, volume: Volume, made: Fresh, wish: AttachWish) -> Attachment:
    """The rows of it, inside a door's transaction."""
    one = guest.instance
    if not wish.new:
        acting.check(volume, "attach")
    if volume.pool_id is None:
        raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="attach")
    away = host_of(volume.pool_id) != guest.home
    if away:
        reach.check(tx, volume, volume.pool_id, guest.home)
        mark_volume(tx, volume.id, volume.pool_id)
    _claim(tx, volume, one.id, made.id, call.now)
    slot = 0 if wish.boot else _slot(tx, one, wish.device)
    attachment = Attachment(
        id=made.id,
        volume_id=volume.id,
        project_id=one.project_id,
        instance_id=one.id,
        slot=slot,
        device=device_of(slot),
        read_only=wish.read_only or volume.read_only,
        boot=wish.boot,
        delete_on_termination=wish.delete_on_termination,
        tag=wish.tag,
        secret=made.secret if away else "",
        created_at=call.now,
        updated_at=call.now,
    )
    if not tx.claims.take(Claim(kind="slot", key=f"{one.id}/{slot}", owner=made.id, at=call.now)):
        raise InUse("storage", kind="device", id=device_of(slot), by_kind="instance", by_id=one.id)
    attachment = project_attachment(tx, attachment, call.now)
    tx.attachments.insert(attachment)
    tx.volumes.save(project_volume(tx, replace(volume, updated_at=call.now), call.now))
    mark_instance(tx, one.id)
    return attachment


def detach(house: House, call: Call, instance_id: InstanceId, volume_id: VolumeId) -> None:
    """Out of it when its host has said so. NotFound, WrongState; InUse for what it boots from while it is not off."""
    allow(call, "attachment.delete")

    def write(tx: Transaction) -> None:
        one = _changeable(tx, call, instance_id, "detach_volume")
        found = next((a for a in of_instance(tx, one.id) if a.volume_id == volume_id), None)
        if found is None:
            raise NotFound("storage", kind="attachment", id=volume_id)
        if found.boot:
            raise InUse("storage", kind="root_volume", id=volume_id, by_kind="instance", by_id=one.id)
        if found.leaving:
            raise WrongState("storage", kind="volume", id=volume_id, status="detaching", action="detach")
        thing = Thing("instance", one.id, one.project_id)
        record(tx, house, call, "instance.detach_volume", thing, {"volume_id": volume_id})
        unplug(tx, found, call.now)

    commit(house, write)


def unplug(tx: Transaction, found: Attachment, now: float) -> None:
    """It is to come out: the row stays until its host has proved it."""
    tx.attachments.save(project_attachment(tx, replace(found, leaving=True, updated_at=now), now))
    volume = tx.volumes.get(found.volume_id)
    if volume is not None:
        tx.volumes.save(project_volume(tx, volume, now))
    if found.instance_id is not None:
        mark_instance(tx, found.instance_id)


def update(
    house: House, call: Call, instance_id: InstanceId, volume_id: VolumeId, *, delete_on_termination: bool
) -> None:
    allow(call, "attachment.update")

    def write(tx: Transaction) -> None:
        one = visible_instance(tx, call, instance_id)
        found = next((a for a in of_instance(tx, one.id) if a.volume_id == volume_id), None)
        if found is None:
            raise NotFound("storage", kind="attachment", id=volume_id)
        changed = replace(found, delete_on_termination=delete_on_termination, updated_at=call.now)
        tx.attachments.save(changed)

    house.store.write(write)


def release(tx: Transaction, found: Attachment) -> None:
    """It is out: the row goes, and what it held. The volume's status is the caller's to project. Whoever lets it in
    lets nobody in from now on."""
    volume = tx.volumes.get(found.volume_id) if found.secret else None
    if volume is not None:
        mark_volume(tx, volume.id, volume.pool_id)
    tx.attachments.remove(found.id)
    tx.claims.drop_owner(found.id)


def shares(tx: Transaction, volume_id: VolumeId) -> Iterable[InstanceId]:
    """The instances that have it or wait for it."""
    return [a.instance_id for a in attachments_of(tx, volume_id) if a.instance_id is not None]


def _claim(tx: Transaction, volume: Volume, instance_id: InstanceId, made: AttachmentId, now: float) -> None:
    """One guest may have it, or each guest once."""
    key = f"{volume.id}/{instance_id}" if volume.multiattach else volume.id
    if not tx.claims.take(Claim(kind="attachment", key=key, owner=made, at=now)):
        raise InUse("storage", kind="volume", id=volume.id, by_kind="instance", by_id=instance_id)


def _slot(tx: Transaction, one: Instance, device: str) -> int:
    """The place that the device's name asks for, or the first free one."""
    taken = {a.slot for a in of_instance(tx, one.id)}
    if not device:
        free = next((s for s in range(FIRST_SLOT, MOST_OF_INSTANCE) if s not in taken), None)
        if free is None:
            raise Invalid("storage", field="volumeAttachment", reason="too_many", most=MOST_OF_INSTANCE - FIRST_SLOT)
        return free
    slot = slot_of(device)
    if slot is None:
        raise Invalid("storage", field="device", reason="format", value=device)
    if slot < FIRST_SLOT:
        raise InUse("storage", kind="device", id=device, by_kind="instance", by_id=one.id)
    return slot


def _changeable(tx: Transaction, call: Call, instance_id: InstanceId, action: str) -> Instance:
    one = visible_instance(tx, call, instance_id)
    check_unlocked(call, one, action)
    if one.status not in CHANGEABLE:
        raise WrongState("compute", kind="instance", id=one.id, status=one.status, action=action)
    return one
