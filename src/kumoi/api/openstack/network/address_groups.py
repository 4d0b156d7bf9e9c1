"""/v2.0/address-groups and what adds and removes their addresses."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.bodies import Description, Name
from kumoi.api.openstack.network.listing import Shown, Table
from kumoi.api.openstack.network.resources import (
    SERVICE,
    STANDARD,
    STANDARD_COLUMNS,
    Project,
    Resource,
    owner_of,
    standard,
)
from kumoi.app.house import House
from kumoi.app.networks import address_groups
from kumoi.app.networks.address_groups import (
    ADDRESS_GROUPS,
    AddressGroupChange,
    AddressGroupView,
    AddressGroupWish,
)
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import AddressGroupId
from kumoi.core.shares import reaches


class New(msgspec.Struct, forbid_unknown_fields=True):
    name: Name = ""
    description: Description = ""
    project_id: Project = ""
    tenant_id: Project = ""
    addresses: list[str] = []


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class AddressesIn(msgspec.Struct, forbid_unknown_fields=True):
    addresses: list[str]


def _create(house: House, call: Call, news: list[New]) -> list[AddressGroupView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of address groups")
    new = news[0]
    wish = AddressGroupWish(
        name=new.name, project_id=owner_of(new), description=new.description, addresses=tuple(new.addresses)
    )
    return [address_groups.create_address_group(house, call, wish)]


def _update(house: House, call: Call, group_id: str, change: Change, generation: int | None) -> AddressGroupView:
    wanted = AddressGroupChange(name=change.name, description=change.description, if_generation=generation)
    return address_groups.update_address_group(house, call, AddressGroupId(group_id), wanted)


def _render(view: AddressGroupView, actor: Actor) -> Shown:
    one = view.group
    return {
        **standard(one, view.tags),
        "name": one.name,
        "addresses": list(one.addresses),
        "shared": reaches(view.targets, actor.project_id),
    }


RESOURCE = Resource(
    singular="address_group",
    path="/v2.0/address-groups",
    noun=ADDRESS_GROUPS,
    table=Table(
        plural="address_groups",
        columns=STANDARD_COLUMNS,
        attributes=STANDARD | {"addresses", "shared"},
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, row_id: address_groups.delete_address_group(house, call, AddressGroupId(row_id)),
)


def action_routes(house: House) -> list[Route]:
    """PUT …/add_addresses and …/remove_addresses."""

    def change(request: Request, *, more: bool) -> Response:
        addresses = tuple(request.json(AddressesIn).addresses)
        call, group_id = request.call(), AddressGroupId(request.params["id"])
        view = address_groups.change_addresses(house, call, group_id, addresses, more=more)
        return json_response({"address_group": _render(view, call.actor)})

    def add(request: Request) -> Response:
        return change(request, more=True)

    def remove(request: Request) -> Response:
        return change(request, more=False)

    path, action = f"{RESOURCE.path}/{{id}}", "address_group.update"
    return [
        Route("PUT", f"{path}/add_addresses", add, action, SERVICE, body_type=AddressesIn),
        Route("PUT", f"{path}/remove_addresses", remove, action, SERVICE, body_type=AddressesIn),
    ]
