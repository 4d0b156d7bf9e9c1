"""What a look at a domain says of its instance, and the record of its runs made to agree with it.

What does not belong here: how a record follows from what was seen (runs), and acts on domains (compute).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

import libvirt
from msgspec.structs import replace

from kumoi.adapters.libvirt import disks, nics
from kumoi.adapters.libvirt.domains import PAUSED, stamp_of
from kumoi.adapters.libvirt.refusals import is_absent
from kumoi.adapters.libvirt.runs import OffReason, Run, Runs, going_on, settled
from kumoi.contracts.compute import SeenMachine
from kumoi.core.ids import InstanceId
from kumoi.core.instances import SeenPower

_OFF: Final = frozenset({libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_CRASHED, libvirt.VIR_DOMAIN_NOSTATE})
_OFF_REASONS: Final[Mapping[int, OffReason]] = {
    libvirt.VIR_DOMAIN_SHUTOFF_SHUTDOWN: "guest",
    libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED: "destroyed",
}


class VanishedError(Exception):
    """The domain was undefined while we looked."""


class Sight:
    """`lock_of` orders what is done to an instance; looking never waits for it."""

    def __init__(self, runs: Runs, lock_of: Callable[[InstanceId], Lock], boot_id: str, pid_files: Path) -> None:
        self._runs = runs
        self._lock_of = lock_of
        self._boot_id = boot_id
        self._pid_files = pid_files

    def look(self, domain: libvirt.virDomain, instance: InstanceId, stats: Mapping[str, Any]) -> SeenMachine:
        """`stats`: its state and its interfaces. Raises VanishedError."""
        state: int = stats["state.state"]
        run = self._record(domain, instance, state)
        if not going_on(run):
            return SeenMachine(id=instance, power="off", run=run.number, ended_by=run.ended_by, resets=run.resets)
        taps = nics.taps(stats)
        if state in _OFF and domain.hasManagedSaveImage(0):
            # Its memory is on disk, and it goes on with the volumes of its definition.
            within = disks.volumes(domain, libvirt.VIR_DOMAIN_XML_INACTIVE)
            return SeenMachine(
                id=instance, power="suspended", run=run.number, resets=run.resets, taps=taps, volumes=within
            )
        power: SeenPower = "paused" if state in PAUSED else "running"
        pid, within = self._pid(domain), disks.volumes(domain)
        return SeenMachine(
            id=instance, power=power, run=run.number, pid=pid, resets=run.resets, taps=taps, volumes=within
        )

    def settle(self, domain: libvirt.virDomain, instance: InstanceId) -> Run:
        """The record made to agree with what libvirt says now. The instance's lock is held. Raises VanishedError."""
        try:
            state, reason = domain.state()
        except libvirt.libvirtError as error:
            if is_absent(error):
                raise VanishedError from error
            raise
        if state in _OFF and domain.hasManagedSaveImage(0):
            return self._runs.change(instance, lambda r: replace(r, starting=0))
        off = _OFF_REASONS.get(reason, "died") if state in _OFF else None
        if off is None and not self._runs.get(instance).number:
            # Our records were lost; the domain carries the number too.
            stamp = stamp_of(domain)
            number = 1 if stamp is None else max(1, stamp.run)
            self._runs.change(instance, lambda r: replace(r, starting=r.starting or number))
        return self._runs.change(instance, lambda r: settled(r, off, self._boot_id))

    def _record(self, domain: libvirt.virDomain, instance: InstanceId, state: int) -> Run:
        run = self._runs.get(instance)
        if (state in _OFF) == going_on(run) or run.starting or not run.number:
            # The record and the world differ. What we were told may be older than an act that is under way or has
            # just ended: look again while nobody acts, or leave the record alone.
            lock = self._lock_of(instance)
            if lock.acquire(blocking=False):
                try:
                    run = self.settle(domain, instance)
                finally:
                    lock.release()
        return run

    def _pid(self, domain: libvirt.virDomain) -> int:
        try:
            return int((self._pid_files / f"{domain.name()}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0
