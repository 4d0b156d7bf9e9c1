"""A domain found by the instance behind it, and what is said of one that is not there, off, or written by us.

What does not belong here: what is done to a domain (compute), and what is concluded of its run (sight).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import libvirt

from kumoi.adapters.libvirt.domain_xml import NAMESPACE, Stamp, read_stamp
from kumoi.adapters.libvirt.refusals import LAYER, is_absent, is_wrong_state
from kumoi.core.errors import WrongState
from kumoi.core.ids import InstanceId

PAUSED: Final = frozenset({libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED})


def find(connection: libvirt.virConnect, instance: InstanceId) -> libvirt.virDomain | None:
    try:
        return connection.lookupByUUIDString(instance)
    except libvirt.libvirtError as error:
        if is_absent(error):
            return None
        raise


def running(connection: libvirt.virConnect, instance: InstanceId, action: str) -> libvirt.virDomain:
    """Raises WrongState where nothing runs."""
    domain = find(connection, instance)
    if domain is None or not domain.isActive():
        status = "missing" if domain is None else "off"
        raise WrongState(LAYER, kind="instance", id=instance, status=status, action=action)
    return domain


def stamp_of(domain: libvirt.virDomain) -> Stamp | None:
    """What we wrote into its definition; None for one that is not ours."""
    try:
        text = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise
    return read_stamp(text)


@contextmanager
def unless_off() -> Iterator[None]:
    """The domain may end by itself while we ask it to."""
    try:
        yield
    except libvirt.libvirtError as error:
        if not is_wrong_state(error):
            raise
