"""/v2.0/metering: labels and their rules."""

from typing import Any

import msgspec

from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag, text, text_or_none
from kumoi.api.openstack.network.resources import Project, Resource, owner_of
from kumoi.app.house import House
from kumoi.app.networks import metering
from kumoi.app.networks.metering import LABELS, RULES, LabelWish, MeteringWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.groups import Direction
from kumoi.core.ids import MeteringLabelId, MeteringRuleId
from kumoi.core.metering import MeteringLabel, MeteringRule


class NewLabel(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = ""
    description: Description = ""
    shared: bool = False
    project_id: Project = ""
    tenant_id: Project = ""


class NewRule(msgspec.Struct, forbid_unknown_fields=True):
    metering_label_id: Id
    direction: Direction = "ingress"
    excluded: bool = False
    remote_ip_prefix: str | None = None
    source_ip_prefix: str | None = None
    destination_ip_prefix: str | None = None
    project_id: Project = ""
    tenant_id: Project = ""


def _one(news: list[Any], what: str) -> Any:
    if len(news) != 1:
        raise Unsupported("network", what=f"bulk creation of {what}")
    return news[0]


def _create_label(house: House, call: Call, news: list[NewLabel]) -> list[MeteringLabel]:
    new = _one(news, "metering labels")
    wish = LabelWish(name=new.name, description=new.description, shared=new.shared, project_id=owner_of(new))
    return [metering.create_label(house, call, wish)]


def _create_rule(house: House, call: Call, news: list[NewRule]) -> list[MeteringRule]:
    new = _one(news, "metering label rules")
    wish = MeteringWish(
        label_id=MeteringLabelId(new.metering_label_id),
        direction=new.direction,
        source=new.source_ip_prefix,
        destination=new.destination_ip_prefix,
        near=new.remote_ip_prefix,
        excluded=new.excluded,
    )
    return [metering.create_rule(house, call, wish)]


def _render_label(label: MeteringLabel, _actor: Actor) -> Shown:
    return {
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "shared": label.shared,
        "project_id": label.project_id,
        "tenant_id": label.project_id,
    }


def _render_rule(rule: MeteringRule, _actor: Actor) -> Shown:
    return {
        "id": rule.id,
        "metering_label_id": rule.label_id,
        "direction": rule.direction,
        "excluded": rule.excluded,
        "remote_ip_prefix": rule.near,
        "source_ip_prefix": rule.source,
        "destination_ip_prefix": rule.destination,
    }


LABEL = Resource(
    singular="metering_label",
    path="/v2.0/metering/metering-labels",
    noun=LABELS,
    table=Table(
        plural="metering_labels",
        columns={
            "id": ("id", text),
            "name": ("name", text),
            "description": ("description", text),
            "shared": ("shared", flag),
            "project_id": ("project_id", text),
            "tenant_id": ("project_id", text),
        },
        attributes=frozenset({"id", "name", "description", "shared", "project_id", "tenant_id"}),
        render=_render_label,
    ),
    new=NewLabel,
    create=_create_label,
    delete=lambda house, call, label_id: metering.delete_label(house, call, MeteringLabelId(label_id)),
)
RULE = Resource(
    singular="metering_label_rule",
    path="/v2.0/metering/metering-label-rules",
    noun=RULES,
    table=Table(
        plural="metering_label_rules",
        columns={
            "id": ("id", text),
            "metering_label_id": ("label_id", text),
            "direction": ("direction", text),
            "excluded": ("excluded", flag),
            "remote_ip_prefix": ("near", text_or_none),
            "source_ip_prefix": ("source", text_or_none),
            "destination_ip_prefix": ("destination", text_or_none),
        },
        attributes=frozenset(
            {
                "id",
                "metering_label_id",
                "direction",
                "excluded",
                "remote_ip_prefix",
                "source_ip_prefix",
                "destination_ip_prefix",
            }
        ),
        render=_render_rule,
    ),
    new=NewRule,
    create=_create_rule,
    delete=lambda house, call, rule_id: metering.delete_rule(house, call, MeteringRuleId(rule_id)),
)
