"""Doors of what a project gets who asks for a network and no more: one with subnets out of the cloud's default pools,
and a router to the default external network. It is found again by a label, whatever it is called by then."""

from typing import Final

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import networks, reading, subnets, vpc_legs, vpcs
from kumoi.app.networks.gateways import GatewayWish
from kumoi.app.networks.legs import interfaces
from kumoi.app.networks.networks import NetworkWish
from kumoi.app.networks.subnets import SubnetWish
from kumoi.app.networks.vpc_legs import LegWish, lay_leg
from kumoi.app.networks.vpcs import VpcWish
from kumoi.app.writing import commit
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, NotFound
from kumoi.core.events import Label
from kumoi.core.ids import NetworkId, ProjectId, VpcId
from kumoi.core.networks import Network, Subnet
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.core.subnet_pools import SubnetPool
from kumoi.core.vpcs import Vpc

_NAMESPACE: Final = "auto_topology"
_SELF_MADE: Final = 64  # the prefix with which guests make addresses of their own


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """`network_id` None: it could be made."""

    project_id: ProjectId
    network_id: NetworkId | None


def check_topology(house: House, call: Call, project_id: ProjectId | None) -> Topology:
    """Whether it could be made. NotFound (default_network, default_subnet_pool) says what is missing."""
    allow(call, "network.read")

    def read(tx: Transaction) -> Topology:
        owner = _owner(tx, call, project_id)
        _means(tx)
        return Topology(project_id=owner, network_id=None)

    return house.store.read(read)


def get_topology(house: House, call: Call, project_id: ProjectId | None) -> Topology:
    """The project's, made where there is none."""
    for action in ("network.create", "subnet.create", "vpc.create"):
        allow(call, action)
    host_id = vpcs.choose_host(house, call)

    def write(tx: Transaction) -> Topology:
        owner = _owner(tx, call, project_id)
        network = _network_of(tx, owner)
        if network is None:
            outer, pools = _means(tx)
            network = networks.make_network(
                tx, house, call, NetworkWish(name="auto_allocated_network", project_id=owner)
            )
            gateway = GatewayWish(network_id=outer.id)
            wish = VpcWish(name="auto_allocated_router", project_id=owner, gateway=gateway)
            vpc = vpcs.make_vpc(tx, house, call, wish, host_id)
            for pool in pools:
                subnet = _subnet(tx, house, call, network, pool)
                lay_leg(tx, house, call, vpc.id, LegWish(subnet_id=subnet.id))
            for kind, made in (("network", network.id), ("vpc", vpc.id)):
                label = Label(
                    id=house.chance.uuid(), kind=kind, resource_id=made, namespace=_NAMESPACE, key=owner, value=""
                )
                tx.labels.put(label)
        return Topology(project_id=owner, network_id=network.id)

    return commit(house, write)


def drop_topology(house: House, call: Call, project_id: ProjectId | None) -> None:
    """Router and network. NotFound where there is none; InUse, and nothing is done, while something is on it."""
    for action in ("network.delete", "vpc.delete"):
        allow(call, action)

    def read(tx: Transaction) -> tuple[Network | None, Vpc | None]:
        owner = _owner(tx, call, project_id)
        network, vpc = _network_of(tx, owner), _router_of(tx, owner)
        if network is None and vpc is None:
            raise NotFound("network", kind="auto_topology", id=owner)
        nics = tx.nics.find(Query(filters=(eq("network_id", network.id), alive()))) if network is not None else []
        for nic in nics:
            if network is not None and nic.use != "dhcp" and (vpc is None or nic.vpc_id != vpc.id):
                raise InUse("network", kind="network", id=network.id, by_kind="nic", by_id=nic.id)
        return network, vpc

    network, vpc = house.store.read(read)
    if vpc is not None:
        of_it = VpcId(vpc.id)
        for nic in house.store.read(lambda tx: interfaces(tx, of_it)):
            vpc_legs.remove_leg(house, call, of_it, LegWish(nic_id=nic.id))
        vpcs.delete_vpc(house, call, of_it)
    if network is not None:
        networks.delete_network(house, call, network.id)


def _owner(tx: Transaction, call: Call, wished: ProjectId | None) -> ProjectId:
    owner = reading.project_for(call, wished)
    return reading.there(tx.projects.get(owner), "project", owner).id


def _network_of(tx: Transaction, owner: ProjectId) -> Network | None:
    found = tx.networks.find(Query(filters=(eq("project_id", owner), alive())))
    marked = {label.resource_id for label in tx.labels.of("network", tuple(n.id for n in found), _NAMESPACE)}
    return next((network for network in found if network.id in marked), None)


def _router_of(tx: Transaction, owner: ProjectId) -> Vpc | None:
    found = tx.vpcs.find(Query(filters=(eq("project_id", owner), alive())))
    marked = {label.resource_id for label in tx.labels.of("vpc", tuple(v.id for v in found), _NAMESPACE)}
    return next((vpc for vpc in found if vpc.id in marked), None)


def _means(tx: Transaction) -> tuple[Network, list[SubnetPool]]:
    """The default external network, and the default pools: one or two."""
    default = (eq("is_default", value=True), alive())
    outer = tx.networks.find(Query(filters=default, limit=1))
    if not outer:
        raise NotFound("network", kind="default_network", id="")
    pools = tx.subnet_pools.find(Query(filters=default))
    if not pools:
        raise NotFound("network", kind="pool_of_topology", id="")
    return outer[0], sorted(pools, key=lambda pool: pool.ip_version)


def _subnet(tx: Transaction, house: House, call: Call, network: Network, pool: SubnetPool) -> Subnet:
    """One of IPv6 tells guests to make addresses of their own, where the pool's are long enough."""
    wish = SubnetWish(
        network_id=network.id,
        project_id=network.project_id,
        name=f"auto_allocated_subnet_v{pool.ip_version}",
        ip_version=pool.ip_version,
        default_pool=True,
    )
    if pool.ip_version == 6 and pool.default_prefixlen == _SELF_MADE:
        wish = replace(wish, ra_mode="slaac", address_mode="slaac")
    return subnets.make_subnet(tx, house, call, wish)
