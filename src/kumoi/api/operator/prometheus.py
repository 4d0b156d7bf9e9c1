"""The cloud in Prometheus' words: its numbers as families of a collector, and guests as lines.

Guests are written by hand: a thousand of them are sixteen thousand lines, and the library takes ten times as long.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kumoi.app.census import Census, census
from kumoi.app.house import House
from kumoi.app.meters.newest import GuestPoint
from kumoi.core.errors import KumoiError
from kumoi.core.meters import METERS, SubjectKind, Unit, kind_of
from kumoi.runtime.loop import LoopState

_SUFFIXES: Final[dict[Unit, str]] = {
    "vcpu": "vcpus", "%": "percent", "B": "bytes", "B/s": "bytes_per_second", "1/s": "per_second",
}  # fmt: skip
_UNIT_WORDS: Final[dict[Unit, str]] = {"B/s": ".bytes"}  # in the meter's own name, and not to be said twice
_ODD: Final = re.compile(r"[^A-Za-z0-9_.-]")
_DEVICE: Final[dict[SubjectKind, str]] = {"instance": "", "disk": "device", "nic": "nic"}


class CloudCollector(Collector):
    """Looks at the store and the loops when it is scraped; a store that does not answer is told, and the rest too."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("kumoi_store_up", "Whether the store answers")
        try:
            counted = census(self._house)
        except KumoiError:
            up.add_metric([], 0)
        else:
            up.add_metric([], 1)
            yield from _counted(counted)
        yield up
        yield from _loops(self._house.loops.states(), self._house.clock.now())


def _counted(found: Census) -> Iterator[Metric]:
    yield _family("kumoi_hosts", "Hosts by state", ("state",), (((s,), n) for s, n in found.hosts.items()))
    for name, about, value in (
        ("kumoi_hosts_disabled", "Hosts that take no new instances", found.disabled),
        ("kumoi_hosts_halted", "Hosts that would rather be asked", found.halted),
        ("kumoi_troubles", "Networks, interfaces and routers that do not stand as wished on a host", found.troubles),
        ("kumoi_strays", "Things in our name that no plan names", found.strays),
        ("kumoi_marks_waiting", "Changes that the stamper has not taken yet", found.backlog.marks),
        ("kumoi_stamper_lag_seconds", "How long the oldest of them waits", found.backlog.oldest_s),
        ("kumoi_sections", "Sections of the plan", found.backlog.sections),
    ):
        yield _family(name, about, (), [((), value)])
    instances = (((status,), n) for status, n in found.instances.items())
    yield _family("kumoi_instances", "Instances by status", ("status",), instances)
    room = found.room.items()
    used = (((resource,), counter.used) for resource, counter in room)
    yield _family("kumoi_room_used", "What instances take of all hosts", ("resource",), used)
    total = (((resource,), counter.most) for resource, counter in room)
    yield _family("kumoi_room_total", "What all hosts offer, overcommit included", ("resource",), total)


def _loops(states: list[LoopState], now: float) -> Iterator[Metric]:
    worked = [one for one in states if one.well_at]
    for name, about, values in (
        ("kumoi_loop_age_seconds", "Since a pass last ended well", ((s.name, now - s.well_at) for s in worked)),
        ("kumoi_loop_pass_seconds", "How long that pass took", ((s.name, s.took_s) for s in worked)),
        ("kumoi_loop_waiting", "Keys that are due", ((s.name, s.depth) for s in states)),
        ("kumoi_loop_waiting_seconds", "How long the first of them waits", ((s.name, s.oldest_s) for s in states)),
        ("kumoi_loop_troubles", "Keys whose last pass failed", ((s.name, len(s.troubles)) for s in states)),
    ):  # fmt: skip
        yield _family(name, about, ("loop",), (((loop,), value) for loop, value in values))
    passes = CounterMetricFamily("kumoi_loop_passes", "Passes, failed ones included", labels=["loop"])
    errors = CounterMetricFamily("kumoi_loop_errors", "Passes that failed", labels=["loop"])
    for one in states:
        passes.add_metric([one.name], one.passes)
        errors.add_metric([one.name], one.errors)
    yield passes
    yield errors


def _family(
    name: str, about: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def metric_name(meter: str, unit: Unit) -> str:
    """`kumoi_guest_disk_read_bytes_per_second` of `disk.read.bytes`."""
    words = meter.removesuffix(_UNIT_WORDS.get(unit, "")).replace(".", "_")
    return f"kumoi_guest_{words}_{_SUFFIXES[unit]}"


def guest_lines(found: Iterable[GuestPoint]) -> bytes:
    """The newest numbers of every guest, by ids: no name of a tenant's is among them."""
    values: dict[SubjectKind, list[list[str]]] = {kind: [[] for _ in meters] for kind, meters in METERS.items()}
    names = {kind: [metric_name(m.name, m.unit) for m in meters] for kind, meters in METERS.items()}
    for guest in found:
        kind = kind_of(guest.point.subject)
        if kind is None:
            continue
        labels = f'{{instance="{guest.point.instance_id}",project="{guest.project_id}"'
        if _DEVICE[kind]:
            labels += f',{_DEVICE[kind]}="{_plain(guest.point.subject.partition("/")[2])}"'
        for lines, name, value in zip(values[kind], names[kind], guest.point.values, strict=True):
            if value is not None:
                lines.append(f"{name}{labels}}} {value}\n")
    heads = {kind: [f"# TYPE {name} gauge\n" for name in held] for kind, held in names.items()}
    return "".join(
        head + "".join(lines) for kind in METERS for head, lines in zip(heads[kind], values[kind], strict=True) if lines
    ).encode()


def _plain(device: str) -> str:
    """A host says how its devices are called: nothing that ends a label gets through."""
    return _ODD.sub("", device)
