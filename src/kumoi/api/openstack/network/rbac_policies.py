"""/v2.0/rbac-policies: who may use what is another project's."""

from typing import Literal

import msgspec

from kumoi.api.openstack.network.bodies import Id
from kumoi.api.openstack.network.listing import Shown, Table, text
from kumoi.api.openstack.network.resources import Resource, owner_of
from kumoi.app.house import House
from kumoi.app.networks import shares
from kumoi.app.networks.shares import SHARES, ShareWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import ShareId
from kumoi.core.shares import Share, ShareAction, SharedKind

_KINDS: dict[str, SharedKind] = {
    "network": "network",
    "subnetpool": "subnet_pool",
    "address_scope": "address_scope",
    "qos_policy": "qos_policy",
    "security_group": "security_group",
    "address_group": "address_group",
}
_ACTIONS: dict[str, ShareAction] = {"access_as_shared": "use", "access_as_external": "lead_out"}
_KIND_NAMES = {kind: name for name, kind in _KINDS.items()}
_ACTION_NAMES = {action: name for name, action in _ACTIONS.items()}


class New(msgspec.Struct, forbid_unknown_fields=True):
    object_type: Literal["network", "subnetpool", "address_scope", "qos_policy", "security_group", "address_group"]
    object_id: Id
    action: Literal["access_as_shared", "access_as_external"]
    target_tenant: str
    project_id: str = ""
    tenant_id: str = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    target_tenant: str


def _create(house: House, call: Call, news: list[New]) -> list[Share]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of RBAC policies")
    new = news[0]
    wish = ShareWish(
        kind=_KINDS[new.object_type],
        object_id=new.object_id,
        action=_ACTIONS[new.action],
        target=new.target_tenant,
        project_id=owner_of(new),
    )
    return [shares.create_share(house, call, wish)]


def _update(house: House, call: Call, share_id: str, change: Change, generation: int | None) -> Share:
    return shares.update_share(house, call, ShareId(share_id), change.target_tenant, generation)


def _render(share: Share, _actor: Actor) -> Shown:
    return {
        "id": share.id,
        "project_id": share.project_id,
        "tenant_id": share.project_id,
        "object_type": _KIND_NAMES[share.kind],
        "object_id": share.object_id,
        "action": _ACTION_NAMES[share.action],
        "target_tenant": share.target,
    }


RESOURCE = Resource(
    singular="rbac_policy",
    path="/v2.0/rbac-policies",
    noun=SHARES,
    table=Table(
        plural="rbac_policies",
        columns={
            "id": ("id", text),
            "project_id": ("project_id", text),
            "tenant_id": ("project_id", text),
            "object_id": ("object_id", text),
            "object_type": ("kind", lambda value: _KINDS.get(value, value)),
            "action": ("action", lambda value: _ACTIONS.get(value, value)),
            "target_tenant": ("target", text),
        },
        attributes=frozenset({"id", "project_id", "tenant_id", "object_type", "object_id", "action", "target_tenant"}),
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, share_id: shares.delete_share(house, call, ShareId(share_id)),
)
