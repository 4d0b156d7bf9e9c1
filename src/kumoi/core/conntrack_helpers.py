"""Conntrack helpers of routers: protocols that agree on further connections inside of what they say (FTP and its like)
are read, so that these pass translation too. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.errors import Invalid, Taken
from kumoi.core.ids import ConntrackHelperId, ProjectId, VpcId

# Those that all kernels have, by the protocols that they are spoken in.
HELPERS: Final[dict[str, frozenset[str]]] = {
    "ftp": frozenset({"tcp"}),
    "sip": frozenset({"tcp", "udp"}),
    "tftp": frozenset({"udp"}),
}
MOST_PORT: Final = 65535


class Helped(msgspec.Struct, frozen=True):
    """As a plan entry tells it."""

    helper: str
    protocol: str
    port: int


class ConntrackHelper(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent by `protocol` to `port` is read as `helper` does."""

    id: ConntrackHelperId
    project_id: ProjectId
    vpc_id: VpcId
    helper: str
    protocol: str
    port: int
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def checked(wanted: ConntrackHelper, others: Iterable[ConntrackHelper]) -> ConntrackHelper:
    """The helper, if it is one, beside the router's others. Raises Invalid, Taken."""
    if wanted.helper not in HELPERS:
        raise Invalid("network", field="helper", reason="not_in_enum", value=wanted.helper)
    if wanted.protocol not in HELPERS[wanted.helper]:
        raise Invalid("network", field="protocol", reason="not_in_enum", value=wanted.protocol)
    if not 1 <= wanted.port <= MOST_PORT:
        raise Invalid("network", field="port", reason="range", bound=f"from 1 to {MOST_PORT}", value=wanted.port)
    for other in others:
        if other.id != wanted.id and (other.protocol, other.port) == (wanted.protocol, wanted.port):
            raise Taken("network", kind="conntrack_helper", name=f"{wanted.protocol}/{wanted.port}")
    return wanted
