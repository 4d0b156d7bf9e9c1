"""The gauges by libvirt: one call for all guests, on a connection of its own, waiting for nobody's lock.

libvirt tells a tap's counters as its guest sees them (`rx` is what the guest received), and of a guest that somebody
is changing only what needs no monitor. What does not belong here: rates.
"""

from typing import Any, Final

import libvirt

from kumoi.adapters.libvirt.connection import Connection
from kumoi.adapters.libvirt.domain_xml import instance_of
from kumoi.adapters.libvirt.refusals import translated
from kumoi.core.ids import InstanceId
from kumoi.core.readings import DiskReading, MemoryReading, NicReading, Reading

Stats = dict[str, Any]
_WHAT: Final = (
    libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
_WHOM: Final = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
_NIC: Final = {
    f"{ours}_{field}": f"{theirs}.{word}"
    for ours, theirs in (("rx", "rx"), ("tx", "tx"))
    for field, word in (("bytes", "bytes"), ("packets", "pkts"), ("errors", "errs"), ("drops", "drop"))
}


class LibvirtGauges:
    """See `contracts.gauges.Gauges`."""

    def __init__(self, uri: str) -> None:
        self._connection = Connection(uri)

    def read(self) -> list[Reading]:
        with translated("read"):
            found = self._connection.get().getAllDomainStats(_WHAT, _WHOM)
            named = ((instance_of(domain.name()), stats) for domain, stats in found)
            return [_reading(instance, stats) for instance, stats in named if instance is not None]


def _reading(instance: InstanceId, stats: Stats) -> Reading:
    return Reading(
        id=instance,
        cpu_ns=stats.get("cpu.time", 0),
        vcpus_ns=tuple(stats.get(f"vcpu.{n}.time", 0) for n in range(stats.get("vcpu.current", 1))),
        memory=_memory(stats),
        disks=tuple(_disk(stats, f"block.{n}.") for n in range(stats.get("block.count", 0))),
        nics=tuple(
            NicReading(tap=name, **{field: stats.get(f"net.{n}.{key}", 0) for field, key in _NIC.items()})
            for n in range(stats.get("net.count", 0))
            if (name := stats.get(f"net.{n}.name")) is not None
        ),
    )


def _memory(stats: Stats) -> MemoryReading | None:
    """libvirt counts in KiB. What the guest could give at once (`usable`) is not used; an older driver tells only what
    lies idle (`unused`)."""
    if "balloon.current" not in stats:
        return None
    available, spare = stats.get("balloon.available"), stats.get("balloon.usable", stats.get("balloon.unused"))
    return MemoryReading(
        actual=stats["balloon.current"] << 10,
        resident=stats.get("balloon.rss", 0) << 10,
        available=None if available is None else available << 10,
        used=None if available is None or spare is None else max(0, available - spare) << 10,
    )


def _disk(stats: Stats, at: str) -> DiskReading:
    return DiskReading(
        device=stats[f"{at}name"],
        read_bytes=stats.get(f"{at}rd.bytes", 0),
        read_requests=stats.get(f"{at}rd.reqs", 0),
        write_bytes=stats.get(f"{at}wr.bytes", 0),
        write_requests=stats.get(f"{at}wr.reqs", 0),
        errors=stats.get(f"{at}errors"),
    )
