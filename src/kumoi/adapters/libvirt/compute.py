"""The compute contract by libvirt and QEMU.

One lock an instance orders what is done to it; looking takes none of them by force. Two connections: a slow destroy
must not hold up an observation (libvirtd answers few calls at a time on one). What does not belong here: XML
(domain_xml), what a look says (sight), how a run ended (runs), deadlines (the caller's).
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import libvirt
import msgspec
from msgspec.structs import replace

from kumoi.adapters.libvirt import console_log, copies, disks, guest_agent, nics, remotes, serial_line
from kumoi.adapters.libvirt.connection import Connection
from kumoi.adapters.libvirt.domain_xml import (
    DomainSettings,
    console_path,
    digest,
    domain_name,
    instance_of,
    render,
    serial_path,
)
from kumoi.adapters.libvirt.domains import PAUSED, find, running, stamp_of, unless_off
from kumoi.adapters.libvirt.refusals import LAYER, translated
from kumoi.adapters.libvirt.runs import Runs, started
from kumoi.adapters.libvirt.sight import Sight, VanishedError
from kumoi.contracts.compute import Machine, MachineDisk, MachinePlug, SeenMachine
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import Unavailable, WrongState
from kumoi.core.ids import InstanceId, VolumeId

_POWER_EVENTS: Final = frozenset(
    {
        libvirt.VIR_DOMAIN_EVENT_STARTED,
        libvirt.VIR_DOMAIN_EVENT_SUSPENDED,
        libvirt.VIR_DOMAIN_EVENT_RESUMED,
        libvirt.VIR_DOMAIN_EVENT_STOPPED,
        libvirt.VIR_DOMAIN_EVENT_CRASHED,
        libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED,
    }
)
_STATS: Final = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_INTERFACE
_UNDEFINE: Final = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)


class ComputeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are on this host, for this process. `boot_id` changes whenever all guests must have ended with
    their host: a new boot, or a namespace made anew. `records` is a folder of our own; the two others are libvirt's.
    """

    uri: str
    domain: DomainSettings
    boot_id: str
    records: Path
    pid_files: Path = Path("/run/libvirt/qemu")
    logs: Path = Path("/var/log/libvirt/qemu")


class LibvirtCompute:
    """See `contracts.compute.Compute`. Every method raises Unavailable (what: libvirtd) while that does not answer."""

    def __init__(self, settings: ComputeSettings) -> None:
        self.accelerator: str = settings.domain.accelerator
        self._settings = settings
        self._runs = Runs(settings.records)
        self._sight = Sight(self._runs, self._lock, settings.boot_id, settings.pid_files)
        self._hands = Connection(settings.uri)
        self._eyes = Connection(settings.uri, on_open=self._listen)
        self._callbacks: list[Callable[[InstanceId], None]] = []
        self._locks: WeakValueDictionary[InstanceId, threading.Lock] = WeakValueDictionary()
        self._locks_lock = threading.Lock()

    def ensure(self, machine: Machine) -> None:
        with self._acting(machine.id, "define") as connection:
            domain = find(connection, machine.id)
            stamp = None if domain is None else stamp_of(domain)
            if stamp is None or stamp.digest != digest(machine, self._settings.domain):
                self._define(connection, machine, self._runs.get(machine.id).number)

    def start(self, machine: Machine, run: int) -> None:
        with self._acting(machine.id, "start") as connection:
            domain = find(connection, machine.id)
            if domain is not None:
                self._sight.settle(domain, machine.id)
                if domain.isActive():
                    self._runs.change(machine.id, lambda r: replace(r, number=max(run, r.number)))
                    return
            # Named before the effect: whoever finds the domain on after a crash knows which run it is.
            self._runs.change(machine.id, lambda r: replace(r, starting=run))
            remotes.tell(connection, machine.volumes)
            self._define(connection, machine, run).create()
            serial_line.close_to_others(self._serial(machine.id))
            self._runs.change(machine.id, lambda r: started(r, run, self._settings.boot_id))

    def stop(self, instance: InstanceId, *, hard: bool) -> None:
        with self._acting(instance, "stop") as connection:
            domain = find(connection, instance)
            if domain is None or not domain.isActive():
                if domain is not None and hard and domain.hasManagedSaveImage(0):
                    self._runs.change(instance, lambda r: replace(r, stop_asked=True))
                    domain.managedSaveRemove(0)
                    self._sight.settle(domain, instance)
                return
            self._sight.settle(domain, instance)
            self._runs.change(instance, lambda r: replace(r, stop_asked=True))
            with unless_off():
                if hard:
                    domain.destroy()
                else:
                    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
            self._sight.settle(domain, instance)

    def reset(self, instance: InstanceId, *, hard: bool) -> None:
        with self._acting(instance, "reset") as connection:
            domain = running(connection, instance, "reset")
            if hard:
                self._power_cycle(domain, instance)
            else:
                domain.reboot(libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)

    def pause(self, instance: InstanceId) -> None:
        with self._acting(instance, "pause") as connection:
            running(connection, instance, "pause").suspend()

    def resume(self, instance: InstanceId) -> None:
        with self._acting(instance, "resume") as connection:
            domain = running(connection, instance, "resume")
            if domain.state()[0] in PAUSED:
                domain.resume()

    def suspend(self, instance: InstanceId) -> None:
        with self._acting(instance, "suspend") as connection:
            domain = find(connection, instance)
            if domain is not None and not domain.isActive() and domain.hasManagedSaveImage(0):
                return
            domain = running(connection, instance, "suspend")
            self._sight.settle(domain, instance)
            domain.managedSave(0)

    def copy_disk(self, instance: InstanceId, disk: str, target: str) -> None:
        with self._acting(instance, "copy_disk") as connection:
            domain = running(connection, instance, "copy_disk")
            name = copies.begin(domain, disk, target)
        copies.wait(domain, name)  # without the lock: it may take long, and the guest may be stopped meanwhile

    def attach_nic(self, instance: InstanceId, plug: MachinePlug) -> None:
        with self._acting(instance, "attach_nic") as connection:
            nics.attach(running(connection, instance, "attach_nic"), plug)

    def detach_nic(self, instance: InstanceId, tap: str) -> None:
        with self._acting(instance, "detach_nic") as connection:
            domain = find(connection, instance)
            if domain is not None and domain.isActive():
                with unless_off():
                    nics.detach(domain, tap)

    def attach_disk(self, instance: InstanceId, disk: MachineDisk) -> None:
        with self._acting(instance, "attach_disk") as connection:
            domain = running(connection, instance, "attach_disk")
            remotes.tell(connection, (disk,))
            disks.attach(domain, disk, self._settings.domain)

    def detach_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        with self._acting(instance, "detach_disk") as connection:
            domain = find(connection, instance)
            if domain is not None and domain.isActive():
                with unless_off():
                    disks.detach(domain, volume)
            remotes.forget(connection, volume)

    def resize_disk(self, instance: InstanceId, volume: VolumeId, size_gib: int) -> None:
        with self._acting(instance, "resize_disk") as connection:
            disks.resize(running(connection, instance, "resize_disk"), volume, size_gib)

    def freeze_disks(self, instance: InstanceId, handles: Mapping[VolumeId, str]) -> None:
        with self._acting(instance, "freeze_disks") as connection:
            disks.freeze(running(connection, instance, "freeze_disks"), handles)

    def flatten_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        with self._acting(instance, "flatten_disk") as connection:
            domain = running(connection, instance, "flatten_disk")
            name = disks.begin_flattening(domain, volume)
        disks.wait(domain, name)  # without the lock, as copies

    def interrupt(self, instance: InstanceId) -> None:
        with self._acting(instance, "interrupt") as connection:
            running(connection, instance, "interrupt").injectNMI()

    def set_password(self, instance: InstanceId, user: str, password: str) -> None:
        with translated("set_password"):  # without the lock: a guest may be slow to answer
            guest_agent.set_password(running(self._hands.get(), instance, "set_password"), instance, user, password)

    def remove(self, instance: InstanceId) -> None:
        with self._acting(instance, "remove") as connection:
            domain = find(connection, instance)
            if domain is not None:
                if domain.isActive():
                    with unless_off():
                        domain.destroy()
                domain.undefineFlags(_UNDEFINE)
            self._console(instance).unlink(missing_ok=True)
            self._serial(instance).unlink(missing_ok=True)
            for log in self._settings.logs.glob(f"{domain_name(instance)}.log*"):
                log.unlink(missing_ok=True)
            self._runs.forget(instance)

    def observe(self) -> tuple[list[SeenMachine], list[str]]:
        with translated("observe"):
            found = self._eyes.get().getAllDomainStats(_STATS, 0)
            seen: list[SeenMachine] = []
            strays: list[str] = []
            for domain, stats in found:
                instance = instance_of(domain.name())
                if instance is None:
                    strays.append(domain.name())
                    continue
                with suppress(VanishedError):
                    seen.append(self._sight.look(domain, instance, stats))
                for log in (self._console(instance), self._settings.logs / f"{domain.name()}.log"):
                    console_log.trim(log)
            return seen, strays

    def console(self, instance: InstanceId, limit: int) -> bytes:
        return console_log.tail(self._console(instance), limit)

    def open_console(self, instance: InstanceId, kind: ConsoleKind) -> socket.socket:
        with translated("console"):
            domain = find(self._hands.get(), instance)
            if domain is None or not domain.isActive():
                status = "missing" if domain is None else "off"
                raise WrongState(LAYER, kind="instance", id=instance, status=status, action="console")
            if kind == "vnc":
                return socket.socket(fileno=domain.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH))
        return serial_line.call(self._serial(instance))

    def watch(self, callback: Callable[[InstanceId], None]) -> None:
        self._callbacks.append(callback)
        # A libvirtd that is down is met again by the caller's next observation, and listened to from then on.
        with suppress(Unavailable):
            self._eyes.get()

    # --- acting ---------------------------------------------------------------------------------

    @contextmanager
    def _acting(self, instance: InstanceId, action: str) -> Iterator[libvirt.virConnect]:
        with self._lock(instance), translated(action):
            yield self._hands.get()

    def _power_cycle(self, domain: libvirt.virDomain, instance: InstanceId) -> None:
        """By a new QEMU: 7.2's own reset, met while the firmware sets itself up, leaves a guest hanging for good."""
        self._sight.settle(domain, instance)
        # Whoever finds the domain on or off after a crash of ours knows the run, as with any start.
        self._runs.change(instance, lambda r: replace(r, starting=r.number, resets=r.resets + 1))
        with unless_off():
            domain.destroy()
        domain.create()
        serial_line.close_to_others(self._serial(instance))
        self._runs.change(instance, lambda r: started(r, r.number, self._settings.boot_id))

    def _lock(self, instance: InstanceId) -> threading.Lock:
        with self._locks_lock:
            return self._locks.setdefault(instance, threading.Lock())

    def _define(self, connection: libvirt.virConnect, machine: Machine, run: int) -> libvirt.virDomain:
        for folder in (self._settings.domain.consoles, self._settings.domain.serials):
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        return connection.defineXML(render(machine, self._settings.domain, run))

    # --- files of an instance --------------------------------------------------------------------

    def _console(self, instance: InstanceId) -> Path:
        return Path(console_path(self._settings.domain, instance))

    def _serial(self, instance: InstanceId) -> Path:
        return Path(serial_path(self._settings.domain, instance))

    # --- hearing (on libvirt's event thread) ----------------------------------------------------

    def _listen(self, connection: libvirt.virConnect) -> None:
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle, None)
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, self._on_reset, None)
        connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, self._on_let_go, None)

    def _on_lifecycle(self, _: object, domain: libvirt.virDomain, event: int, _detail: int, _context: object) -> None:
        if event in _POWER_EVENTS:
            self._tell(domain)

    def _on_let_go(self, _: object, domain: libvirt.virDomain, _device: str, _context: object) -> None:
        self._tell(domain)

    def _on_reset(self, _: object, domain: libvirt.virDomain, _context: object) -> None:
        instance = instance_of(domain.name())
        if instance is not None:
            self._runs.change(instance, lambda r: replace(r, resets=r.resets + 1))
            self._tell(domain)

    def _tell(self, domain: libvirt.virDomain) -> None:
        instance = instance_of(domain.name())
        if instance is not None:
            for callback in self._callbacks:
                callback(instance)
