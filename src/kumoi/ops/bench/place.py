"""Where and when it was measured."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`load`: the machine's load average over a minute, before the first trial and after the last."""

    date: str
    cores: int
    processor: str
    memory_gib: int
    kernel: str
    accelerator: str
    load: tuple[float, float]

    def sentence(self) -> str:
        first, last = self.load
        machine = f"{self.cores} cores ({self.processor}), {self.memory_gib} GiB, Linux {self.kernel}"
        accelerator = self.accelerator or "none (simulated)"
        return (
            f"Measured {self.date} on {machine}; accelerator: {accelerator}; load {first:.1f} before, {last:.1f} after."
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
    )


def _field(path: Path, name: str) -> str:
    lines = path.read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
