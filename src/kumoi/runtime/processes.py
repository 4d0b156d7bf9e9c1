"""A process, and whether it is still the same one: pid and start time together.

A pid alone is reused; a recorded pid is a claim until its start time agrees. What does not belong
here: starting and restarting (supervision), namespaces (adapters).
"""

import contextlib
import ctypes
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

_PR_SET_CHILD_SUBREAPER: Final = 36
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """`started` is field 22 of /proc/PID/stat: clock ticks since the machine's boot."""

    pid: int
    started: int


def identify(pid: int) -> Process | None:
    """The process behind this pid now; None where there is none, or only its zombie."""
    try:
        # The name in field 2 may hold blanks and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else Process(pid=pid, started=int(fields[19]))


def alive(process: Process) -> bool:
    return identify(process.pid) == process


def boot_id() -> str:
    """Of this run of the machine's kernel."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def every() -> Iterator[int]:
    """The pids of this machine, as far as this process sees them."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def age_s(process: Process) -> float:
    """Seconds since it was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - process.started / _TICKS_PER_S


def watch(process: Process) -> int | None:
    """A pidfd, readable once the process is dead; None where it is dead already.

    Works for children and strangers alike; the caller closes it.
    """
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if alive(process):
        return fd
    os.close(fd)
    return None


def send(process: Process, number: signal.Signals) -> None:
    """Signal this very process; one that is gone is what the caller wants."""
    fd = watch(process)
    if fd is None:
        return
    try:
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


def end(processes: Iterable[Process], patience_s: float) -> None:
    """SIGTERM, wait up to `patience_s` for all of them, then SIGKILL the rest and wait for those."""
    left = [p for p in processes if alive(p)]
    for process in left:
        send(process, signal.SIGTERM)
    left = _await_death(left, patience_s)
    for process in left:
        send(process, signal.SIGKILL)
    _await_death(left, patience_s)


def end_group(leader: Process) -> None:
    """Kill what a dead leader of a process group left in it; who made a session of its own stays.

    The number is not given to anybody else while one of them lives.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)


def _await_death(processes: list[Process], patience_s: float) -> list[Process]:
    """Those that still live after `patience_s`."""
    deadline = time.monotonic() + patience_s
    for process in processes:
        fd = watch(process)
        if fd is None:
            continue
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        os.close(fd)
    return [p for p in processes if alive(p)]


def become_subreaper() -> None:
    """Orphans below this process become its children: a lazy pid 1 leaves them dead for seconds,
    and libvirt waits for a dead QEMU's pid to vanish."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl PR_SET_CHILD_SUBREAPER")


def environment(process: Process) -> dict[str, str]:
    """What it was started with; empty where that may not be read."""
    try:
        text = Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return {}
    return dict(word.split("=", 1) for word in text.decode(errors="replace").split("\0") if "=" in word)


def arguments(process: Process) -> list[str]:
    """Its command line; empty where it is gone."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def memory_kib(process: Process) -> int:
    """Its proportional share (PSS); 0 where we may not see it."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
