"""Ending what the cloud runs, and no guest: before `down` ends those too, and before another version takes over."""

import fcntl
import time
from typing import Final

from kumoi.cmd.supervisor import HOLDER
from kumoi.core.errors import Unavailable
from kumoi.runtime import processes, state_folder, supervision
from kumoi.runtime.processes import Process
from kumoi.runtime.state_folder import StateFolder
from kumoi.runtime.supervision import Record

_PATIENCE_S: Final = 5.0
_SUPERVISOR_PATIENCE_S: Final = 60.0


def alive(state: StateFolder) -> Record | None:
    """The record of the supervisor, if that one lives."""
    record = supervision.read(state.processes)
    return record if record and processes.alive(record.supervisor) else None


def anything_alive(state: StateFolder) -> bool:
    """Whether a supervisor runs, or a program lives that a killed one left; guests and what holds their ground do not
    count."""
    record = supervision.read(state.processes)
    left = [e.process for name, e in record.programs.items() if e.process and name != HOLDER] if record else []
    return alive(state) is not None or any(processes.alive(process) for process in left)


def halt(state: StateFolder) -> None:
    """The supervisor, its understudies and its programs end; the namespaces and all guests stay, `down` is wished.

    With the command's lock. Raises Unavailable where the supervisor does not end.
    """
    with state.supervisor_lock.open("w") as lock:
        state_folder.replace(state.wish, b"down")
        _await_lock(state, lock.fileno())
        record = supervision.read(state.processes)
        programs = record.programs if record else {}
        # What a killed supervisor left behind would be adopted by the next one, old as it is.
        left = [e.process for name, e in programs.items() if e.process and name != HOLDER]
        processes.end(left, _PATIENCE_S)


def _await_lock(state: StateFolder, fd: int) -> None:
    """End the supervisor, and an understudy that takes over meanwhile."""
    deadline = time.monotonic() + _SUPERVISOR_PATIENCE_S
    asked: set[Process] = set()
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record = alive(state)
            if record and record.supervisor not in asked:
                asked.add(record.supervisor)
                processes.end([record.supervisor], _SUPERVISOR_PATIENCE_S)
            if time.monotonic() > deadline:
                raise Unavailable("host", what="supervisor", reason="does_not_end") from None
            time.sleep(0.02)
        else:
            return
