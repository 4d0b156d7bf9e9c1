"""What the guests of a fake world use: made up, always the same for the same guest and time, and moving with time."""

from math import cos, pi
from zlib import crc32

from kumoi.adapters.fake.world import FakeMachine, World
from kumoi.core.readings import DiskReading, MemoryReading, NicReading, Reading

HALF_HOUR_S = 1800.0
FRAME_BYTES = 700
REQUEST_BYTES = 16_384


class FakeGauges:
    """See `contracts.gauges.Gauges`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> list[Reading]:
        now = self._world.clock.now()
        with self._world.lock:
            return [_reading(one, now) for one in self._world.machines.values() if one.power in {"running", "paused"}]


def _reading(one: FakeMachine, now: float) -> Reading:
    machine, age_s = one.machine, max(0.0, now - one.began_at)
    character = crc32(machine.id.encode())
    busy = 0.05 + (character % 60) / 100  # of each processor, on the average
    turn = _waved(age_s, character % 1800)
    vcpu_ns = int(busy * turn * 1e9)
    size = machine.memory_mib << 20
    used = int(size * (0.2 + 0.5 * busy))
    traffic = busy * turn * 40_000
    return Reading(
        id=machine.id,
        cpu_ns=vcpu_ns * machine.vcpus,
        vcpus_ns=(vcpu_ns,) * machine.vcpus,
        memory=MemoryReading(
            actual=size, resident=min(size, used + (used >> 3)), available=size - (size >> 5), used=used
        ),
        disks=(
            DiskReading(
                device="vda",
                read_bytes=(24 << 20) + int(traffic / 4),
                read_requests=((24 << 20) + int(traffic / 4)) // REQUEST_BYTES,
                write_bytes=int(traffic / 2),
                write_requests=int(traffic / 2) // REQUEST_BYTES,
                errors=0,
            ),
        ),
        nics=tuple(
            NicReading(
                tap=plug.tap,
                rx_bytes=int(traffic * 2),
                rx_packets=int(traffic * 2) // FRAME_BYTES,
                tx_bytes=int(traffic),
                tx_packets=int(traffic) // FRAME_BYTES,
            )
            for plug in machine.plugs
        ),
    )


def _waved(age_s: float, phase_s: int) -> float:
    """The integral of a load that rises and falls around 1 once in half an hour: never falls itself."""
    pace = 2 * pi / HALF_HOUR_S
    return age_s - 0.8 / pace * (cos(pace * (age_s + phase_s)) - cos(pace * phase_s))
