"""The statuses of volumes, snapshots and attachments: functions of what is wished and what is seen."""

import pytest

from kumoi.core import attachments, volume_snapshots, volumes
from kumoi.core.attachments import Attachment, device_of, slot_of
from kumoi.core.conditions import Blocked, Condition, Working
from kumoi.core.ids import AttachmentId, HostId, InstanceId, PoolId, ProjectId, SnapshotId, UserId, VolumeId
from kumoi.core.instances import Observation, Refusal, SeenPower
from kumoi.core.volume_snapshots import SnapshotObservation, VolumeSnapshot
from kumoi.core.volumes import Status, Volume, VolumeObservation

ONE, HOST = VolumeId("v"), HostId("h")
STUCK = Blocked(code="disk_full")


def volume(**more: object) -> Volume:
    fields: dict[str, object] = {"size_gib": 2, "pool_id": PoolId("h/files"), **more}
    return Volume(id=ONE, project_id=ProjectId("p"), user_id=UserId("u"), name="", ec2_key="k", **fields)


def seen(*, there: bool = True, size_gib: int = 2, condition: Condition | None = None) -> VolumeObservation:
    first = 1.0 if there else 0.0
    return VolumeObservation(
        id=ONE, host_id=HOST, there=there, size_gib=size_gib, condition=condition, first_seen_at=first
    )


def held(status: attachments.Status) -> Attachment:
    return Attachment(id=AttachmentId("a"), volume_id=ONE, project_id=ProjectId("p"), status=status)


LOST = VolumeObservation(id=ONE, host_id=HOST, there=False, first_seen_at=1.0)


@pytest.mark.parametrize(
    ("one", "sight", "having", "status"),
    [
        (volume(deleted_at=1.0), seen(), (), "deleted"),
        (volume(refusal=Refusal(code="x", facts={}, at=1.0)), None, (), "error"),
        (volume(hold="maintenance"), seen(), (), "maintenance"),
        (volume(), None, (), "creating"),
        (volume(), seen(there=False, condition=Working(code="x")), (), "creating"),
        (volume(), seen(there=False, condition=STUCK), (), "error"),
        (volume(), LOST, (), "error"),
        (volume(), seen(), (), "available"),
        (volume(), seen(size_gib=1), (), "extending"),
        (volume(), seen(size_gib=1, condition=STUCK), (), "error_extending"),
        (volume(), seen(), ("attaching",), "attaching"),
        (volume(), seen(), ("reserved",), "reserved"),
        (volume(), seen(), ("attached", "attaching"), "in_use"),
        (volume(), seen(), ("attached", "detaching"), "detaching"),
    ],
)
def test_a_volume(
    one: Volume, sight: VolumeObservation | None, having: tuple[attachments.Status, ...], status: Status
) -> None:
    assert volumes.status_of(one, sight, [held(s) for s in having]) == status


@pytest.mark.parametrize(
    ("power", "inside", "status"),
    [
        ("running", True, "attached"),
        ("running", False, "attaching"),
        ("suspended", False, "attaching"),
        ("off", False, "attached"),
        ("missing", False, "attached"),
    ],
)
def test_an_attachment_follows_its_guest(power: SeenPower, inside: bool, status: str) -> None:
    guest = Observation(
        id=InstanceId("i"), host_id=HOST, power=power, volumes=(ONE,) if inside else (), first_running_at=1.0
    )
    one = held("attaching")
    assert attachments.status_of(one, guest) == status
    assert attachments.status_of(one, None) == "attaching"


def test_a_snapshot_is_there_when_it_is_seen() -> None:
    one = VolumeSnapshot(
        id=SnapshotId("s"), volume_id=ONE, project_id=ProjectId("p"), user_id=UserId("u"), pool_id=PoolId("h/files"),
        size_gib=1, ec2_key="k",
    )  # fmt: skip
    sight = SnapshotObservation(id=one.id, host_id=HOST, there=True)
    assert volume_snapshots.status_of(one, None) == "creating"
    assert volume_snapshots.status_of(one, sight) == "available"
    broken = SnapshotObservation(id=one.id, host_id=HOST, there=False, condition=STUCK)
    assert volume_snapshots.status_of(one, broken) == "error"


def test_places_by_the_names_of_devices() -> None:
    assert [device_of(n) for n in (0, 1, 25)] == ["/dev/vda", "/dev/vdb", "/dev/vdz"]
    assert [slot_of(d) for d in ("/dev/vdb", "vdc", "/dev/sdf", "xvdb", "/dev/hda")] == [1, 2, 5, 1, 0]
    assert [slot_of(d) for d in ("", "/dev/vd", "/dev/vdaa", "/dev/nvme0", "/dev/vd1")] == [None] * 5
