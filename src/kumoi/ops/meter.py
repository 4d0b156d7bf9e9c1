"""What a cloud's processes cost, read from /proc: the supervisor's table and everything below it, guests left out."""

import os
from pathlib import Path
from typing import Final

import msgspec

from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, supervision
from kumoi.runtime.processes import Process
from kumoi.runtime.state_folder import StateFolder

GUEST: Final = "qemu-system"
FOREIGN: Final = frozenset({"libvirtd"})  # in the cloud's service, but not of its making
_TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")


class Stat(msgspec.Struct, frozen=True):
    """A line of /proc/PID/stat. `ticks`: its CPU time and that of its children which have ended."""

    pid: int
    name: str
    parent: int
    ticks: int
    started: int


class Meter:
    """Reads the cloud in `state`. A child's time passes to its parent when it ends, so that nothing is lost."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state

    def cpu_ms(self) -> float:
        """CPU time that all processes of the cloud have used so far."""
        return sum(stat.ticks for stat in self._own()) * _TICK_MS

    def memory_mb(self) -> dict[str, float]:
        """Their proportional share of memory (PSS) by name, in 10^6 bytes."""
        found: dict[str, float] = {}
        for stat in self._own():
            mb = processes.memory_kib(Process(pid=stat.pid, started=stat.started)) * 1024 / 1e6
            found[stat.name] = found.get(stat.name, 0.0) + mb
        return found

    def _own(self) -> list[Stat]:
        record = supervision.read(self._state.processes)
        if record is None:
            raise Unavailable("host", what="cloud", reason="not_running", state=str(self._state.root))
        roots = {record.supervisor.pid, *(e.process.pid for e in record.programs.values() if e.process)}
        return below(roots, snapshot())


def below(roots: set[int], everybody: list[Stat]) -> list[Stat]:
    """These processes and all that descend from them, without guests and theirs."""
    children: dict[int, list[Stat]] = {}
    for stat in everybody:
        children.setdefault(stat.parent, []).append(stat)
    known = {stat.pid: stat for stat in everybody}
    found: dict[int, Stat] = {}
    queue = [known[pid] for pid in roots if pid in known]
    while queue:
        stat = queue.pop()
        if stat.pid not in found and not stat.name.startswith(GUEST):
            found[stat.pid] = stat
            queue += children.get(stat.pid, [])
    return list(found.values())


def snapshot() -> list[Stat]:
    """Every process that lives now."""
    found = []
    for pid in processes.every():
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(parse(text))
    return found


def parse(line: str) -> Stat:
    """The name, in parentheses, may hold blanks and parentheses."""
    pid, _, rest = line.partition(" (")
    name, _, tail = rest.rpartition(") ")
    fields = tail.split()
    return Stat(
        pid=int(pid),
        name=name,
        parent=int(fields[1]),
        ticks=sum(int(ticks) for ticks in fields[11:15]),
        started=int(fields[19]),
    )
