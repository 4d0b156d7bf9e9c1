"""Attachments that clients of the volume API keep themselves (bare machines, other clouds' computes): no host of ours
is told of them, and how far they are is what their client says.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.volumes import acting, read
from kumoi.app.volumes.acting import change
from kumoi.app.volumes.attaching import release
from kumoi.app.volumes.writing import attachments_of, project_attachment, project_volume
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment, Said
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, WrongState
from kumoi.core.ids import AttachmentId, InstanceId, VolumeId
from kumoi.core.policy import allow, sees
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Claim
from kumoi.core.volumes import Volume


class HeldWish(msgspec.Struct, frozen=True, kw_only=True):
    """`instance_id` is not looked up: it may be of a cloud that is not ours. `said`: how far it is already."""

    volume_id: VolumeId
    instance_id: InstanceId | None = None
    host_name: str = ""
    device: str = ""
    read_only: bool = False
    connector: dict[str, str] = {}
    said: Said = "reserved"


def get(house: House, call: Call, attachment_id: AttachmentId) -> Attachment:
    allow(call, "attachment.read")
    return house.store.read(lambda tx: visible(tx, call, attachment_id))


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[Attachment]:
    """All attachments, those of our instances too."""
    allow(call, "attachment.read")
    if all_projects:
        allow(call, "volume.all_projects")
    else:
        query = query.where(eq("project_id", call.project_id))
    return house.store.read(lambda tx: tx.attachments.find(query))


def create(house: House, call: Call, wish: HeldWish) -> Attachment:
    """Raises NotFound, WrongState, InUse."""
    allow(call, "attachment.create")
    made = AttachmentId(house.chance.uuid())

    def write(tx: Transaction) -> Attachment:
        volume = read.visible(tx, call, wish.volume_id)
        if volume.hold not in {"", "attaching"}:
            raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="attach")
        free = replace(volume, hold="")  # what it was reserved for is this
        acting.check(project_volume(tx, free, call.now), "attach")
        end = wish.instance_id or wish.host_name or made
        key = f"{volume.id}/{end}" if volume.multiattach else volume.id
        if not tx.claims.take(Claim(kind="attachment", key=key, owner=made, at=call.now)):
            raise InUse("storage", kind="volume", id=volume.id, by_kind="attachment", by_id=end)
        one = Attachment(
            id=made,
            volume_id=volume.id,
            project_id=volume.project_id,
            instance_id=wish.instance_id,
            host_name=wish.host_name,
            said=wish.said or "reserved",
            device=wish.device,
            read_only=wish.read_only or volume.read_only,
            connector=wish.connector,
            status="reserved",
            created_at=call.now,
            updated_at=call.now,
        )
        one = project_attachment(tx, one, call.now)
        tx.attachments.insert(one)
        _follow(tx, house, call, free, "attach")
        return one

    return commit(house, write)


def say(
    house: House, call: Call, attachment_id: AttachmentId, said: Said, connector: dict[str, str] | None = None
) -> Attachment:
    """How far its client is with it. WrongState for one that a host of ours looks after."""
    allow(call, "attachment.update")

    def write(tx: Transaction) -> Attachment:
        one = _held(visible(tx, call, attachment_id), "update")
        changed = replace(one, said=said, connector=one.connector if connector is None else connector)
        saved = tx.attachments.save(project_attachment(tx, replace(changed, updated_at=call.now), call.now))
        _follow(tx, house, call, read.visible(tx, call, one.volume_id), "attach")
        return saved

    return commit(house, write)


def delete(house: House, call: Call, attachment_id: AttachmentId) -> VolumeId:
    """Its volume is free again. WrongState for one that a host of ours looks after: its instance lets go of it."""
    allow(call, "attachment.delete")

    def write(tx: Transaction) -> VolumeId:
        one = _held(visible(tx, call, attachment_id), "delete")
        release(tx, one)
        _follow(tx, house, call, read.visible(tx, call, one.volume_id), "detach")
        return one.volume_id

    return commit(house, write)


def detach(house: House, call: Call, volume_id: VolumeId, attachment_id: AttachmentId | None = None) -> None:
    """By its volume: the one that is named, or the only one. Invalid where there are several."""
    allow(call, "attachment.delete")

    def write(tx: Transaction) -> None:
        volume = read.visible(tx, call, volume_id)
        found = [a for a in attachments_of(tx, volume.id) if attachment_id in {None, a.id}]
        if attachment_id is not None and not found:
            raise NotFound("storage", kind="attachment", id=attachment_id)
        if len(found) > 1:
            raise Invalid("storage", field="attachment_id", reason="missing", name="attachment_id")
        if volume.hold == "maintenance":
            raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action="detach")
        for one in found:
            release(tx, _held(one, "detach"))
        _follow(tx, house, call, replace(volume, hold=""), "detach")

    commit(house, write)


Hold = Literal["reserve", "unreserve", "begin_detaching", "roll_detaching"]


def hold(house: House, call: Call, volume_id: VolumeId, what: Hold) -> None:
    """What a client is about to do with it, so that nobody else does; and that it will not after all."""

    def held(_tx: Transaction, volume: Volume) -> Volume:
        match what:
            case "reserve":
                acting.check(volume, "reserve")
                return replace(volume, hold="" if volume.multiattach and volume.status == "in_use" else "attaching")
            case "unreserve":
                _expect(volume, "attaching", what)
                return replace(volume, hold="")
            case "begin_detaching":
                _expect(volume, "in_use", what)
                return replace(volume, hold="detaching")
            case "roll_detaching":
                return replace(volume, hold="") if volume.hold == "detaching" else volume

    change(house, call, volume_id, what, held)


def visible(tx: Transaction, call: Call, attachment_id: AttachmentId) -> Attachment:
    one = tx.attachments.get(attachment_id)
    if one is None or not sees(call, one.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="attachment", id=attachment_id)
    return one


def _held(one: Attachment, action: str) -> Attachment:
    if not one.said:
        raise WrongState("storage", kind="attachment", id=one.id, status=one.status, action=action)
    return one


def _expect(volume: Volume, status: str, action: str) -> None:
    if volume.status != status:
        raise WrongState("storage", kind="volume", id=volume.id, status=volume.status, action=action)


def _follow(tx: Transaction, house: House, call: Call, volume: Volume, action: str) -> None:
    tx.volumes.save(project_volume(tx, replace(volume, updated_at=call.now), call.now))
    record(tx, house, call, f"volume.{action}", Thing("volume", volume.id, volume.project_id))
