"""What the agent in a guest is asked for, by the channel that every domain has."""

from typing import Final

import libvirt

from kumoi.adapters.libvirt.refusals import LAYER, is_wrong_state
from kumoi.core.errors import Invalid, WrongState
from kumoi.core.ids import InstanceId

ANSWER_WITHIN_S: Final = 8
_SILENT: Final = frozenset({libvirt.VIR_ERR_AGENT_UNRESPONSIVE, libvirt.VIR_ERR_AGENT_UNSYNCED})
_REFUSED: Final = frozenset({libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_OPERATION_FAILED})


def set_password(domain: libvirt.virDomain, instance: InstanceId, user: str, password: str) -> None:
    """Raises WrongState (kind: guest_agent) where none answers, Invalid where it refuses."""
    domain.agentSetResponseTimeout(ANSWER_WITHIN_S)
    try:
        domain.setUserPassword(user, password)
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        if code in _SILENT or is_wrong_state(error):  # also who stands still
            status = {"kind": "guest_agent", "id": instance, "status": "silent"}
            raise WrongState(LAYER, **status, action="set_password") from error
        if code in _REFUSED:
            raise Invalid(LAYER, field="password", reason="guest_refuses", user=user) from error
        raise
