"""Machines of a fake world."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from msgspec.structs import replace

from kumoi.adapters.fake.screen import FakeScreen
from kumoi.adapters.fake.serial import FakeShell
from kumoi.adapters.fake.world import FakeMachine, World, hang_up
from kumoi.contracts.compute import Machine, MachineDisk, MachinePlug, SeenMachine
from kumoi.core.consoles import ConsoleKind
from kumoi.core.errors import NotFound, Unavailable, WrongState
from kumoi.core.ids import InstanceId, VolumeId


class FakeCompute:
    """See `contracts.compute.Compute`. A guest that obeys its power button says it ended itself, as real ones may."""

    accelerator = "fake"

    def __init__(self, world: World) -> None:
        self._world = world

    def ensure(self, machine: Machine) -> None:
        with self._world.act("ensure_machine", "compute"):
            known = self._world.machines.get(machine.id)
            if known is None:
                self._world.machines[machine.id] = FakeMachine(machine)
            else:
                known.machine = machine

    def start(self, machine: Machine, run: int) -> None:
        with self._world.act("start", "compute"):
            one = self._world.machines.get(machine.id)
            if one is None:
                raise NotFound("compute", kind="machine", id=machine.id)
            if one.power in {"running", "paused"}:
                one.run = max(run, one.run)
                return
            self._check(machine)
            if one.power == "suspended":
                one.power, one.run = "running", max(run, one.run)
                one.plugged = {plug.tap: plug for plug in one.machine.plugs}
                return
            one.power, one.run, one.ended_by, one.stop_asked = "running", run, "", False
            one.began_at = self._world.clock.now()
            one.booted_at = one.began_at + self._world.boot_s
            one.plugged = {plug.tap: plug for plug in machine.plugs}
            one.disks = {disk.volume_id: disk for disk in machine.volumes}
            one.printed.clear()
            self._world.starts.append((machine.id, run))

    def stop(self, instance: InstanceId, *, hard: bool) -> None:
        with self._world.act("cut" if hard else "press", "compute"):
            one = self._world.machines.get(instance)
            if one is None or one.power == "off":
                return
            if hard:
                self._world.end(instance, "plan")
            elif self._hears(one):
                self._world.end(instance, "guest")

    def reset(self, instance: InstanceId, *, hard: bool) -> None:
        with self._world.act("reset" if hard else "press_reset", "compute"):
            one = self._world.machines.get(instance)
            one = _up(one, instance, "reset")
            if hard or self._hears(one):
                one.resets += 1
                one.printed.clear()
                if hard:
                    hang_up(one)
                one.booted_at = self._world.clock.now() + self._world.boot_s

    def pause(self, instance: InstanceId) -> None:
        with self._world.act("pause", "compute"):
            _up(self._world.machines.get(instance), instance, "pause").power = "paused"

    def resume(self, instance: InstanceId) -> None:
        with self._world.act("resume", "compute"):
            _up(self._world.machines.get(instance), instance, "resume").power = "running"

    def suspend(self, instance: InstanceId) -> None:
        with self._world.act("suspend", "compute"):
            one = self._world.machines.get(instance)
            if one is not None and one.power == "suspended":
                return
            one = _up(one, instance, "suspend")
            one.power = "suspended"
            one.plugged.clear()
            hang_up(one)

    def copy_disk(self, instance: InstanceId, disk: str, target: str) -> None:
        with self._world.act("copy_disk", "compute"):
            one = _up(self._world.machines.get(instance), instance, "copy_disk")
            if disk not in {one.machine.disk, one.machine.rescue} or not target:
                raise Unavailable("compute", what=disk)

    def attach_nic(self, instance: InstanceId, plug: MachinePlug) -> None:
        with self._world.act("attach_nic", "compute"):
            one = self._world.machines.get(instance)
            one = _up(one, instance, "attach_nic")
            if plug.tap in one.plugged:
                return
            self._check_plug(instance, plug)
            if plug.slot in {other.slot for other in one.plugged.values()}:
                raise Unavailable("compute", what="slot", slot=plug.slot)
            one.plugged[plug.tap] = plug
            one.machine = replace(one.machine, plugs=(*_without(one.machine, plug.tap), plug))

    def detach_nic(self, instance: InstanceId, tap: str) -> None:
        with self._world.act("detach_nic", "compute"):
            one = self._world.machines.get(instance)
            if one is None:
                return
            one.machine = replace(one.machine, plugs=_without(one.machine, tap))
            if instance not in self._world.clinging and self._world.clock.now() >= one.booted_at:
                one.plugged.pop(tap, None)

    def attach_disk(self, instance: InstanceId, disk: MachineDisk) -> None:
        with self._world.act("attach_disk", "compute"):
            one = _up(self._world.machines.get(instance), instance, "attach_disk")
            if disk.volume_id in one.disks:
                return
            self._check_disk(instance, disk)
            if disk.slot in {other.slot for other in one.disks.values()}:
                raise Unavailable("compute", what="slot", slot=disk.slot)
            one.disks[disk.volume_id] = disk

    def detach_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        with self._world.act("detach_disk", "compute"):
            one = self._world.machines.get(instance)
            hears = one is not None and one.power == "running" and self._world.clock.now() >= one.booted_at
            if one is not None and hears and instance not in self._world.clinging:
                one.disks.pop(volume, None)

    def resize_disk(self, instance: InstanceId, volume: VolumeId, size_gib: int) -> None:
        with self._world.act("resize_disk", "compute"):
            self._disk(instance, volume, "resize_disk")
            known = self._world.volumes[volume]
            known.size_gib = max(size_gib, known.size_gib)

    def freeze_disks(self, instance: InstanceId, handles: Mapping[VolumeId, str]) -> None:
        with self._world.act("freeze_disks", "compute"):
            found = {volume: self._disk(instance, volume, "freeze_disks") for volume in handles}
            disks = _up(self._world.machines.get(instance), instance, "freeze_disks").disks
            disks.update({volume: replace(disk, handle=handles[volume]) for volume, disk in found.items()})

    def flatten_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        with self._world.act("flatten_disk", "compute"):
            self._disk(instance, volume, "flatten_disk")

    def interrupt(self, instance: InstanceId) -> None:
        with self._world.act("interrupt", "compute"):
            _up(self._world.machines.get(instance), instance, "interrupt").interrupts += 1

    def set_password(self, instance: InstanceId, user: str, password: str) -> None:
        with self._world.act("set_password", "compute"):
            one = _up(self._world.machines.get(instance), instance, "set_password")
            if not self._hears(one):
                raise WrongState("compute", kind="guest_agent", id=instance, status="silent", action="set_password")
            one.passwords[user] = password

    def remove(self, instance: InstanceId) -> None:
        with self._world.act("remove_machine", "compute"):
            one = self._world.machines.pop(instance, None)
            if one is not None:
                hang_up(one)

    def observe(self) -> tuple[list[SeenMachine], list[str]]:
        with self._world.lock:
            return [_seen(one) for one in self._world.machines.values()], list(self._world.foreign)

    def console(self, instance: InstanceId, limit: int) -> bytes:
        with self._world.lock:
            one = self._world.machines.get(instance)
            if one is None or one.power == "off" or self._world.clock.now() < one.booted_at:
                return b""
            text = f"kumoi: a simulated guest, run {one.run}\n\n{one.machine.name} login: "
            return (text.encode() + one.printed)[-limit:]

    def open_console(self, instance: InstanceId, kind: ConsoleKind) -> socket.socket:
        with self._world.act("open_console", "compute"):
            one = self._world.machines.get(instance)
            one = _up(one, instance, "console")
            ours, guests = socket.socketpair()
            one.consoles.add(guests)
        serve = self._serve_screen if kind == "vnc" else self._serve_line
        threading.Thread(target=serve, args=(one, guests), name=f"fake-{kind}", daemon=True).start()
        return ours

    def watch(self, callback: Callable[[InstanceId], None]) -> None:
        self._world.watchers.append(callback)

    def _serve_screen(self, one: FakeMachine, viewer: socket.socket) -> None:
        with self._served(one, viewer):
            FakeScreen(viewer, one.machine.name).serve()

    def _serve_line(self, one: FakeMachine, user: socket.socket) -> None:
        with one.serial_taken, self._served(one, user), suppress(OSError):
            shell = FakeShell(one.machine.name)
            while typed := user.recv(4096):
                printed = shell.feed(typed)
                with self._world.lock:
                    one.printed += printed
                user.sendall(printed)

    @contextmanager
    def _served(self, one: FakeMachine, console: socket.socket) -> Iterator[None]:
        try:
            yield
        finally:
            with self._world.lock:
                one.consoles.discard(console)
            console.close()

    def _hears(self, one: FakeMachine) -> bool:
        if one.power != "running":
            return False
        return one.machine.id not in self._world.stubborn and self._world.clock.now() >= one.booted_at

    def _check(self, machine: Machine) -> None:
        """What a hypervisor would trip over, and what it would not notice but must not be."""
        world = self._world
        if bool(machine.rescue) != (machine.id in world.rescues):
            raise Unavailable("compute", what="rescue")
        boots = machine.disk or any(disk.boot for disk in machine.volumes)
        if not boots or (machine.disk and (machine.id not in world.roots or machine.disk != disk_handle(machine.id))):
            raise Unavailable("compute", what=machine.disk or "disk")
        for disk in machine.volumes:
            self._check_disk(machine.id, disk)
        for plug in machine.plugs:
            self._check_plug(machine.id, plug)

    def _disk(self, instance: InstanceId, volume: VolumeId, action: str) -> MachineDisk:
        found = _up(self._world.machines.get(instance), instance, action).disks.get(volume)
        if found is None:
            raise NotFound("compute", kind="volume", id=volume)
        return found

    def _check_disk(self, instance: InstanceId, disk: MachineDisk) -> None:
        if disk.remote is not None:
            if self._world.log_in is None:
                raise Unavailable("compute", what="initiator")
            self._world.log_in(disk.remote, disk.volume_id, instance)
            return
        known = self._world.volumes.get(disk.volume_id)
        if known is None or disk.handle != volume_handle(disk.volume_id, known.frozen):
            raise Unavailable("compute", what=disk.handle)
        if any(one.machine.id != instance for one in self._world.guests_of(disk.volume_id)):
            self._world.broken.append(f"{instance} was given the volume {disk.volume_id}, which another guest has")

    def _check_plug(self, instance: InstanceId, plug: MachinePlug) -> None:
        world = self._world
        if plug.bridge not in {bridge_name(s.network.vni) for s in world.segments.values()}:
            raise Unavailable("compute", what=plug.bridge)
        if any(plug.tap in one.plugged for i, one in world.machines.items() if i != instance):
            raise Unavailable("compute", what=plug.tap)
        if plug.nic_id not in world.nics:
            world.broken.append(f"{instance} was given its nic {plug.nic_id} before that was filtered")


def bridge_name(vni: int) -> str:
    return f"brk-{vni:x}"


def volume_handle(volume: VolumeId, frozen: int) -> str:
    return f"fake-volume:{volume}:{frozen}"


def disk_handle(instance: InstanceId) -> str:
    return f"fake:{instance}"


def _up(one: FakeMachine | None, instance: InstanceId, action: str) -> FakeMachine:
    """Raises WrongState where nothing runs."""
    if one is None or one.power not in {"running", "paused"}:
        status = "missing" if one is None else one.power
        raise WrongState("compute", kind="instance", id=instance, status=status, action=action)
    return one


def _seen(one: FakeMachine) -> SeenMachine:
    return SeenMachine(
        id=one.machine.id,
        power=one.power,
        run=one.run,
        ended_by=one.ended_by,
        pid=1 if one.power in {"running", "paused"} else 0,
        resets=one.resets,
        taps=frozenset(one.plugged),
        volumes=frozenset(one.disks),
    )


def _without(machine: Machine, tap: str) -> tuple[MachinePlug, ...]:
    return tuple(plug for plug in machine.plugs if plug.tap != tap)
