"""Counters become rates; what began anew is counted from nothing; a version that knows other meters is understood."""

import pytest

from kumoi.core.ids import HostId, InstanceId, SessionId
from kumoi.core.meters import METERS, NAMES, Point, Samples, in_our_order
from kumoi.core.readings import DiskReading, MemoryReading, NicReading, Reading, points

GUEST = InstanceId("g")


def reading(cpu_s: float, disk: int = 0, rx: int = 0, tx: int = 0, memory: MemoryReading | None = None) -> Reading:
    return Reading(
        id=GUEST,
        cpu_ns=int(cpu_s * 1e9),
        vcpus_ns=(0, 0),
        memory=memory,
        disks=(DiskReading(device="vda", read_bytes=disk, write_requests=disk),),
        nics=(NicReading(tap="tap1", rx_bytes=rx, tx_bytes=tx, rx_drops=rx), NicReading(tap="tap2")),
    )


def by_meter(found: list[Point]) -> dict[tuple[str, str], float | None]:
    kinds = {"i": "instance", "d": "disk", "n": "nic"}
    return {
        (point.subject, name): value
        for point in found
        for name, value in zip(NAMES[kinds[point.subject[0]]], point.values, strict=True)  # type: ignore[index]
    }


def test_counters_become_rates_over_the_time_between() -> None:
    before, after = reading(1, disk=100, rx=10, tx=1), reading(6, disk=600, rx=20, tx=501)
    found = by_meter(points(before, after, 10.0, 50.0, {"tap1": "nic/one"}))
    assert found["instance", "cpu.usage"] == 0.5
    assert found["instance", "cpu.utilisation"] == 25.0
    assert found["disk/vda", "disk.read.bytes"] == 50.0
    assert found["disk/vda", "disk.write.requests"] == 50.0
    assert found["nic/one", "network.incoming.bytes"] == 1.0
    assert found["nic/one", "network.incoming.drops"] == 1.0
    assert found["nic/one", "network.outgoing.bytes"] == 50.0
    assert {subject for subject, _ in found} == {"instance", "disk/vda", "nic/one"}


def test_a_counter_that_fell_has_begun_anew() -> None:
    found = by_meter(points(reading(100, disk=5000), reading(2, disk=40), 10.0, 0.0, {}))
    assert found["instance", "cpu.usage"] == pytest.approx(0.2)
    assert found["disk/vda", "disk.read.bytes"] == 4.0


def test_a_first_reading_has_no_rates_but_memory() -> None:
    memory = MemoryReading(actual=512, resident=300, used=None)
    found = by_meter(points(None, reading(5, memory=memory), 10.0, 0.0, {"tap1": "nic/one"}))
    assert {key[1]: value for key, value in found.items() if value is not None} == {
        "memory.actual": 512,
        "memory.resident": 300,
    }


def test_a_device_that_came_meanwhile_has_no_rates_yet() -> None:
    before = Reading(id=GUEST, cpu_ns=0, vcpus_ns=(0,))
    found = by_meter(points(before, reading(1), 10.0, 0.0, {"tap1": "nic/one"}))
    assert found["nic/one", "network.incoming.bytes"] is None
    assert found["instance", "cpu.usage"] == 0.1


def samples(names: dict[str, tuple[str, ...]], *found: Point) -> Samples:
    return Samples(host_id=HostId("h"), session=SessionId("s"), names=names, points=found)


def test_values_are_taken_by_name_from_a_host_of_another_version() -> None:
    told = samples(
        {"disk": ("disk.write.bytes", "disk.temperature"), "fan": ("fan.speed",)},
        Point(GUEST, "disk/vda", 1.0, (7.0, 40.0)),
        Point(GUEST, "fan/1", 1.0, (3000.0,)),
    )
    assert in_our_order(told) == (Point(GUEST, "disk/vda", 1.0, (None, None, 7.0, None)),)


def test_values_of_our_own_version_pass_as_they_are_and_broken_ones_do_not() -> None:
    good = Point(GUEST, "disk/vda", 1.0, (1.0, 2.0, 3.0, 4.0))
    short = Point(GUEST, "disk/vda", 1.0, (1.0,))
    assert in_our_order(samples(dict(NAMES), good, short, Point(GUEST, "x", 1.0, ()))) == (good,)  # type: ignore[arg-type]


def test_every_meter_has_one_name() -> None:
    names = [meter.name for meters in METERS.values() for meter in meters]
    assert len(names) == len(set(names))
