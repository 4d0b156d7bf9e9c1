"""One host that is only memory: machines, disks and networks that agree with one another, and break when told.

The drivers of this folder act on it as the real ones act on a kernel: a machine starts only on a disk and bridges that
exist. What a careful agent would never do (open before closed, a disk taken from under a machine) is let happen and
written down in `broken`.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec

from kumoi.contracts.clock import Clock
from kumoi.contracts.compute import Machine, MachineDisk, MachinePlug
from kumoi.contracts.guests import GuestNetwork
from kumoi.contracts.network import Filters, Segment
from kumoi.core.copies import Copied
from kumoi.core.disks import Remote, RescueDisk, RootDisk
from kumoi.core.errors import Layer, Unavailable
from kumoi.core.guest_data import GuestData
from kumoi.core.ids import ImageId, InstanceId, NetworkId, NicId, SnapshotId, VolumeId, VpcId
from kumoi.core.instances import EndedBy, SeenPower
from kumoi.core.plan import NicEntry, VpcEntry

LogIn = Callable[[Remote, VolumeId, InstanceId], None]


class Crash(BaseException):
    """The acting process dies here. No handler of errors may catch it."""


class Faults:
    """What goes wrong, by the count of acts (verbs that change the world) and by verb."""

    def __init__(self) -> None:
        self.acts = 0
        self.crash_before = 0  # the act of this number never happens; 0: none
        self.crash_after = 0  # the act of this number happens, and nobody is told
        self.failing: dict[str, int] = {}  # verb to how many times more it fails

    def crash_in(self, acts: int, *, done: bool) -> None:
        """Die at the `acts`-th act from now, before or after it is done."""
        self.crash_before = 0 if done else self.acts + acts
        self.crash_after = self.acts + acts if done else 0

    def heal(self) -> None:
        self.crash_before = self.crash_after = 0
        self.failing.clear()


class FakeMachine:
    """A defined machine. `booted_at`: before it, the guest hears no power button and its console is silent.
    `began_at`: since when its process counts what it uses. `plugged`: the nics in it while it runs, by tap; `disks`:
    the volumes, also while it is suspended.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.power: SeenPower = "off"
        self.run = 0
        self.ended_by: EndedBy = ""
        self.resets = 0
        self.began_at = 0.0
        self.booted_at = 0.0
        self.stop_asked = False
        self.plugged: dict[str, MachinePlug] = {}
        self.disks: dict[VolumeId, MachineDisk] = {}
        self.interrupts = 0
        self.passwords: dict[str, str] = {}
        self.printed = bytearray()  # on the serial line, after the boot's own lines
        self.serial_taken = threading.Lock()
        self.consoles: set[socket.socket] = set()


class FakeVolume:
    """`content` stands for all that is written on it. `frozen`: how often it was; each time it goes on elsewhere.
    `depth`: how often since it stood alone, that too. `number`: of its content."""

    def __init__(self, pool: str, size_gib: int, content: bytes, depth: int = 1, number: int = 0) -> None:
        self.number = number
        self.pool = pool
        self.size_gib = size_gib
        self.content = content
        self.frozen = 0
        self.depth = depth


class FakeSnapshot(msgspec.Struct, frozen=True):
    pool: str
    volume_id: VolumeId
    size_gib: int
    content: bytes
    depth: int = 1


def hang_up(one: FakeMachine) -> None:
    """Its consoles end, as with the process behind them."""
    for console in one.consoles:
        with suppress(OSError):
            console.shutdown(socket.SHUT_RDWR)


class World:
    """`boot_s`: how long a guest takes to boot. `stubborn`: guests that obey no button; `clinging`: those that let
    go of no nic and no volume. `meanwhile` is told the verb of an act and may do what happens at the same time. Safe
    for threads.
    """

    def __init__(self, clock: Clock, boot_id: str = "boot-1", boot_s: float = 0.0) -> None:
        self.clock = clock
        self.boot_id = boot_id
        self.boot_s = boot_s
        self.lock = threading.RLock()
        self.faults = Faults()
        self.broken: list[str] = []
        self.starts: list[tuple[InstanceId, int]] = []
        self.stubborn: set[InstanceId] = set()
        self.clinging: set[InstanceId] = set()
        self.machines: dict[InstanceId, FakeMachine] = {}
        self.foreign: list[str] = []
        self.layers: dict[str, int] = {}
        self.roots: dict[InstanceId, RootDisk] = {}
        self.rescues: dict[InstanceId, RescueDisk] = {}
        self.written: dict[InstanceId, bytes] = {}  # what a guest wrote at the beginning of its disk
        self.copies: dict[ImageId, tuple[Copied, bytes]] = {}
        self.volumes: dict[VolumeId, FakeVolume] = {}
        self.snapshots: dict[SnapshotId, FakeSnapshot] = {}
        self.drives: dict[InstanceId, dict[str, bytes]] = {}
        self.segments: dict[NetworkId, Segment] = {}
        self.filters: Filters | None = None
        self.nics: dict[NicId, NicEntry] = {}
        self.vpcs: dict[VpcId, VpcEntry] = {}
        self.networks: tuple[GuestNetwork, ...] = ()
        self.advertised: tuple[VpcEntry, ...] = ()
        self.guests: dict[InstanceId, GuestData] = {}
        self.watchers: list[Callable[[InstanceId], None]] = []
        self.log_in: LogIn | None = None  # to other hosts' volumes; None: this host reaches none
        self.physical: set[str] | None = None  # the physical networks that this host has; None: any
        self.meanwhile: Callable[[str], None] | None = None

    @contextmanager
    def act(self, verb: str, layer: Layer) -> Iterator[None]:
        """Around every change: this is where faults strike."""
        with self.lock:
            self.faults.acts += 1
            number = self.faults.acts
            if number == self.faults.crash_before:
                raise Crash(verb)
            if self.faults.failing.get(verb, 0) > 0:
                self.faults.failing[verb] -= 1
                raise Unavailable(layer, what=verb)
            if self.meanwhile is not None:
                self.meanwhile(verb)
            yield
            if number == self.faults.crash_after:
                raise Crash(verb)

    def guests_of(self, volume: VolumeId) -> list[FakeMachine]:
        """The machines that have the volume now."""
        return [one for one in self.machines.values() if volume in one.disks]

    def running(self) -> set[InstanceId]:
        return {i for i, one in self.machines.items() if one.power == "running"}

    # --- what guests, people and hardware do by themselves -------------------------------------

    def kill(self, instance: InstanceId) -> None:
        """The guest's process dies."""
        self.end(instance, "crash")

    def guest_powers_off(self, instance: InstanceId) -> None:
        """From within: the guest's own shutdown."""
        self.end(instance, "guest")

    def end(self, instance: InstanceId, by: EndedBy) -> None:
        with self.lock:
            one = self.machines.get(instance)
            if one is None or one.power == "off":
                return
            one.power, one.ended_by, one.stop_asked = "off", by, False
            one.plugged.clear()
            one.disks.clear()
            hang_up(one)
        for watcher in self.watchers:
            watcher(instance)

    def lose(self, instance: InstanceId) -> None:
        """Somebody undefines the machine behind our back; its disk stays."""
        with self.lock:
            self.machines.pop(instance, None)

    def lose_filters(self) -> None:
        """Somebody flushes the rules, and leaves the devices."""
        with self.lock:
            self.nics.clear()
            self.filters = None

    def lose_networks(self) -> None:
        """Somebody flushes all that was drawn."""
        with self.lock:
            self.segments.clear()
            self.vpcs.clear()
            self.lose_filters()

    def reboot(self, boot_id: str) -> None:
        """The host goes down and comes up: disks and definitions stay, everything else is gone."""
        with self.lock:
            self.boot_id = boot_id
            for one in self.machines.values():
                if one.power in {"running", "paused"}:
                    one.power, one.ended_by, one.stop_asked = "off", "host", False
                    one.plugged.clear()
                    one.disks.clear()
                    hang_up(one)
            self.lose_networks()
            self.networks, self.advertised, self.guests = (), (), {}
            self.watchers.clear()
