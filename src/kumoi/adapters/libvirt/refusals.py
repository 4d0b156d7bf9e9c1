"""libvirt's errors as the core's. What does not belong here: deciding which of them an operation may swallow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import libvirt

from kumoi.core.errors import KumoiError, Unavailable, Unsupported

LAYER: Final = "compute"
# The connection, not the machine: whoever holds it must open another one.
_LOST_CODES: Final = frozenset({libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_INVALID_CONN, libvirt.VIR_ERR_RPC})
_LOST_DOMAINS: Final = frozenset({libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE})
_BUSY_CODES: Final = frozenset({libvirt.VIR_ERR_OPERATION_TIMEOUT, libvirt.VIR_ERR_RESOURCE_BUSY})
_IMPOSSIBLE_CODES: Final = frozenset(
    {libvirt.VIR_ERR_CONFIG_UNSUPPORTED, libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_XML_ERROR}
)


def is_absent(error: libvirt.libvirtError) -> bool:
    """Whether libvirt says that there is no such domain."""
    return bool(error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN)


def is_wrong_state(error: libvirt.libvirtError) -> bool:
    """Whether the domain is already where the caller wanted it, or not where the operation needs it."""
    return bool(error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID)


def is_asked_already(error: libvirt.libvirtError) -> bool:
    """Whether QEMU says that the guest was asked for this device a moment ago."""
    return "process of unplug" in (error.get_error_message() or "")


def refusal(error: libvirt.libvirtError, action: str) -> KumoiError:
    """Facts: what, action, detail (libvirt's own message), libvirt_code."""
    code = error.get_error_code()
    facts = {"action": action, "detail": error.get_error_message() or str(error), "libvirt_code": code}
    # A lost connection is an internal or a system error of the RPC layer; the code alone does not tell.
    if code in _LOST_CODES or code is None or error.get_error_domain() in _LOST_DOMAINS:
        return Unavailable(LAYER, what="libvirtd", **facts)
    if code in _IMPOSSIBLE_CODES:
        return Unsupported(LAYER, what="machine", **facts)
    return Unavailable(LAYER, what="machine_busy" if code in _BUSY_CODES else "machine", **facts)


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Whatever libvirt, or our own record files, raise inside comes out as a core error."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise refusal(error, action) from error
    except OSError as error:
        raise Unavailable(LAYER, what="host_files", action=action, detail=str(error)) from error
