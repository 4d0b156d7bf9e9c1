"""The secrets by which guests show themselves to other hosts' portals: in libvirtd's memory alone, one a volume.

libvirtd forgets them when it restarts, and needs them whenever a disk is opened: so they are told before each time.
What does not belong here: the disks (domain_xml). Source: libvirt's formatsecret.
"""

from collections.abc import Iterable
from xml.etree import ElementTree

import libvirt

from kumoi.contracts.compute import MachineDisk
from kumoi.core.ids import VolumeId


def tell(connection: libvirt.virConnect, disks: Iterable[MachineDisk]) -> None:
    for disk in disks:
        if disk.remote is not None:
            root = ElementTree.Element("secret", ephemeral="yes", private="yes")
            ElementTree.SubElement(root, "uuid").text = disk.volume_id
            usage = ElementTree.SubElement(root, "usage", type="iscsi")
            ElementTree.SubElement(usage, "target").text = disk.remote.target
            secret = connection.secretDefineXML(ElementTree.tostring(root, encoding="unicode"), 0)
            secret.setValue(disk.remote.secret.encode(), 0)


def forget(connection: libvirt.virConnect, volume: VolumeId) -> None:
    """Harmless where none was told."""
    try:
        connection.secretLookupByUUIDString(volume).undefine()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SECRET:
            raise
