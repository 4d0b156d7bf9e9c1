"""What is measured of guests: every meter with its unit, in one table. Tongues map these names to their own.

A subject is the instance itself, one of its disks or one of its nics; a point has one value for each meter of its
subject's kind, in the table's order. Counters of the hypervisor become rates before they leave their host
(`core.readings`). What does not belong here: how points are kept (`core.archives`).
"""

from typing import Final, Literal

import msgspec

from kumoi.core.ids import HostId, InstanceId, NicId, SessionId

SubjectKind = Literal["instance", "disk", "nic"]
Unit = Literal["vcpu", "%", "B", "B/s", "1/s"]
CAPABILITY: Final = "samples"  # of a control that takes points: nothing is sent to another


class Meter(msgspec.Struct, frozen=True):
    """`vcpu`: how many processors are wholly busy. Rates are means over the time between two samples."""

    name: str
    unit: Unit


METERS: Final[dict[SubjectKind, tuple[Meter, ...]]] = {
    "instance": (
        Meter("cpu.usage", "vcpu"),
        Meter("cpu.utilisation", "%"),  # of all of its vcpus together
        Meter("memory.actual", "B"),  # what the balloon leaves it
        Meter("memory.used", "B"),  # as the guest itself counts; only where it has a balloon driver
        Meter("memory.resident", "B"),  # of its process on the host
    ),
    "disk": (
        Meter("disk.read.bytes", "B/s"),
        Meter("disk.read.requests", "1/s"),
        Meter("disk.write.bytes", "B/s"),
        Meter("disk.write.requests", "1/s"),
    ),
    # Incoming is what the guest receives, whatever its host calls it.
    "nic": (
        Meter("network.incoming.bytes", "B/s"),
        Meter("network.incoming.packets", "1/s"),
        Meter("network.incoming.drops", "1/s"),
        Meter("network.outgoing.bytes", "B/s"),
        Meter("network.outgoing.packets", "1/s"),
        Meter("network.outgoing.drops", "1/s"),
    ),
}
NAMES: Final[dict[SubjectKind, tuple[str, ...]]] = {
    kind: tuple(meter.name for meter in meters) for kind, meters in METERS.items()
}
UNITS: Final[dict[str, Unit]] = {meter.name: meter.unit for meters in METERS.values() for meter in meters}


class Point(msgspec.Struct, frozen=True, array_like=True):
    """`subject` is `instance`, `disk/vda` or `nic/ID`; `at` seconds since the epoch. None: there was none to take."""

    instance_id: InstanceId
    subject: str
    at: float
    values: tuple[float | None, ...]


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """What a host measured since it last said so. `names`: of the values, by kind, as its version knows them."""

    host_id: HostId
    session: SessionId
    names: dict[str, tuple[str, ...]]
    points: tuple[Point, ...]


class SamplesMany(msgspec.Struct, frozen=True, kw_only=True):
    hosts: tuple[Samples, ...]


def disk_subject(device: str) -> str:
    return f"disk/{device}"


def nic_subject(nic: NicId) -> str:
    return f"nic/{nic}"


def kind_of(subject: str) -> SubjectKind | None:
    """None for a subject of a kind that this version does not know."""
    kind = subject.partition("/")[0]
    match kind:
        case "instance" | "disk" | "nic":
            return kind
        case _:
            return None


def in_our_order(samples: Samples) -> tuple[Point, ...]:
    """The points with their values in the order of `METERS`: what we do not know is left out, what it lacks None."""
    ours = {kind: NAMES[kind] for kind in METERS}
    if all(tuple(samples.names.get(kind, ())) == names for kind, names in ours.items()):
        return tuple(p for p in samples.points if _whole(p))
    places: dict[str, tuple[int | None, ...]] = {}
    for kind, names in ours.items():
        told = samples.names.get(kind, ())
        places[kind] = tuple(told.index(name) if name in told else None for name in names)
    known = ((point, kind_of(point.subject)) for point in samples.points)
    return tuple(_placed(point, places[kind]) for point, kind in known if kind is not None)


def _whole(point: Point) -> bool:
    kind = kind_of(point.subject)
    return kind is not None and len(point.values) == len(NAMES[kind])


def _placed(point: Point, places: tuple[int | None, ...]) -> Point:
    held = point.values
    values = tuple(held[place] if place is not None and place < len(held) else None for place in places)
    return Point(point.instance_id, point.subject, point.at, values)
