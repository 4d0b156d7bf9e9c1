"""Port forwardings: ports of a public address that lead to ports of nics, so that many can share the address. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kumoi.core.errors import InUse, Invalid
from kumoi.core.ids import NicId, PortForwardingId, ProjectId, PublicAddressId

PROTOCOLS: Final[tuple[str, ...]] = ("tcp", "udp")
# Ports that keep their numbers are one rule at the host; others are one element each.
MOST_SHIFTED: Final = 256
MOST_PORT: Final = 65535


class Ports(msgspec.Struct, frozen=True):
    """First and last, both included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def meets(self, other: "Ports") -> bool:
        return self.first <= other.last and other.first <= self.last


class PortForwarding(msgspec.Struct, frozen=True, kw_only=True):
    """`outer` ports of the public address lead to the `inner` ones of an address of the nic, in order."""

    id: PortForwardingId
    project_id: ProjectId
    public_id: PublicAddressId
    nic_id: NicId
    address: str
    protocol: str
    outer: Ports
    inner: Ports
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


def checked(wanted: PortForwarding, others: Iterable[PortForwarding]) -> PortForwarding:
    """The forwarding, if it is possible beside the others of its address. Raises Invalid, InUse."""
    if wanted.protocol not in PROTOCOLS:
        raise Invalid("network", field="protocol", reason="not_in_enum", value=wanted.protocol)
    for field, ports in (("outer", wanted.outer), ("inner", wanted.inner)):
        if not 1 <= ports.first <= ports.last <= MOST_PORT:
            raise Invalid("network", field=field, reason="port_value", value=f"{ports.first}:{ports.last}")
    if len(wanted.outer) != len(wanted.inner):
        raise Invalid("network", field="inner", reason="unlike_ranges")
    if wanted.outer != wanted.inner and len(wanted.outer) > MOST_SHIFTED:
        raise Invalid("network", field="inner", reason="too_many", most=MOST_SHIFTED)
    for other in others:
        if other.id == wanted.id or other.protocol != wanted.protocol:
            continue
        same_target = (other.nic_id, other.address) == (wanted.nic_id, wanted.address)
        if other.outer.meets(wanted.outer) or (same_target and other.inner.meets(wanted.inner)):
            kind = "port_forwarding"
            raise InUse("network", kind="forwarded_port", id=wanted.public_id, by_kind=kind, by_id=other.id)
    return wanted
