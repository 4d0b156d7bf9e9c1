"""What is done to the cloud: its processes are killed, one, several, or all at once as by a power cut."""

import contextlib
import signal
from random import Random
from typing import Final

from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, supervision
from kumoi.runtime.state_folder import StateFolder
from kumoi.runtime.supervision import Record

POWER: Final = "power"
SUPERVISOR: Final = "supervisor"


def draw(dice: Random, programs: list[str]) -> str:
    """A program's name, the supervisor, or the power."""
    return dice.choice([*sorted(programs), *sorted(programs), SUPERVISOR, POWER])


def sets_back(dice: Random) -> bool:
    """Whether the round ends with an older database in place of the cloud's."""
    return dice.random() < 0.2


def kill(state: StateFolder, what: str) -> bool:
    """By SIGKILL; False where there was nothing of that name to kill."""
    record = supervision.read(state.processes)
    if record is None:
        raise Unavailable("host", what="cloud", reason="not_running", state=str(state.root))
    chosen = [p for p in _named(record, what) if p.pid and processes.alive(p)]
    for process in chosen:
        with contextlib.suppress(ProcessLookupError):
            processes.send(process, signal.SIGKILL)
    return bool(chosen)


def _named(record: Record, what: str) -> list[processes.Process]:
    every = {name: entry.process for name, entry in record.programs.items() if entry.process}
    if what == POWER:
        # Whoever watches goes first, or it starts anew what is killed next.
        return [record.supervisor, *every.values()]
    return [record.supervisor] if what == SUPERVISOR else [every[what]] if what in every else []
