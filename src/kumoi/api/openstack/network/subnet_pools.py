"""/v2.0/subnetpools."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, flag, number, text_or_none
from kumoi.api.openstack.network.resources import (
    SERVICE,
    STANDARD,
    STANDARD_COLUMNS,
    Resource,
    owner_of,
    standard,
)
from kumoi.app.house import House
from kumoi.app.networks import subnet_pools
from kumoi.app.networks.subnet_pools import SUBNET_POOLS, SubnetPoolChange, SubnetPoolView, SubnetPoolWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import AddressScopeId, SubnetPoolId
from kumoi.core.shares import reaches

Length = int | str


class New(msgspec.Struct, forbid_unknown_fields=True):
    """Lengths may come as numbers or as text."""

    prefixes: list[str]
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""
    default_prefixlen: Length | None = None
    min_prefixlen: Length | None = None
    max_prefixlen: Length | None = None
    shared: bool = False
    is_default: bool = False
    default_quota: Length | None = None
    address_scope_id: Id | None = None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    prefixes: list[str] | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    default_prefixlen: Length | UnsetType = UNSET
    min_prefixlen: Length | UnsetType = UNSET
    max_prefixlen: Length | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    default_quota: Length | UnsetType | None = UNSET
    address_scope_id: Id | UnsetType | None = UNSET


class PrefixesIn(msgspec.Struct, forbid_unknown_fields=True):
    prefixes: list[str]


def _length(given: Length | None) -> int | None:
    return None if given is None else int(number(str(given)) or 0)


def _changed(given: Length | UnsetType) -> int | UnsetType:
    return UNSET if isinstance(given, UnsetType) else int(number(str(given)) or 0)


def _scope(given: str | UnsetType | None) -> AddressScopeId | UnsetType | None:
    return AddressScopeId(given) if isinstance(given, str) else given


def _create(house: House, call: Call, news: list[New]) -> list[SubnetPoolView]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of subnet pools")
    new = news[0]
    wish = SubnetPoolWish(
        prefixes=tuple(new.prefixes),
        name=new.name,
        project_id=owner_of(new),
        description=new.description,
        default_prefixlen=_length(new.default_prefixlen),
        min_prefixlen=_length(new.min_prefixlen),
        max_prefixlen=_length(new.max_prefixlen),
        scope_id=AddressScopeId(new.address_scope_id) if new.address_scope_id else None,
        shared=new.shared,
        is_default=new.is_default,
        quota=_length(new.default_quota),
    )
    return [subnet_pools.create_subnet_pool(house, call, wish)]


def _update(house: House, call: Call, pool_id: str, change: Change, generation: int | None) -> SubnetPoolView:
    wanted = SubnetPoolChange(
        prefixes=UNSET if change.prefixes is UNSET else tuple(change.prefixes),
        name=change.name,
        description=change.description,
        default_prefixlen=_changed(change.default_prefixlen),
        min_prefixlen=_changed(change.min_prefixlen),
        max_prefixlen=_changed(change.max_prefixlen),
        scope_id=_scope(change.address_scope_id),
        is_default=change.is_default,
        quota=UNSET if isinstance(change.default_quota, UnsetType) else _length(change.default_quota),
        if_generation=generation,
    )
    return subnet_pools.update_subnet_pool(house, call, SubnetPoolId(pool_id), wanted)


def _render(view: SubnetPoolView, actor: Actor) -> Shown:
    one = view.pool
    return {
        **standard(one, view.tags),
        "name": one.name,
        "ip_version": one.ip_version,
        "prefixes": list(one.prefixes),
        # Texts, as Neutron has always told them.
        "default_prefixlen": str(one.default_prefixlen),
        "min_prefixlen": str(one.min_prefixlen),
        "max_prefixlen": str(one.max_prefixlen),
        "shared": reaches(view.targets, actor.project_id),
        "is_default": one.is_default,
        "default_quota": one.quota,
        "address_scope_id": one.scope_id,
    }


def _delete(house: House, call: Call, pool_id: str) -> None:
    subnet_pools.delete_subnet_pool(house, call, SubnetPoolId(pool_id))


RESOURCE = Resource(
    singular="subnetpool",
    path="/v2.0/subnetpools",
    noun=SUBNET_POOLS,
    table=Table(
        plural="subnetpools",
        columns={
            **STANDARD_COLUMNS,
            "ip_version": ("ip_version", number),
            "is_default": ("is_default", flag),
            "default_prefixlen": ("default_prefixlen", number),
            "min_prefixlen": ("min_prefixlen", number),
            "max_prefixlen": ("max_prefixlen", number),
            "address_scope_id": ("scope_id", text_or_none),
        },
        attributes=STANDARD
        | {
            "ip_version",
            "prefixes",
            "default_prefixlen",
            "min_prefixlen",
            "max_prefixlen",
            "shared",
            "is_default",
            "default_quota",
            "address_scope_id",
        },
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=_delete,
)


def action_routes(house: House) -> list[Route]:
    """PUT …/add_prefixes and …/remove_prefixes."""

    def change(request: Request, *, more: bool) -> Response:
        prefixes = tuple(request.json(PrefixesIn).prefixes)
        pool_id = SubnetPoolId(request.params["id"])
        view = subnet_pools.change_prefixes(house, request.call(), pool_id, prefixes, more=more)
        return json_response({"prefixes": list(view.pool.prefixes)})

    def add(request: Request) -> Response:
        return change(request, more=True)

    def remove(request: Request) -> Response:
        return change(request, more=False)

    path, action = f"{RESOURCE.path}/{{id}}", "subnet_pool.update"
    return [
        Route("PUT", f"{path}/add_prefixes", add, action, SERVICE, body_type=PrefixesIn),
        Route("PUT", f"{path}/remove_prefixes", remove, action, SERVICE, body_type=PrefixesIn),
    ]
