"""/v2.0/qos/policies."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Description, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag
from kumoi.api.openstack.network.qos_rules import render_rule
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Project, Resource, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import qos_policies
from kumoi.app.networks.qos_policies import QOS_POLICIES, QosPolicyChange, QosPolicyView, QosPolicyWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import QosPolicyId
from kumoi.core.shares import reaches


class New(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = ""
    description: Description = ""
    project_id: Project = ""
    tenant_id: Project = ""
    shared: bool = False
    is_default: bool = False


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


def _create(house: House, call: Call, news: list[New]) -> list[QosPolicyView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of QoS policies")
    new = news[0]
    wish = QosPolicyWish(
        name=new.name,
        project_id=owner_of(new),
        description=new.description,
        shared=new.shared,
        is_default=new.is_default,
    )
    return [qos_policies.create_qos_policy(house, call, wish)]


def _update(house: House, call: Call, policy_id: str, change: Change, generation: int | None) -> QosPolicyView:
    wanted = QosPolicyChange(
        name=change.name,
        description=change.description,
        shared=change.shared,
        is_default=change.is_default,
        if_generation=generation,
    )
    return qos_policies.update_qos_policy(house, call, QosPolicyId(policy_id), wanted)


def _render(view: QosPolicyView, actor: Actor) -> Shown:
    one = view.policy
    return {
        **standard(one, view.tags),
        "name": one.name,
        "shared": reaches(view.targets, actor.project_id),
        "is_default": one.is_default,
        "rules": [{**render_rule(r), "qos_policy_id": one.id, "type": r.kind} for r in view.rules],
    }


RESOURCE = Resource(
    singular="policy",
    path="/v2.0/qos/policies",
    noun=QOS_POLICIES,
    table=Table(
        plural="policies",
        columns={**STANDARD_COLUMNS, "is_default": ("is_default", flag)},
        attributes=STANDARD | {"shared", "is_default", "rules"},
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, policy_id: qos_policies.delete_qos_policy(house, call, QosPolicyId(policy_id)),
)
