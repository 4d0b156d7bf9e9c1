"""What the compute suite needs of a driver's world, and libvirt's answer; another driver adds a rig of its own."""

import hashlib
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import libvirt
from msgspec.structs import replace
from tests.contract.compute.sandbox import BRIDGE, Sandbox, wait_for

from kumoi.adapters.fake.compute import FakeCompute, bridge_name, disk_handle
from kumoi.adapters.fake.gauges import FakeGauges
from kumoi.adapters.fake.storage import FakeStorage
from kumoi.adapters.fake.volumes import FakeVolumePool
from kumoi.adapters.fake.world import World
from kumoi.adapters.libvirt.compute import ComputeSettings, LibvirtCompute
from kumoi.adapters.libvirt.domain_xml import DomainSettings, domain_name
from kumoi.adapters.libvirt.gauges import LibvirtGauges
from kumoi.adapters.storage import image_headers
from kumoi.adapters.storage.files import FileStorage
from kumoi.adapters.storage.layers import reader
from kumoi.adapters.storage.qemu_img import Owner
from kumoi.adapters.storage.volume_files import FileVolumePool
from kumoi.adapters.system import SystemClock
from kumoi.contracts.compute import Compute, Machine, MachineDisk, MachinePlug, SeenMachine
from kumoi.contracts.gauges import Gauges
from kumoi.contracts.network import Segment
from kumoi.contracts.storage import Fetch, Storage
from kumoi.contracts.volumes import VolumePool
from kumoi.core.disks import LayerRef, RescueDisk, RootDisk, VolumeEntry
from kumoi.core.ids import InstanceId, LayerId, NetworkId, NicId, VolumeId
from kumoi.core.nics import tap_name
from kumoi.core.plan import NetworkEntry, NicEntry
from kumoi.ops.image.build import TinyImage

QEMU = Owner(uid=47000, gid=47000)
NET = NetworkEntry(id=NetworkId("net"), vni=7, mtu=1450)


class Rig(Protocol):
    """`compute` and `gauges` are the drivers under test, `storage` and `pool` are what they stand on; the rest is what
    the world does to them from outside."""

    compute: Compute
    gauges: Gauges
    storage: Storage
    pool: VolumePool

    def machine(self) -> Machine:
        """A new one whose disk is there; nothing is defined yet."""
        ...

    def rescued(self, machine: Machine) -> Machine:
        """The same, started from another disk."""
        ...

    def plug(self, slot: int) -> MachinePlug:
        """A nic that is in no machine yet, on a network that stands."""
        ...

    def disk(self, slot: int) -> MachineDisk:
        """A new volume of one GiB that is in no machine yet."""
        ...

    def reopen(self, *, new_ground: bool = False) -> None:
        """`compute` is made anew, as by a new process; on `new_ground` everything that ran has died with its host."""
        ...

    def wait_up(self, instance: InstanceId) -> None:
        """Until the guest's system has booted once more."""
        ...

    def power_off_inside(self, instance: InstanceId) -> None: ...
    def kill(self, instance: InstanceId) -> None: ...
    def stranger(self) -> str:
        """Something in the hypervisor that is none of ours; its name."""
        ...


def seen(rig: Rig, instance: InstanceId) -> SeenMachine | None:
    machines, _ = rig.compute.observe()
    return next((m for m in machines if m.id == instance), None)


class FakeRig:
    """Machines in memory, which boot at once."""

    def __init__(self) -> None:
        self.world = World(SystemClock())
        self._nics: dict[NicId, NicEntry] = {}
        self.compute: Compute = FakeCompute(self.world)
        self.gauges: Gauges = FakeGauges(self.world)
        self.storage: Storage = FakeStorage(self.world)
        self.pool: VolumePool = FakeVolumePool(self.world)

    def machine(self) -> Machine:
        instance = InstanceId(str(uuid.uuid4()))
        self.world.roots[instance] = RootDisk(layers=(), size_gib=1)
        return Machine(
            id=instance, name="guest", vcpus=1, memory_mib=128, disk=disk_handle(instance), plugs=(self.plug(0),)
        )  # fmt: skip

    def rescued(self, machine: Machine) -> Machine:
        self.world.rescues[machine.id] = RescueDisk(layers=())
        return replace(machine, rescue=f"{disk_handle(machine.id)}:rescue")

    def plug(self, slot: int) -> MachinePlug:
        nic = NicEntry(
            id=NicId(str(uuid.uuid4())), network_id=NET.id, mac=f"52:54:00:00:00:{slot + 1:02x}", mark=1 + slot,
            fixed_ips=(), group_ids=(), port_security=False, admin_up=True,
        )  # fmt: skip
        self._nics[nic.id] = nic
        self._draw()
        bridge = bridge_name(NET.vni)
        return MachinePlug(nic_id=nic.id, mac=nic.mac, tap=tap_name(nic.id), bridge=bridge, mtu=NET.mtu, slot=slot)

    def disk(self, slot: int) -> MachineDisk:
        return new_disk(self.pool, slot)

    def reopen(self, *, new_ground: bool = False) -> None:
        if new_ground:
            self.world.reboot("ground-2")
            self._draw()
        self.compute = FakeCompute(self.world)

    def _draw(self) -> None:
        """The network that its machines are plugged into."""
        nics = self._nics
        self.world.segments[NET.id] = Segment(network=NET, subnets=(), nics=(*nics.values(),), local=frozenset(nics))
        self.world.nics.update(nics)

    def wait_up(self, instance: InstanceId) -> None:
        assert self.compute.console(instance, 1)

    def power_off_inside(self, instance: InstanceId) -> None:
        self.world.guest_powers_off(instance)

    def kill(self, instance: InstanceId) -> None:
        self.world.kill(instance)

    def stranger(self) -> str:
        self.world.foreign.append("someone-elses")
        return "someone-elses"


class LibvirtRig:
    """Real guests in a sandbox, which a session's tests share; each has a rig of its own."""

    def __init__(self, box: Sandbox, image: TinyImage) -> None:
        self.box = box
        self.boot_id = "ground-1"
        self.storage: Storage = FileStorage(box.folder / "guests", QEMU)
        self.pool = FileVolumePool(box.folder / "guests/volumes", self.storage.layers, QEMU)
        self.layer = layer_of(image.disk)
        self._image = image
        self._boots: dict[InstanceId, int] = {}
        self.compute: Compute = self._open()
        self.gauges: Gauges = LibvirtGauges(box.uri)

    def _open(self) -> LibvirtCompute:
        folder = self.box.folder
        return LibvirtCompute(
            ComputeSettings(
                uri=self.box.uri,
                domain=DomainSettings(
                    accelerator="tcg",
                    emulator="/run/bin/qemu-system-x86_64",
                    consoles=f"{folder}/consoles",
                    serials=f"{folder}/serials",
                ),
                boot_id=self.boot_id,
                records=folder / "records",
                pid_files=folder / "run/libvirt/qemu",
                logs=folder / "log/qemu",
            )
        )

    def machine(self, script: bytes = b"") -> Machine:
        """`script` is run by the guest, as root, at its first boot."""
        instance = InstanceId(str(uuid.uuid4()))
        about = {"openstack/latest/meta_data.json": b'{"uuid": "%s"}' % instance.encode()}
        if script:
            about["openstack/latest/user_data"] = script
        self.storage.ensure_layer(self.layer, self.fetch)
        return Machine(
            id=instance,
            name=f"guest <{instance[:4]}> & co",
            vcpus=1,
            memory_mib=128,
            disk=self.storage.ensure_root(instance, RootDisk(layers=(self.layer,), size_gib=1)),
            config_drive=self.storage.ensure_config_drive(instance, about),
            plugs=(self.plug(0),),
        )

    def fetch(self, _: str) -> Iterator[bytes]:
        yield self._image.disk.read_bytes()

    def disk(self, slot: int, layers: tuple[LayerRef, ...] = ()) -> MachineDisk:
        return new_disk(self.pool, slot, layers, self.fetch)

    def content(self, volume: VolumeId) -> bytes:
        """The first bytes of a volume that no guest has."""
        shown = self.box.folder / "shown"
        command = ["qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=512", "count=1", f"of={shown}"]
        subprocess.run([*command, f"if={self.pool.handle(volume)}"], check=True, capture_output=True)
        return shown.read_bytes()

    def rescued(self, machine: Machine) -> Machine:
        """Its own disk is not bootable any more."""
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", machine.disk, "1M"], check=True)
        os.chown(machine.disk, QEMU.uid, QEMU.gid)
        rescue = self.storage.ensure_rescue(machine.id, RescueDisk(layers=(self.layer,)))
        return replace(machine, rescue=rescue)

    def plug(self, slot: int) -> MachinePlug:
        nic = NicId(str(uuid.uuid4()))
        mac = f"52:54:00:00:00:{slot + 1:02x}"
        return MachinePlug(nic_id=nic, mac=mac, tap=tap_name(nic), bridge=BRIDGE, mtu=1450, slot=slot)

    def reopen(self, *, new_ground: bool = False) -> None:
        if new_ground:
            self.box.kill_libvirtd()
            for file in (self.box.folder / "run/libvirt/qemu").glob("kumoi-*.pid"):
                os.kill(int(file.read_text()), signal.SIGKILL)
            self.box.start_libvirtd()
            self.boot_id += "+"
        self.compute = self._open()

    def wait_up(self, instance: InstanceId) -> None:
        wanted = self._boots.get(instance, 0) + 1
        wait_for(lambda: self.compute.console(instance, 1 << 20).count(b" booted") >= wanted)
        self._boots[instance] = wanted

    def power_off_inside(self, instance: InstanceId) -> None:
        # To QEMU and to us the button pressed by a stranger is the guest's own wish.
        connection = libvirt.open(self.box.uri)
        connection.lookupByUUIDString(instance).shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)

    def kill(self, instance: InstanceId) -> None:
        os.kill(self.pid(instance), signal.SIGKILL)

    def wait_for_monitor(self, instance: InstanceId) -> None:
        """Until libvirtd has spoken to this QEMU."""
        libvirt.open(self.box.uri).lookupByUUIDString(instance).blockStats("vda")

    def pid(self, instance: InstanceId) -> int:
        return int((self.box.folder / f"run/libvirt/qemu/{domain_name(instance)}.pid").read_text())

    def stranger(self) -> str:
        xml = "<domain type='qemu'><name>someone-elses</name><memory>65536</memory><os><type>hvm</type></os></domain>"
        libvirt.open(self.box.uri).defineXML(xml)
        return "someone-elses"

    def close(self) -> None:
        connection = libvirt.open(self.box.uri)
        for domain in connection.listAllDomains():
            if domain.isActive():
                domain.destroy()
            domain.undefine()


def nothing(_: str) -> Iterator[bytes]:
    yield from ()


def new_disk(pool: VolumePool, slot: int, layers: tuple[LayerRef, ...] = (), fetch: Fetch = nothing) -> MachineDisk:
    volume = VolumeId(str(uuid.uuid4()))
    pool.ensure_volume(VolumeEntry(id=volume, pool="files", size_gib=1, layers=layers), fetch)
    return MachineDisk(volume_id=volume, handle=pool.handle(volume), slot=slot)


def layer_of(disk: Path) -> LayerRef:
    data = disk.read_bytes()
    with disk.open("rb") as file:
        virtual = image_headers.virtual_bytes_of_qcow2(reader(file.fileno()), len(data))
    return LayerRef(
        id=LayerId(str(uuid.uuid4())),
        sha256=hashlib.sha256(data).hexdigest(),
        format="qcow2",
        size_bytes=len(data),
        virtual_bytes=virtual,
    )
