"""Networks, nics, routers and filters on one host."""

from typing import Protocol

import msgspec

from kumoi.core.ids import GroupId, NetworkId, NicId, VpcId
from kumoi.core.pictures import Picture, Scope
from kumoi.core.plan import GroupEntry, MemberEntry, NetworkEntry, NicEntry, SubnetEntry, VpcEntry


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A local nic that is the tagged frames of another one's tap."""

    nic_id: NicId
    parent: NicId
    vlan: int


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A network with its subnets and all its nics, as it should stand on this host.

    `local` are the nics whose instances run here; the others matter for forwarding and names. `carried`: those of them
    that come by a trunk whose own nic is in a guest now.
    """

    network: NetworkEntry
    subnets: tuple[SubnetEntry, ...]
    nics: tuple[NicEntry, ...]
    local: frozenset[NicId]
    carried: tuple[Carried, ...] = ()


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The security groups in use on this host with their members wherever these are."""

    groups: tuple[GroupEntry, ...]
    members: tuple[MemberEntry, ...]


class SeenNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """What of ours stands in the kernel."""

    segments: frozenset[NetworkId]
    nics: frozenset[NicId]
    vpcs: frozenset[VpcId]
    groups: frozenset[GroupId]
    strays: tuple[str, ...] = ()


class Network(Protocol):
    """Each `ensure_*` makes the kernel say exactly this, changing only what differs; removal of what is absent is
    harmless.

    `ensure_filters` and `ensure_segment` come before a machine starts (closed before open), removal after it is gone.
    Raises core errors with layer `network`.
    """

    def bridge(self, network: NetworkEntry) -> str:
        """The name of the bridge to which taps of this network belong (pure)."""
        ...

    def ensure_segment(self, segment: Segment) -> None: ...
    def remove_segment(self, network: NetworkId) -> None: ...
    def ensure_filters(self, filters: Filters, nics: tuple[NicEntry, ...]) -> None:
        """Anti-spoofing and groups for exactly these local nics; flows that are no longer allowed are cut."""
        ...

    def ensure_vpc(self, vpc: VpcEntry) -> None: ...
    def remove_vpc(self, vpc: VpcId) -> None: ...
    def observe(self) -> SeenNetwork: ...
    def picture(self, scope: Scope) -> Picture:
        """What stands of these things and around them, told as it is: nothing is repaired, absent things are left out.
        `powers` are others' to say."""
        ...
