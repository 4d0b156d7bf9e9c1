"""Resource classes: what can be counted and held. Standard ones are the field's own (those of os-resource-classes);
operators add theirs, which begin with CUSTOM_.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

CUSTOM: Final = re.compile(r"CUSTOM_[A-Z0-9_]+")
STANDARD: Final = (
    "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD",
    "NUMA_MEMORY_MB", "IPV4_ADDRESS", "VGPU", "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
)  # fmt: skip
# What hosts have, and what their counters call it; every other class is counted under its own name.
COUNTED: Final = {
    "VCPU": "vcpus",
    "MEMORY_MB": "memory_mib",
    "DISK_GB": "disk_gib",
    "NET_BW_EGR_KILOBIT_PER_SEC": "egress_kbps",
    "NET_BW_IGR_KILOBIT_PER_SEC": "ingress_kbps",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC": "kpps",
}
_CLASSES: Final = {resource: name for name, resource in COUNTED.items()}


class ResourceClass(msgspec.Struct, frozen=True, kw_only=True):
    """One that was made here; `id` is its name."""

    id: str
    created_at: float = 0.0


def in_order(names: Iterable[str]) -> list[str]:
    """The standard ones first, as they stand."""
    return sorted(names, key=lambda name: (STANDARD.index(name) if name in STANDARD else len(STANDARD), name))


def resource_of(name: str) -> str:
    """What a host's counter of this class is called."""
    return COUNTED.get(name, name)


def class_of(resource: str) -> str:
    return _CLASSES.get(resource, resource)
