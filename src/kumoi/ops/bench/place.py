"""Where and when it was measured."""

import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

_TURNS: Final = 1_000_000
_TRIES: Final = 5


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`load`: the machine's load average over a minute, before the first trial and after the last. `pace_ms`: how long
    a loop of Python takes, always the same one, so that two days' figures can be compared."""

    date: str
    cores: int
    processor: str
    memory_gib: int
    kernel: str
    accelerator: str
    load: tuple[float, float]
    pace_ms: float

    def sentence(self) -> str:
        first, last = self.load
        machine = f"{self.cores} cores ({self.processor}), {self.memory_gib} GiB, Linux {self.kernel}"
        accelerator = self.accelerator or "none (simulated)"
        return (
            f"Measured {self.date} on {machine}; accelerator: {accelerator}; "
            f"load {first:.1f} before, {last:.1f} after. "
            f"A million turns of an empty loop of Python took {self.pace_ms:.0f} ms of CPU."
        )


def look(accelerator: str, load_before: float) -> Place:
    """This machine, now."""
    return Place(
        date=datetime.now(UTC).date().isoformat(),
        cores=os.cpu_count() or 1,
        processor=_field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        memory_gib=round(int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) / (1 << 20)),
        kernel=platform.release(),
        accelerator=accelerator,
        load=(load_before, os.getloadavg()[0]),
        pace_ms=min(_loop_ms() for _ in range(_TRIES)),
    )


def _loop_ms() -> float:
    began = time.process_time()
    for _ in range(_TURNS):
        pass
    return (time.process_time() - began) * 1000


def _field(path: Path, name: str) -> str:
    lines = path.read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
