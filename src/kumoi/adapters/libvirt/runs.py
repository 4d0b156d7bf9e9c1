"""How each instance's runs began and ended, kept on disk: libvirtd forgets why a domain is off when it restarts.

One small JSON file an instance, written before and after the effect it speaks of. What does not belong here: libvirt.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec

from kumoi.core.ids import InstanceId
from kumoi.core.instances import EndedBy

# Why libvirt says that a domain is off. `died` also stands for a libvirtd that does not remember.
OffReason = Literal["guest", "destroyed", "died"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is going on, or ended `ended_by`; `starting` (0: none) is on its way: it began if a domain is seen.

    `stop_asked`: the end that comes next is the plan's. `boot_id`: of the ground on which it began. `resets` counts
    how often the guest began anew within its runs, whoever reset it.
    """

    number: int = 0
    ended_by: EndedBy = ""
    starting: int = 0
    stop_asked: bool = False
    boot_id: str = ""
    resets: int = 0


def started(run: Run, number: int, boot_id: str) -> Run:
    """The run as it goes on from here."""
    return Run(number=number, boot_id=boot_id, resets=run.resets)


def going_on(run: Run) -> bool:
    """Whether, as far as the record knows, a run has begun and not ended."""
    return run.number > 0 and not run.ended_by


def settled(run: Run, off: OffReason | None, boot_id: str) -> Run:
    """The record after looking while nothing was under way: `off` is why the domain is off, None while it is on."""
    if off is None:
        open_question = run.starting or run.ended_by or run.boot_id != boot_id
        return started(run, run.starting or run.number, boot_id) if open_question else run
    # A start that left no domain never began, and is asked for again. One that began and ended while nobody could
    # note it looks the same: libvirt's reason may be that of the run before.
    run = msgspec.structs.replace(run, starting=0)
    if not going_on(run):
        return run
    return msgspec.structs.replace(run, ended_by=_ended_by(run, off, boot_id), stop_asked=False)


def _ended_by(run: Run, off: OffReason, boot_id: str) -> EndedBy:
    if run.boot_id != boot_id:
        return "host"
    if run.stop_asked:
        return "plan"
    # Destroyed, but not by us: cut off by somebody who has no plan.
    return "guest" if off == "guest" else "crash"


class Runs:
    """The records of a folder. Safe for many threads. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._known: dict[InstanceId, Run] = {}

    def get(self, instance: InstanceId) -> Run:
        with self._lock:
            return self._read(instance)

    def change(self, instance: InstanceId, how: Callable[[Run], Run]) -> Run:
        """Durable when it returns; writes nothing where nothing changes."""
        with self._lock:
            before = self._read(instance)
            after = how(before)
            if after != before:
                self._write(instance, after)
            return after

    def forget(self, instance: InstanceId) -> None:
        with self._lock:
            self._known.pop(instance, None)
            self._path(instance).unlink(missing_ok=True)

    def _read(self, instance: InstanceId) -> Run:
        known = self._known.get(instance)
        if known is None:
            try:
                known = msgspec.json.decode(self._path(instance).read_bytes(), type=Run)
            except (FileNotFoundError, msgspec.DecodeError):
                known = Run()
            self._known[instance] = known
        return known

    def _write(self, instance: InstanceId, run: Run) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(instance)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(run))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self._known[instance] = run

    def _path(self, instance: InstanceId) -> Path:
        return self._folder / f"{instance}.json"
