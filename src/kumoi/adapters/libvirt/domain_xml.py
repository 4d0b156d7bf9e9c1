"""A machine as libvirt's XML: pure, the same text for the same machine.

What belongs here: every word of the domain. What does not: talking to libvirt (compute), where folders are (the
settings that come in). Source: libvirt's formatdomain; reasons for the less obvious words stand beside them.
"""

import hashlib
from typing import Final, Literal
from xml.etree import ElementTree

import msgspec

from kumoi.contracts.compute import Machine, MachineDisk, MachinePlug
from kumoi.core.devices import nic_place, serial_of, volume_place
from kumoi.core.disks import Remote
from kumoi.core.ids import InstanceId, VolumeId, is_uuid

Accelerator = Literal["kvm", "tcg"]
NAMESPACE: Final = "urn:kumoi:domain:1"
METADATA_KEY: Final = "kumoi"
_NAME_PREFIX: Final = "kumoi-"
_SMALL_MIB: Final = 256
_BALLOON_PERIOD_S: Final = 10  # as often as guests are sampled
# Volumes have buses of their own, which are there before any of them: bus 0 is full of nics. The bridges' own places
# come before the nics'.
_BRIDGES: Final = 1
_FIRST_BRIDGE_SLOT: Final = 15
_FIRST_VOLUME_LETTER: Final = 2  # vda and vdb are the root disk and what it is rescued from

Element = ElementTree.Element


class DomainSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What this host adds to every machine. Paths are those that libvirtd and QEMU see.

    `emulator` is written into each domain and outlives upgrades of ours: choose it once. `consoles` is the folder of
    the serial logs, `serials` that of the serial lines' sockets, closed to everybody but us. `disk_cache` is libvirt's
    cache mode for root disks.
    """

    accelerator: Accelerator
    emulator: str
    consoles: str
    serials: str
    disk_cache: Literal["none", "writeback"] = "none"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain's metadata says: `run` is the run it was defined for, `digest` that of the text without the run."""

    run: int
    digest: str


def domain_name(instance: InstanceId) -> str:
    return _NAME_PREFIX + instance


def instance_of(name: str) -> InstanceId | None:
    """The instance behind a domain name; None for a stranger's domain."""
    rest = name.removeprefix(_NAME_PREFIX)
    return InstanceId(rest) if rest != name and is_uuid(rest) else None


def console_path(settings: DomainSettings, instance: InstanceId) -> str:
    return f"{settings.consoles}/{instance}.log"


def serial_path(settings: DomainSettings, instance: InstanceId) -> str:
    return f"{settings.serials}/{instance}"


def digest(machine: Machine, settings: DomainSettings) -> str:
    """What a definition is compared by: two machines with one digest have one XML, the run number aside."""
    return hashlib.sha256(ElementTree.tostring(_domain(machine, settings))).hexdigest()[:32]


def render(machine: Machine, settings: DomainSettings, run: int) -> str:
    """The whole domain, stamped with the run number."""
    root = _domain(machine, settings)
    stamp = {"id": machine.id, "run": str(run), "digest": digest(machine, settings)}
    root.append(_e("metadata", _e(f"{{{NAMESPACE}}}instance", **stamp)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def interface(plug: MachinePlug) -> str:
    """One nic alone, as it is put into a running machine."""
    return ElementTree.tostring(_interface(plug), encoding="unicode")


def alias_of(tap: str) -> str:
    """How libvirt and QEMU call the nic behind this tap; `ua-` is for names that are the user's."""
    return f"ua-{tap}"


def disk_alias(volume: VolumeId) -> str:
    """How libvirt and QEMU call the disk of this volume."""
    return f"ua-volume-{volume}"


def volume_disk(disk: MachineDisk, settings: DomainSettings, *, boots: bool = False) -> Element:
    """A volume; alone, as it is put into a running machine. Its target's name is libvirt's affair: guests name disks in
    the order in which they find them."""
    bus, slot = volume_place(disk.slot)
    place = _e("address", type="pci", bus=str(bus), slot=str(slot))
    more = [_e("readonly")] if disk.read_only else []
    more += [_e("serial", text=serial_of(disk.volume_id)), _e("alias", name=disk_alias(disk.volume_id)), place]
    name = device_name(_FIRST_VOLUME_LETTER + disk.slot)
    if disk.remote is None:
        found = _disk(disk.handle, name, settings, boots=boots)
    else:
        found = _remote_disk(disk.volume_id, disk.remote, name, settings, boots=boots)
    found.extend(more)
    return found


def device_name(number: int) -> str:
    """`vda`, `vdb` … `vdz`, `vdaa`."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("a") + letter) + name
    return f"vd{name}"


def read_stamp(metadata: str) -> Stamp | None:
    """The stamp out of libvirt's metadata element; None where the text is none of ours."""
    try:
        found = ElementTree.fromstring(metadata)  # noqa: S314 - libvirt's own serialisation of what we wrote
        return Stamp(run=int(found.attrib["run"]), digest=found.attrib["digest"])
    except (ElementTree.ParseError, KeyError, ValueError):
        return None


def _domain(machine: Machine, settings: DomainSettings) -> Element:
    return _e(
        "domain",
        _e("name", text=domain_name(machine.id)),
        _e("uuid", text=machine.id),
        _e("title", text="".join(c for c in machine.name if c.isprintable()) or machine.id),
        _e("memory", unit="MiB", text=str(machine.memory_mib)),
        _e("vcpu", placement="static", text=str(machine.vcpus)),
        _sysinfo(machine),
        _e("os", _e("type", arch="x86_64", machine="pc", text="hvm"), _e("smbios", mode="sysinfo")),
        _features(machine, settings),
        _cpu(machine, settings),
        _clock(settings),
        _e("on_poweroff", text="destroy"),
        _e("on_reboot", text="restart"),
        _e("on_crash", text="destroy"),
        _devices(machine, settings),
        type="kvm" if settings.accelerator == "kvm" else "qemu",
    )


def _sysinfo(machine: Machine) -> Element:
    # cloud-init's ds-identify asks the metadata service only where DMI says this very product.
    entries = {"manufacturer": "Kumoi", "product": "OpenStack Nova", "serial": machine.id, "uuid": machine.id}
    return _e("sysinfo", _e("system", *(_e("entry", name=k, text=v) for k, v in entries.items())), type="smbios")


def _features(machine: Machine, settings: DomainSettings) -> Element:
    features = _e("features", _e("acpi"), _e("apic"))
    if settings.accelerator == "tcg":
        # QEMU's own default is 1 GiB of translated code, whatever the guest's size.
        size_mib = 32 if machine.memory_mib <= _SMALL_MIB else 128
        features.append(_e("tcg", _e("tb-cache", unit="MiB", text=str(size_mib))))
    return features


def _cpu(machine: Machine, settings: DomainSettings) -> Element:
    topology = _e("topology", sockets="1", cores=str(machine.vcpus), threads="1")
    # `maximum` has RDRAND, so that the guest's generator is ready at once.
    return _e("cpu", topology, mode="host-model" if settings.accelerator == "kvm" else "maximum")


def _clock(settings: DomainSettings) -> Element:
    clock = _e("clock", offset="utc")
    if settings.accelerator == "kvm":
        clock.append(_e("timer", name="rtc", tickpolicy="catchup"))
        clock.append(_e("timer", name="pit", tickpolicy="delay"))
    # Emulated, it is the one clock that needs no calibration against a busy host.
    clock.append(_e("timer", name="hpet", present="no" if settings.accelerator == "kvm" else "yes"))
    return clock


def _devices(machine: Machine, settings: DomainSettings) -> Element:
    drives = _disks(machine, settings)
    if machine.config_drive:
        drives.append(_config_drive(machine))
    return _e(
        "devices",
        _e("emulator", text=settings.emulator),
        *drives,
        # Without a USB controller an idle guest costs less; nothing here is a USB device.
        _e("controller", type="usb", model="none"),
        *(_bridge(number) for number in range(_BRIDGES)),
        *(_interface(plug) for plug in machine.plugs),
        # libvirtd binds the socket and QEMU is handed it: its uid need not reach the path. The log is QEMU's, with or
        # without anybody on the line.
        _e(
            "serial",
            _e("source", mode="bind", path=serial_path(settings, machine.id)),
            _e("log", file=console_path(settings, machine.id), append="on"),
            _e("target", type="isa-serial", port="0"),
            type="unix",
        ),
        _e("channel", _e("target", type="virtio", name="org.qemu.guest_agent.0"), type="unix"),
        # It listens nowhere: who shall see the screen is handed to QEMU as a descriptor.
        _e("graphics", _e("listen", type="none"), type="vnc"),
        _e("video", _e("model", type="vga")),
        # Says where the pointer is, not how far it moved; guests without a driver for it keep to the PS/2 mouse.
        _e("input", type="tablet", bus="virtio"),
        _e("rng", _e("backend", model="random", text="/dev/urandom"), model="virtio"),
        _e("memballoon", _e("stats", period=str(_BALLOON_PERIOD_S)), model="virtio", freePageReporting="on"),
    )


def _disks(machine: Machine, settings: DomainSettings) -> list[Element]:
    """Its own, what it is rescued from (then that one is booted, and is the first unless told otherwise), volumes."""
    boots = not machine.rescue
    volumes = [volume_disk(one, settings, boots=boots and one.boot) for one in machine.volumes]
    own, other = ("vda", "vdb") if boots or machine.rescue_stable else ("vdb", "vda")
    found = [_disk(machine.disk, own, settings, boots=boots)] if machine.disk else []
    if machine.rescue:
        rescue = _disk(machine.rescue, other, settings, boots=True)
        found = [*found, rescue] if machine.rescue_stable else [rescue, *found]
    return [*found, *volumes]


def _disk(path: str, device: str, settings: DomainSettings, *, boots: bool) -> Element:
    return _e(
        "disk",
        _e("driver", name="qemu", type="qcow2", cache=settings.disk_cache, discard="unmap"),
        _e("source", file=path),
        _e("target", dev=device, bus="virtio"),
        *([_e("boot", order="1")] if boots else []),
        type="file",
        device="disk",
    )


def _remote_disk(volume: VolumeId, remote: Remote, device: str, settings: DomainSettings, *, boots: bool) -> Element:
    """Reached by QEMU itself, with no kernel's help; the secret is libvirtd's, by the volume's id (`remotes`)."""
    address, _, port = remote.portal.rpartition(":")
    source = _e(
        "source",
        _e("host", name=address.strip("[]"), port=port),
        _e("auth", _e("secret", type="iscsi", uuid=volume), username=remote.user),
        _e("initiator", _e("iqn", name=remote.initiator)),
        protocol="iscsi",
        name=f"{remote.target}/{remote.lun}",
    )
    return _e(
        "disk",
        _e("driver", name="qemu", type="raw", cache=settings.disk_cache, discard="unmap"),
        source,
        _e("target", dev=device, bus="virtio"),
        *([_e("boot", order="1")] if boots else []),
        type="network",
        device="disk",
    )


def _bridge(number: int) -> Element:
    place = _e("address", type="pci", bus="0", slot=str(_FIRST_BRIDGE_SLOT - number))
    return _e("controller", place, type="pci", index=str(1 + number), model="pci-bridge")


def _config_drive(machine: Machine) -> Element:
    # IDE, since `pc` has it without more and Debian's cloud kernel knows no AHCI.
    return _e(
        "disk",
        _e("driver", name="qemu", type="raw"),
        _e("source", file=machine.config_drive),
        _e("target", dev="hda", bus="ide"),
        _e("readonly"),
        type="file",
        device="cdrom",
    )


def _interface(plug: MachinePlug) -> Element:
    bus, slot = nic_place(plug.slot)
    return _e(
        "interface",
        _e("mac", address=plug.mac),
        _e("source", bridge=plug.bridge),
        _e("target", dev=plug.tap),
        _e("model", type="virtio"),
        _e("driver", name="qemu"),  # there need be no vhost on this kernel
        _e("mtu", size=str(plug.mtu)),
        _e("alias", name=alias_of(plug.tap)),
        _e("address", type="pci", bus=str(bus), slot=str(slot)),
        type="bridge",
    )


def _e(tag: str, /, *children: Element, text: str | None = None, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.text = text
    element.extend(children)
    return element


ElementTree.register_namespace(METADATA_KEY, NAMESPACE)
