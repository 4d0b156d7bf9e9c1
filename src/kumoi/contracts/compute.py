"""Virtual machines on one host."""

from collections.abc import Callable, Mapping
from socket import socket
from typing import Protocol

import msgspec

from kumoi.core.consoles import ConsoleKind
from kumoi.core.disks import Remote
from kumoi.core.ids import InstanceId, NicId, VolumeId
from kumoi.core.instances import EndedBy, SeenPower


class MachinePlug(msgspec.Struct, frozen=True, kw_only=True):
    """A nic as the hypervisor needs it: the tap is made by the hypervisor with this name on this bridge.

    `slot`, from 0 to MOST_NICS - 1, is its place in the machine: the guest finds it there again after every start.
    """

    nic_id: NicId
    mac: str
    tap: str
    bridge: str
    mtu: int
    slot: int = 0


class MachineDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A volume as the hypervisor needs it, by the storage driver's handle (opaque text) or, where another host keeps
    it, by the way there. Its serial in the guest is the first 20 letters of its id. `slot` is its place in the machine;
    `boot`: booted from it."""

    volume_id: VolumeId
    handle: str
    slot: int
    read_only: bool = False
    boot: bool = False
    remote: Remote | None = None


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """All that a driver needs to run one. `disk`, `config_drive` and `rescue` are the storage driver's handles (opaque
    texts). With a `rescue` it is booted from that one; `rescue_stable`: its own disk stays the first one. Without a
    `disk` it is booted from one of its `volumes`."""

    id: InstanceId
    name: str
    vcpus: int
    memory_mib: int
    disk: str
    plugs: tuple[MachinePlug, ...]
    config_drive: str = ""
    rescue: str = ""
    rescue_stable: bool = False
    volumes: tuple[MachineDisk, ...] = ()


class SeenMachine(msgspec.Struct, frozen=True, kw_only=True):
    """`run` is the run number given to `start`; `ended_by` how it ended when power is off.

    `resets` rises whenever the guest begins anew within a run, whoever reset it: so a soft reset is seen to be done.
    `taps`: the nics in it while it runs, also those that the guest was asked to let go of and has not; `volumes`: the
    same of its volumes, and those that it goes on with when it is suspended.
    """

    id: InstanceId
    power: SeenPower
    run: int = 0
    ended_by: EndedBy = ""
    pid: int = 0
    resets: int = 0
    taps: frozenset[str] = frozenset()
    volumes: frozenset[VolumeId] = frozenset()


class Compute(Protocol):
    """`ensure` defines; `start`, `stop`, `reset` act on the power; `remove` leaves nothing. All harmless twice.

    Raises core errors with layer `compute`. `observe` tells all machines of this cloud on this host, and strays by
    name.
    """

    accelerator: str

    def ensure(self, machine: Machine) -> None: ...
    def start(self, machine: Machine, run: int) -> None: ...
    def stop(self, instance: InstanceId, *, hard: bool) -> None:
        """Soft: press the power button and return; hard: cut the power now. The caller holds the deadline."""
        ...

    def reset(self, instance: InstanceId, *, hard: bool) -> None:
        """Soft: ask the guest to begin anew, and return; hard: begin anew now. WrongState where nothing runs."""
        ...

    def pause(self, instance: InstanceId) -> None:
        """It stands still in memory. Its run goes on. WrongState where nothing runs."""
        ...

    def resume(self, instance: InstanceId) -> None:
        """What was paused goes on. WrongState where nothing runs."""
        ...

    def suspend(self, instance: InstanceId) -> None:
        """Its memory is written to disk and let go of. Its run goes on with the next `start`; a hard stop ends it.

        Harmless where it is suspended already; WrongState where nothing runs.
        """
        ...

    def copy_disk(self, instance: InstanceId, disk: str, target: str) -> None:
        """A disk of a running machine as it is at one moment, soon, written to the target, an empty disk of its size;
        returns when it is all there. The guest goes on. WrongState where nothing runs; Unavailable where it ended
        before the copy did. What was left unfinished before is given up first.
        """
        ...

    def attach_nic(self, instance: InstanceId, plug: MachinePlug) -> None:
        """Put it into a running machine, and into what it is started with. WrongState where nothing runs."""
        ...

    def detach_nic(self, instance: InstanceId, tap: str) -> None:
        """Ask the guest to let go of it, and return; `observe` tells when it has. Harmless where nothing runs."""
        ...

    def attach_disk(self, instance: InstanceId, disk: MachineDisk) -> None:
        """As `attach_nic`."""
        ...

    def detach_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        """As `detach_nic`."""
        ...

    def resize_disk(self, instance: InstanceId, volume: VolumeId, size_gib: int) -> None:
        """Make it larger; the guest is told. WrongState where nothing runs, NotFound where it is not in there."""
        ...

    def freeze_disks(self, instance: InstanceId, handles: Mapping[VolumeId, str]) -> None:
        """At one moment these volumes go on as these handles, which stand on what they were: that is not written any
        more. Harmless where they do already; raises as `resize_disk`."""
        ...

    def flatten_disk(self, instance: InstanceId, volume: VolumeId) -> None:
        """What it stands on is written into it, while the guest goes on; returns when that is done."""
        ...

    def interrupt(self, instance: InstanceId) -> None:
        """One that cannot be masked: most guests write down their memory and begin anew. WrongState where nothing
        runs."""
        ...

    def set_password(self, instance: InstanceId, user: str, password: str) -> None:
        """By the agent in the guest. WrongState where nothing runs, or (kind: guest_agent) nobody in there answers;
        Invalid for a user that it has not."""
        ...

    def remove(self, instance: InstanceId) -> None: ...
    def observe(self) -> tuple[list[SeenMachine], list[str]]: ...
    def console(self, instance: InstanceId, limit: int) -> bytes:
        """The last `limit` bytes of the serial console's log; empty when there is none."""
        ...

    def open_console(self, instance: InstanceId, kind: ConsoleKind) -> socket:
        """A stream to the guest's serial line or, in RFB, to its screen; it ends when the guest's power does.

        Any number may look at a screen. A serial line has one user: a second one is served when the first has gone.
        What the guest writes stands in the console's log whoever is there. WrongState where nothing runs.
        """
        ...

    def watch(self, callback: Callable[[InstanceId], None]) -> None:
        """Call back, from any thread, when an instance's power changes by itself, or its guest let go of something."""
        ...
