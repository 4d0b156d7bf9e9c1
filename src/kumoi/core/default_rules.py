"""What new security groups allow: templates, which the provider may change. What was made of them stays as it is."""

from typing import Final

import msgspec
from msgspec.structs import replace

from kumoi.core.groups import DEFAULT_GROUP, Direction, EtherType, RuleWish, SecurityGroup
from kumoi.core.ids import AddressGroupId, DefaultRuleId, GroupId, ProjectId

ITSELF: Final = GroupId("PARENT")


class DefaultRule(msgspec.Struct, frozen=True, kw_only=True):
    """Like a rule; the remote group ITSELF is the group that is made. `in_default`: for projects' default groups,
    `in_others`: for all other ones."""

    id: DefaultRuleId
    direction: Direction
    ether_type: EtherType = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_group_id: GroupId | None = None
    remote_address_group_id: AddressGroupId | None = None
    in_default: bool = False
    in_others: bool = True
    description: str = ""
    generation: int = 1
    created_at: float = 0.0
    updated_at: float = 0.0

    @property
    def project_id(self) -> ProjectId:
        """Nobody's."""
        return ProjectId("")


def wish_of(template: DefaultRule) -> RuleWish:
    """The rule that it stands for; without its description, which is the template's own."""
    return RuleWish(
        direction=template.direction,
        ether_type=template.ether_type,
        protocol=template.protocol,
        port_min=template.port_min,
        port_max=template.port_max,
        remote_cidr=template.remote_cidr,
        remote_group_id=template.remote_group_id,
        remote_address_group_id=template.remote_address_group_id,
    )


def rules_for(group: SecurityGroup, templates: list[DefaultRule]) -> tuple[RuleWish, ...]:
    """What a new group is to allow."""
    is_default = group.name == DEFAULT_GROUP
    chosen = (t for t in templates if (t.in_default if is_default else t.in_others))
    wishes = (wish_of(t) for t in chosen)
    return tuple(replace(w, remote_group_id=group.id) if w.remote_group_id == ITSELF else w for w in wishes)
