"""/v2.0/address-scopes."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Name
from kumoi.api.openstack.network.listing import Shown, Table, number, text
from kumoi.api.openstack.network.resources import Resource, owner_of
from kumoi.app.house import House
from kumoi.app.networks import address_scopes
from kumoi.app.networks.address_scopes import (
    ADDRESS_SCOPES,
    AddressScopeChange,
    AddressScopeView,
    AddressScopeWish,
)
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import AddressScopeId
from kumoi.core.shares import reaches


class New(msgspec.Struct, forbid_unknown_fields=True):
    ip_version: Literal[4, 6, "4", "6"]
    name: Name = ""
    project_id: str = ""
    tenant_id: str = ""
    shared: bool = False


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


def _create(house: House, call: Call, news: list[New]) -> list[AddressScopeView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of address scopes")
    new = news[0]
    wish = AddressScopeWish(name=new.name, ip_version=int(new.ip_version), project_id=owner_of(new), shared=new.shared)
    return [address_scopes.create_address_scope(house, call, wish)]


def _update(house: House, call: Call, scope_id: str, change: Change, generation: int | None) -> AddressScopeView:
    wanted = AddressScopeChange(name=change.name, shared=change.shared, if_generation=generation)
    return address_scopes.update_address_scope(house, call, AddressScopeId(scope_id), wanted)


def _render(view: AddressScopeView, actor: Actor) -> Shown:
    one = view.scope
    return {
        "id": one.id,
        "name": one.name,
        "project_id": one.project_id,
        "tenant_id": one.project_id,
        "ip_version": one.ip_version,
        "shared": reaches(view.targets, actor.project_id),
    }


RESOURCE = Resource(
    singular="address_scope",
    path="/v2.0/address-scopes",
    noun=ADDRESS_SCOPES,
    table=Table(
        plural="address_scopes",
        columns={
            "id": ("id", text),
            "name": ("name", text),
            "project_id": ("project_id", text),
            "tenant_id": ("project_id", text),
            "ip_version": ("ip_version", number),
        },
        attributes=frozenset({"id", "name", "project_id", "tenant_id", "ip_version", "shared"}),
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, row_id: address_scopes.delete_address_scope(house, call, AddressScopeId(row_id)),
)
