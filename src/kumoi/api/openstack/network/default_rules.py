"""/v2.0/default-security-group-rules: what new security groups allow."""

import msgspec

from kumoi.api.openstack.network.bodies import Description, Id
from kumoi.api.openstack.network.listing import Shown, Table, flag, text, text_or_none
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, standard
from kumoi.api.openstack.network.security_groups import rule_wish
from kumoi.app.house import House
from kumoi.app.networks import default_rules
from kumoi.app.networks.default_rules import DEFAULT_RULES, DefaultRuleWish
from kumoi.core.call import Actor, Call
from kumoi.core.default_rules import DefaultRule
from kumoi.core.errors import Unsupported
from kumoi.core.groups import Direction
from kumoi.core.ids import DefaultRuleId


class New(msgspec.Struct, forbid_unknown_fields=True):
    """`remote_group_id` PARENT: the group that is made."""

    direction: Direction
    ethertype: str | None = None
    protocol: str | int | None = None
    port_range_min: int | str | None = None
    port_range_max: int | str | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    remote_address_group_id: Id | None = None
    used_in_default_sg: bool = False
    used_in_non_default_sg: bool = True
    description: Description = ""


def _create(house: House, call: Call, news: list[New]) -> list[DefaultRule]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of default security group rules")
    new = news[0]
    wish = DefaultRuleWish(
        rule=rule_wish(new),
        in_default=new.used_in_default_sg,
        in_others=new.used_in_non_default_sg,
        description=new.description,
    )
    return [default_rules.create_default_rule(house, call, wish)]


def _render(rule: DefaultRule, _actor: Actor) -> Shown:
    shown = {k: v for k, v in standard(rule).items() if k not in {"project_id", "tenant_id"}}
    return {
        **shown,
        "direction": rule.direction,
        "ethertype": rule.ether_type,
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": rule.remote_cidr,
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": rule.remote_address_group_id,
        "used_in_default_sg": rule.in_default,
        "used_in_non_default_sg": rule.in_others,
    }


RESOURCE = Resource(
    singular="default_security_group_rule",
    path="/v2.0/default-security-group-rules",
    noun=DEFAULT_RULES,
    table=Table(
        plural="default_security_group_rules",
        columns={
            **{k: v for k, v in STANDARD_COLUMNS.items() if k in {"id", "description", "revision_number"}},
            "direction": ("direction", text),
            "ethertype": ("ether_type", text),
            "protocol": ("protocol", text_or_none),
            "remote_group_id": ("remote_group_id", text_or_none),
            "used_in_default_sg": ("in_default", flag),
            "used_in_non_default_sg": ("in_others", flag),
        },
        attributes=(STANDARD - {"name", "tags", "project_id", "tenant_id"})
        | {
            "direction",
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
            "remote_group_id",
            "remote_address_group_id",
            "used_in_default_sg",
            "used_in_non_default_sg",
        },
        render=_render,
    ),
    new=New,
    create=_create,
    delete=lambda house, call, rule_id: default_rules.delete_default_rule(house, call, DefaultRuleId(rule_id)),
)
