"""Attachments: which volume is to be in which guest, where in it, and what is seen of that."""

from typing import Literal

import msgspec

from kumoi.core.ids import AttachmentId, InstanceId, ProjectId, VolumeId
from kumoi.core.instances import Observation

Said = Literal["", "reserved", "attaching", "attached"]
Status = Literal["reserved", "attaching", "attached", "detaching"]
FIRST_SLOT = 1  # slot 0 is the root disk's
MOST_OF_INSTANCE = 26  # disks of a guest: vda … vdz


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A volume's place in an instance (writer: doors), and the projection of its status.

    `said`: a client of the volume API keeps the attachment itself, and says how far it is; no host is told. Empty: the
    instance's host is told of it, and what it sees decides. `leaving`: it is to come out; the row goes when the host
    has proved it. `slot`: its place among the guest's disks, the same over every boot; `device`: what its user was
    told. `boot`: the guest boots from it, it has no other root disk. `connector`: what a client said of its end.
    `secret`: by which the instance's host shows itself where another host keeps the volume.
    """

    id: AttachmentId
    volume_id: VolumeId
    project_id: ProjectId
    instance_id: InstanceId | None = None
    host_name: str = ""
    said: Said = ""
    slot: int = 0
    device: str = ""
    read_only: bool = False
    boot: bool = False
    delete_on_termination: bool = False
    tag: str = ""
    connector: dict[str, str] = {}
    secret: str = ""
    leaving: bool = False
    status: Status = "attaching"
    attached_at: float = 0.0
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def status_of(one: Attachment, seen: Observation | None) -> Status:
    """`seen`: of its instance. In a guest that is off there is no disk: it has what it will start with."""
    if one.leaving:
        return "detaching"
    if one.said:
        return one.said
    if seen is None or seen.first_running_at == 0.0:
        return "attaching"
    inside = one.volume_id in seen.volumes or seen.power in {"off", "missing"}
    return "attached" if inside else "attaching"


def device_of(slot: int) -> str:
    """/dev/vda for slot 0."""
    return f"/dev/vd{chr(ord('a') + slot)}"


def slot_of(device: str) -> int | None:
    """The slot that a device's name asks for, whatever the prefix (`/dev/sdb`, `xvdb`, `vdb`); None for no such."""
    letter = device.removeprefix("/dev/")
    for prefix in ("xvd", "vd", "sd", "hd"):
        if letter.startswith(prefix):
            rest = letter.removeprefix(prefix)
            return ord(rest) - ord("a") if len(rest) == 1 and "a" <= rest <= "z" else None
    return None
