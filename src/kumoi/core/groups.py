"""Security groups and their rules; stateful, default deny, members referable by group."""

from typing import Literal

import msgspec

from kumoi.core.ids import AddressGroupId, GroupId, ProjectId, RuleId

Direction = Literal["ingress", "egress"]
EtherType = Literal["IPv4", "IPv6"]
DEFAULT_GROUP = "default"


class SecurityGroup(msgspec.Struct, frozen=True, kw_only=True):
    id: GroupId
    project_id: ProjectId
    name: str
    description: str = ""
    stateful: bool = True
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0
    deleted_at: float | None = None


class SecurityRule(msgspec.Struct, frozen=True, kw_only=True):
    """`protocol`: a name (tcp, udp, icmp, ipv6-icmp…) or number text, None for any. For ICMP the ports are type
    and code.

    At most one of `remote_cidr`, `remote_group_id`, `remote_address_group_id` is set; none means anywhere.
    `remote_text`: the block as it was spelled.
    """

    id: RuleId
    group_id: GroupId
    project_id: ProjectId
    direction: Direction
    ether_type: EtherType = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_text: str | None = None
    remote_group_id: GroupId | None = None
    remote_address_group_id: AddressGroupId | None = None
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0


class RuleWish(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as asked for, unchecked; `core.group_rules.checked` makes it canonical."""

    direction: Direction
    ether_type: EtherType = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_text: str | None = None
    remote_group_id: GroupId | None = None
    remote_address_group_id: AddressGroupId | None = None
    description: str = ""
