"""Nics of running machines: put in, and asked back. Both for now and for the next start.

A nic goes out when the guest says so: the request is sent and libvirt tells later, by an event and by its absence.
What does not belong here: nics of machines that are off (`domain_xml`).
"""

from collections.abc import Mapping
from typing import Any, Final

import libvirt

from kumoi.adapters.libvirt.domain_xml import alias_of, interface
from kumoi.adapters.libvirt.refusals import is_asked_already
from kumoi.contracts.compute import MachinePlug

_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE
_CONFIG: Final = libvirt.VIR_DOMAIN_AFFECT_CONFIG
_KINDS: Final = ((_CONFIG, libvirt.VIR_DOMAIN_XML_INACTIVE), (_LIVE, 0))


def attach(domain: libvirt.virDomain, plug: MachinePlug) -> None:
    """Harmless where it is in."""
    for which, flags in _KINDS:
        if not _has(domain, plug.tap, flags):
            domain.attachDeviceFlags(interface(plug), which)


def detach(domain: libvirt.virDomain, tap: str) -> None:
    """Ask, and do not wait. Harmless where it is out, or is asked for."""
    for which, flags in _KINDS:
        if _has(domain, tap, flags):
            try:
                domain.detachDeviceAlias(alias_of(tap), which)
            except libvirt.libvirtError as error:
                # Else the guest has just let go of it.
                if _has(domain, tap, flags) and not is_asked_already(error):
                    raise


def _has(domain: libvirt.virDomain, tap: str, flags: int) -> bool:
    return f"'{alias_of(tap)}'" in domain.XMLDesc(flags)


def taps(stats: Mapping[str, Any]) -> frozenset[str]:
    """By the statistics of a domain's interfaces."""
    return frozenset(str(stats[f"net.{number}.name"]) for number in range(stats.get("net.count", 0)))
