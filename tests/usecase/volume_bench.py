"""Volumes of one host told, attached and seen, upon `agent_bench`."""

from tests.usecase.agent_bench import OWN, POOL, Bench

from kumoi.core.conditions import Condition, Ready
from kumoi.core.disks import SeenVolume, SnapshotEntry, VolumeEntry, VolumePlug
from kumoi.core.ids import AttachmentId, ImageId, InstanceId, SnapshotId, VolumeId

WEB, DB = InstanceId("web"), InstanceId("db")
DATA, COPY = VolumeId("data"), VolumeId("copy")
KEPT = SnapshotId("kept")
IMAGE = ImageId("image")


def volume(bench: Bench, volume_id: VolumeId = DATA, **changes: object) -> VolumeEntry:
    fields: dict[str, object] = {"id": volume_id, "pool": POOL, "size_gib": 1}
    entry = VolumeEntry(**{**fields, **changes})  # type: ignore[arg-type]
    bench.link.put(OWN, f"volume/{volume_id}", entry)
    return entry


def snapshot(bench: Bench, snapshot_id: SnapshotId = KEPT, of: VolumeId = DATA, moment: str = "") -> None:
    entry = SnapshotEntry(id=snapshot_id, volume_id=of, pool=POOL, moment=moment)
    bench.link.put(OWN, f"snapshot/{snapshot_id}", entry)


def attach(bench: Bench, *volumes: VolumeId, instance: str = "web", **changes: object) -> None:
    plugs = [
        VolumePlug(volume_id=one, attachment_id=AttachmentId(f"a-{one}"), pool=POOL, slot=slot)
        for slot, one in enumerate(volumes)
    ]
    bench.instance(instance, volumes=tuple(plugs), **changes)


def attached() -> Bench:
    """A guest that runs and has the volume."""
    bench = Bench()
    volume(bench)
    bench.boot("web")
    attach(bench, DATA)
    bench.settle()
    assert inside(bench) == {DATA}
    return bench


def inside(bench: Bench, instance: InstanceId = WEB) -> set[VolumeId]:
    return set(bench.world.machines[instance].disks)


def told(bench: Bench, volume_id: VolumeId = DATA) -> SeenVolume | None:
    return next((one for one in bench.report().volumes if one.id == volume_id), None)


def code(condition: Condition) -> str:
    return "" if isinstance(condition, Ready) else condition.code


def acted(bench: Bench) -> bool:
    """Whether the host says that it did all that it was told."""
    return bench.report().acted[OWN] == bench.agent.ledger.own().serial
