"""Volumes of running machines: put in, asked back, made larger, and frozen with the guest going on elsewhere.

A volume goes out when the guest says so, as a nic does (`nics`). What does not belong here: volumes of machines that
are off (`domain_xml`), and the files behind the handles (storage). Source: libvirt's formatdomain, formatsnapshot.
"""

import re
import time
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree

import libvirt

from kumoi.adapters.libvirt.domain_xml import DomainSettings, disk_alias, volume_disk
from kumoi.adapters.libvirt.refusals import LAYER, is_asked_already, translated
from kumoi.contracts.compute import MachineDisk
from kumoi.core.errors import NotFound
from kumoi.core.ids import VolumeId

_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE
_CONFIG: Final = libvirt.VIR_DOMAIN_AFFECT_CONFIG
_KINDS: Final = ((_CONFIG, libvirt.VIR_DOMAIN_XML_INACTIVE), (_LIVE, 0))
_ALIASES: Final = re.compile(rf"<alias name='{disk_alias(VolumeId(''))}([0-9a-f-]{{36}})'/>")
_GIB: Final = 1 << 30
_LOOK_EVERY_S: Final = 0.2
# The files are there already, made by storage; all of them or none; and libvirt keeps no books of it.
_FREEZE: Final = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
)


def volumes(domain: libvirt.virDomain, flags: int = 0) -> frozenset[VolumeId]:
    """Those that it has: now, or (VIR_DOMAIN_XML_INACTIVE) when it goes on."""
    return frozenset(VolumeId(found) for found in _ALIASES.findall(domain.XMLDesc(flags)))


def attach(domain: libvirt.virDomain, disk: MachineDisk, settings: DomainSettings) -> None:
    """Harmless where it is in."""
    text = ElementTree.tostring(volume_disk(disk, settings), encoding="unicode")
    for which, flags in _KINDS:
        if disk.volume_id not in volumes(domain, flags):
            domain.attachDeviceFlags(text, which)


def detach(domain: libvirt.virDomain, volume: VolumeId) -> None:
    """Ask, and do not wait. Harmless where it is out, or is asked for."""
    for which, flags in _KINDS:
        if volume in volumes(domain, flags):
            try:
                domain.detachDeviceAlias(disk_alias(volume), which)
            except libvirt.libvirtError as error:
                # Else the guest has just let go of it.
                if volume in volumes(domain, flags) and not is_asked_already(error):
                    raise


def resize(domain: libvirt.virDomain, volume: VolumeId, size_gib: int) -> None:
    domain.blockResize(_target(_disk(domain, volume)), size_gib * _GIB, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)


def begin_flattening(domain: libvirt.virDomain, volume: VolumeId) -> str:
    """Returns what the disk is called in the machine. One that goes on already, from an agent that died, goes on."""
    name = _target(_disk(domain, volume))
    if not domain.blockJobInfo(name, 0):
        domain.blockPull(name, 0, 0)
    return name


def wait(domain: libvirt.virDomain, name: str) -> None:
    """Until nothing is done to this disk any more, well or not: what became of it can be seen in its file."""
    with translated("flatten_disk"):
        while domain.isActive() and domain.blockJobInfo(name, 0):
            time.sleep(_LOOK_EVERY_S)


def freeze(domain: libvirt.virDomain, handles: Mapping[VolumeId, str]) -> None:
    """At one moment; what goes on as its handle already is left alone."""
    wanted: dict[str, str] = {}
    for volume, handle in handles.items():
        disk = _disk(domain, volume)
        source = disk.find("source")
        if source is None or source.get("file") != handle:
            wanted[_target(disk)] = handle
    if wanted:
        domain.snapshotCreateXML(_moment(domain, wanted), _FREEZE)


def _moment(domain: libvirt.virDomain, wanted: Mapping[str, str]) -> str:
    root = ElementTree.Element("domainsnapshot")
    disks = ElementTree.SubElement(root, "disks")
    for target in _now(domain).iterfind("devices/disk/target"):
        name = target.attrib["dev"]
        if name not in wanted:
            ElementTree.SubElement(disks, "disk", name=name, snapshot="no")
            continue
        disk = ElementTree.SubElement(disks, "disk", name=name, snapshot="external", type="file")
        ElementTree.SubElement(disk, "driver", type="qcow2")
        ElementTree.SubElement(disk, "source", file=wanted[name])
    return ElementTree.tostring(root, encoding="unicode")


def _disk(domain: libvirt.virDomain, volume: VolumeId) -> ElementTree.Element:
    for one in _now(domain).iterfind("devices/disk"):
        alias = one.find("alias")
        if alias is not None and alias.get("name") == disk_alias(volume):
            return one
    raise NotFound(LAYER, kind="volume", id=volume)


def _target(disk: ElementTree.Element) -> str:
    return next(disk.iter("target")).attrib["dev"]


def _now(domain: libvirt.virDomain) -> ElementTree.Element:
    return ElementTree.fromstring(domain.XMLDesc())  # noqa: S314 - libvirt's own
