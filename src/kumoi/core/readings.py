"""What a hypervisor counts of a guest, and the points that two readings make.

Counters begin at nothing whenever a guest's process does; a counter that fell has begun anew. What does not belong
here: how a hypervisor is asked (`contracts.gauges`).
"""

from collections.abc import Iterator

import msgspec

from kumoi.core.ids import InstanceId
from kumoi.core.meters import Point, disk_subject


class DiskReading(msgspec.Struct, frozen=True, kw_only=True):
    """`device` as the guest may call it (`vda`)."""

    device: str
    read_bytes: int = 0
    read_requests: int = 0
    write_bytes: int = 0
    write_requests: int = 0
    errors: int | None = None


class NicReading(msgspec.Struct, frozen=True, kw_only=True):
    """By the tap that the machine's plug names. From the guest's side: rx is what it received."""

    tap: str
    rx_bytes: int = 0
    rx_packets: int = 0
    rx_errors: int = 0
    rx_drops: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_errors: int = 0
    tx_drops: int = 0


class MemoryReading(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes. `actual`: what the balloon leaves the guest; `resident`: of its process on the host; `available` and
    `used` as the guest counts, None before its balloon driver spoke."""

    actual: int
    resident: int
    available: int | None = None
    used: int | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One running guest. `cpu_ns`: of all that its process did; `vcpus_ns`: of each of its processors.

    `memory` is None where the guest was too busy being changed to be asked.
    """

    id: InstanceId
    cpu_ns: int
    vcpus_ns: tuple[int, ...]
    memory: MemoryReading | None = None
    disks: tuple[DiskReading, ...] = ()
    nics: tuple[NicReading, ...] = ()


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says of one instance when it is asked. `reading` is None of one that does not run.

    `taps` names the nics behind the taps of the reading.
    """

    power: str = ""
    reading: Reading | None = None
    taps: dict[str, str] = {}
    accelerator: str = ""


def points(before: Reading | None, after: Reading, elapsed_s: float, at: float, taps: dict[str, str]) -> list[Point]:
    """Of the time between two readings of a guest. `taps`: subjects by tap; a nic that it does not name is left out.

    A first reading has no rates.
    """
    same = before if before is not None and elapsed_s > 0 else None
    return [
        Point(after.id, "instance", at, (*_cpu(same, after, elapsed_s), *_memory(after.memory))),
        *_disks(same, after, elapsed_s, at),
        *_nics(same, after, elapsed_s, at, taps),
    ]


def _cpu(before: Reading | None, after: Reading, elapsed_s: float) -> tuple[float | None, float | None]:
    if before is None:
        return None, None
    usage = _rate(before.cpu_ns, after.cpu_ns, elapsed_s) / 1e9
    return round(usage, 6), round(100 * usage / max(1, len(after.vcpus_ns)), 4)


def _memory(memory: MemoryReading | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if memory is None else (memory.actual, memory.used, memory.resident)


def _disks(before: Reading | None, after: Reading, elapsed_s: float, at: float) -> Iterator[Point]:
    old = {disk.device: disk for disk in before.disks} if before is not None else {}
    for disk in after.disks:
        was = old.get(disk.device)
        pairs = () if was is None else (
            (was.read_bytes, disk.read_bytes), (was.read_requests, disk.read_requests),
            (was.write_bytes, disk.write_bytes), (was.write_requests, disk.write_requests),
        )  # fmt: skip
        yield Point(after.id, disk_subject(disk.device), at, _rates(pairs, elapsed_s) or (None,) * 4)


def _nics(before: Reading | None, after: Reading, elapsed_s: float, at: float, taps: dict[str, str]) -> Iterator[Point]:
    old = {nic.tap: nic for nic in before.nics} if before is not None else {}
    for nic in after.nics:
        if nic.tap not in taps:
            continue
        was = old.get(nic.tap)
        pairs = () if was is None else (
            (was.rx_bytes, nic.rx_bytes), (was.rx_packets, nic.rx_packets), (was.rx_drops, nic.rx_drops),
            (was.tx_bytes, nic.tx_bytes), (was.tx_packets, nic.tx_packets), (was.tx_drops, nic.tx_drops),
        )  # fmt: skip
        yield Point(after.id, taps[nic.tap], at, _rates(pairs, elapsed_s) or (None,) * 6)


def _rates(pairs: tuple[tuple[int, int], ...], elapsed_s: float) -> tuple[float | None, ...]:
    return tuple(round(_rate(was, now, elapsed_s), 3) for was, now in pairs)


def _rate(was: int, now: int, elapsed_s: float) -> float:
    """Of a counter: what it counts after it began anew is all there was."""
    return (now - was if now >= was else now) / elapsed_s
