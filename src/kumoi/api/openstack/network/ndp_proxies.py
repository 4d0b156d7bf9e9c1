"""/v2.0/ndp_proxies: IPv6 addresses for which a router answers outside."""

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.openstack.network.bodies import Description, Id, Name
from kumoi.api.openstack.network.listing import Shown, Table, text
from kumoi.api.openstack.network.resources import STANDARD, STANDARD_COLUMNS, Resource, owner_of, standard
from kumoi.app.house import House
from kumoi.app.networks import ndp_proxies
from kumoi.app.networks.ndp_proxies import NDP_PROXIES, NdpProxyChange, NdpProxyWish
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Unsupported
from kumoi.core.ids import NdpProxyId, NicId, VpcId
from kumoi.core.ndp_proxies import NdpProxy


class New(msgspec.Struct, forbid_unknown_fields=True):
    router_id: Id
    port_id: Id
    ip_address: str | None = None
    name: Name = ""
    description: Description = ""
    project_id: str = ""
    tenant_id: str = ""


class Change(msgspec.Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


def _create(house: House, call: Call, news: list[New]) -> list[NdpProxy]:
    if len(news) != 1:
        raise Unsupported("network", what="bulk creation of NDP proxies")
    new = news[0]
    wish = NdpProxyWish(
        vpc_id=VpcId(new.router_id),
        nic_id=NicId(new.port_id),
        address=new.ip_address,
        name=new.name,
        description=new.description,
        project_id=owner_of(new),
    )
    return [ndp_proxies.create_ndp_proxy(house, call, wish)]


def _update(house: House, call: Call, proxy_id: str, change: Change, generation: int | None) -> NdpProxy:
    wanted = NdpProxyChange(name=change.name, description=change.description, if_generation=generation)
    return ndp_proxies.update_ndp_proxy(house, call, NdpProxyId(proxy_id), wanted)


def _render(one: NdpProxy, _actor: Actor) -> Shown:
    return {
        **standard(one),
        "name": one.name,
        "router_id": one.vpc_id,
        "port_id": one.nic_id,
        "ip_address": one.address,
    }


RESOURCE = Resource(
    singular="ndp_proxy",
    path="/v2.0/ndp_proxies",
    noun=NDP_PROXIES,
    table=Table(
        plural="ndp_proxies",
        columns={
            **STANDARD_COLUMNS,
            "router_id": ("vpc_id", text),
            "port_id": ("nic_id", text),
            "ip_address": ("address", text),
        },
        attributes=(STANDARD - {"tags"}) | {"router_id", "port_id", "ip_address"},
        render=_render,
    ),
    new=New,
    change=Change,
    create=_create,
    update=_update,
    delete=lambda house, call, proxy_id: ndp_proxies.delete_ndp_proxy(house, call, NdpProxyId(proxy_id)),
)
