"""A running guest's disk written elsewhere as it is at one moment: QEMU's mirror, let go once it has caught up.

Not by a backup job, which would be the disk of the moment of its beginning: a libvirtd that dies meanwhile forgets what
it was about ("backup job data missing", 9.0) and never lets the machine have another one. Block jobs it finds again.
What does not belong here: locks (compute), and the file that it is written to (storage). Source: libvirt's
virDomainBlockCopy.
"""

import time
from typing import Final
from xml.etree import ElementTree

import libvirt

from kumoi.adapters.libvirt.refusals import LAYER, translated
from kumoi.core.errors import NotFound, Unavailable

_LOOK_EVERY_S: Final = 0.2
# The target is there already, as large as the disk, and QEMU's; the job ends with its run; and what the guest writes is
# written to both, so that the copy catches up however busy the guest is.
_HOW: Final = (
    libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT
    | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB
    | libvirt.VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES
)


def begin(domain: libvirt.virDomain, disk: str, target: str) -> str:
    """Returns what the disk is called in the machine. A copy that nobody waits for any more is given up first."""
    name = _name(domain, disk)
    if domain.blockJobInfo(name, 0):
        domain.blockJobAbort(name, 0)
    domain.blockCopy(name, _wish(target), {}, _HOW)
    return name


def wait(domain: libvirt.virDomain, name: str) -> None:
    """Until it is all there. Raises Unavailable (what: copy) where it ended before."""
    with translated("copy_disk"):
        while True:
            if not domain.isActive():
                raise Unavailable(LAYER, what="copy", action="copy_disk")
            now = domain.blockJobInfo(name, 0)
            if not now:
                raise Unavailable(LAYER, what="copy", action="copy_disk")
            if now["cur"] == now["end"] > 0:  # libvirt says so only once both are alike
                domain.blockJobAbort(name, 0)
                return
            time.sleep(_LOOK_EVERY_S)


def _name(domain: libvirt.virDomain, disk: str) -> str:
    """By the name that it has in the machine now: another one while it is rescued."""
    for one in ElementTree.fromstring(domain.XMLDesc()).iterfind("devices/disk"):  # noqa: S314 - libvirt's own
        source, place = one.find("source"), one.find("target")
        if source is not None and place is not None and source.get("file") == disk:
            return place.attrib["dev"]
    raise NotFound(LAYER, kind="disk", id=disk)


def _wish(target: str) -> str:
    root = ElementTree.Element("disk", type="file")
    ElementTree.SubElement(root, "driver", type="qcow2", discard="unmap")
    ElementTree.SubElement(root, "source", file=target)
    return ElementTree.tostring(root, encoding="unicode")
