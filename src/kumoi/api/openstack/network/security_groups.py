"""/v2.0/security-groups and /v2.0/security-group-rules."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag, text, text_or_none
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import security_groups
from kumoi.app.networks.security_groups import GROUPS, RULES, GroupChange, GroupRuleWish, GroupView, GroupWish, RuleView
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Invalid
from kumoi.core.groups import DEFAULT_GROUP, Direction, EtherType, RuleWish
from kumoi.core.ids import AddressGroupId, GroupId, RuleId
from kumoi.core.shares import reaches

_ETHER_TYPES: dict[str, EtherType] = {"ipv4": "IPv4", "ipv6": "IPv6"}


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    stateful: bool = True


class ChangeGroup(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    stateful: bool | UnsetType = UNSET


class NewRule(msgspec.Struct, forbid_unknown_fields=True):
    """Ports and protocols may come as numbers or as text."""

    security_group_id: Id
    direction: Direction
    ethertype: str | None = None
    protocol: str | int | None = None
    port_range_min: int | str | None = None
    port_range_max: int | str | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    remote_address_group_id: Id | None = None
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""


def _create_groups(house: House, call: Call, news: list[NewGroup]) -> list[GroupView]:
    wishes = tuple(
        GroupWish(name=n.name, project_id=owner_of(n), description=n.description, stateful=n.stateful) for n in news
    )
    return security_groups.create_groups(house, call, wishes)


def _update_group(house: House, call: Call, group_id: str, change: ChangeGroup, generation: int | None) -> GroupView:
    wanted = GroupChange(
        name=change.name, description=change.description, stateful=change.stateful, if_generation=generation
    )
    return security_groups.update_group(house, call, GroupId(group_id), wanted)


def _create_rules(house: House, call: Call, news: list[NewRule]) -> list[RuleView]:
    wishes = tuple(
        GroupRuleWish(group_id=GroupId(n.security_group_id), rule=rule_wish(n), project_id=owner_of(n)) for n in news
    )
    return security_groups.create_rules(house, call, wishes)


def rule_wish(new: Any) -> RuleWish:
    ether_type = _ETHER_TYPES.get((new.ethertype or "IPv4").lower())
    if ether_type is None:
        raise Invalid("network", field="ethertype", reason="not_in_enum", value=new.ethertype)
    return RuleWish(
        direction=new.direction,
        ether_type=ether_type,
        protocol=None if new.protocol is None else str(new.protocol),
        port_min=_port(new.port_range_min, "port_range_min"),
        port_max=_port(new.port_range_max, "port_range_max"),
        remote_cidr=new.remote_ip_prefix or None,
        remote_group_id=GroupId(new.remote_group_id) if new.remote_group_id else None,
        remote_address_group_id=AddressGroupId(new.remote_address_group_id) if new.remote_address_group_id else None,
        description=new.description,
    )


def _port(given: int | str | None, field: str) -> int | None:
    if given is None or isinstance(given, int):
        return given
    try:
        return int(given)
    except ValueError:
        raise Invalid("network", field=field, reason="wrong_type", expected="int", got="str") from None


def _render_group(view: GroupView, actor: Actor) -> Shown:
    one = view.group
    return {
        **standard(one, view.tags),
        "name": one.name,
        "stateful": one.stateful,
        "shared": reaches(view.targets, actor.project_id),
        "security_group_rules": [
            _render_rule(RuleView(rule=r, of_default=one.name == DEFAULT_GROUP), actor) for r in view.rules
        ],
    }


def _render_rule(view: RuleView, _actor: Actor) -> Shown:
    rule = view.rule
    return {
        **standard(rule),
        "security_group_id": rule.group_id,
        "direction": rule.direction,
        "ethertype": rule.ether_type,
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": rule.remote_text,
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": rule.remote_address_group_id,
        "normalized_cidr": rule.remote_cidr,
        "belongs_to_default_sg": view.of_default,
    }


GROUP = Resource(
    singular="security_group",
    path="/v2.0/security-groups",
    noun=GROUPS,
    table=Table(
        plural="security_groups",
        columns={**STANDARD_COLUMNS, "stateful": ("stateful", flag)},
        attributes=STANDARD | {"stateful", "shared", "security_group_rules"},
        render=_render_group,
    ),
    new=NewGroup,
    change=ChangeGroup,
    create=_create_groups,
    update=_update_group,
    delete=lambda house, call, group_id: security_groups.delete_group(house, call, GroupId(group_id)),
    find=security_groups.find_groups,
)
RULE = Resource(
    singular="security_group_rule",
    path="/v2.0/security-group-rules",
    noun=RULES,
    table=Table(
        plural="security_group_rules",
        columns={
            **{k: v for k, v in STANDARD_COLUMNS.items() if k != "name"},
            "security_group_id": ("group_id", text),
            "direction": ("direction", text),
            "ethertype": ("ether_type", text),
            "protocol": ("protocol", text_or_none),
            "remote_group_id": ("remote_group_id", text_or_none),
            "remote_address_group_id": ("remote_address_group_id", text_or_none),
            "remote_ip_prefix": ("remote_text", text_or_none),
        },
        attributes=(STANDARD - {"name", "tags"})
        | {
            "security_group_id",
            "direction",
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
            "remote_group_id",
            "remote_address_group_id",
            "normalized_cidr",
            "belongs_to_default_sg",
        },
        render=_render_rule,
    ),
    new=NewRule,
    create=_create_rules,
    delete=lambda house, call, rule_id: security_groups.delete_rules(house, call, (RuleId(rule_id),)),
)
