"""How a project's things hang together: its networks, the routers between them, the instances on them."""

import msgspec

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.instances import Instance
from kumoi.core.networks import Network, Subnet
from kumoi.core.nics import Nic
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq, is_in
from kumoi.core.vpcs import PublicAddress, Vpc

OLDEST = (Order("created_at"),)


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """All oldest first. `networks`: the project's own, and of others' those that it is on or leads out by. `nics`: of
    these instances. `left_out`: how many instances there are beyond those that are told."""

    networks: tuple[Network, ...]
    subnets: tuple[Subnet, ...]
    vpcs: tuple[Vpc, ...]
    gateways: tuple[Nic, ...]
    legs: tuple[Nic, ...]
    instances: tuple[Instance, ...]
    nics: tuple[Nic, ...]
    public: tuple[PublicAddress, ...]
    left_out: int


def topology(house: House, call: Call, most: int) -> Topology:
    """Of the call's own project, with at most so many instances."""
    for noun in ("network", "subnet", "vpc", "nic", "instance", "public_address"):
        allow(call, f"{noun}.read")
    own = Query(filters=(eq("project_id", call.project_id), alive()), order=OLDEST)

    def read(tx: Transaction) -> Topology:
        vpcs = tx.vpcs.find(own)
        legs = tx.nics.find(own.where(eq("use", "vpc_interface")))
        instances = tx.instances.find(msgspec.structs.replace(own, limit=most))
        ids = tuple(i.id for i in instances)
        nics = tx.nics.find(own.where(is_in("instance_id", ids))) if ids else []
        networks = _networks(tx, call, vpcs, [*legs, *nics])
        inner = tuple(n.id for n in networks)
        return Topology(
            networks=tuple(networks),
            subnets=tuple(tx.subnets.find(Query(filters=(is_in("network_id", inner), alive()), order=OLDEST))),
            vpcs=tuple(vpcs),
            gateways=tuple(tx.nics.many(tuple(v.gateway_nic_id for v in vpcs if v.gateway_nic_id))),
            legs=tuple(legs),
            instances=tuple(instances),
            nics=tuple(nics),
            public=tuple(tx.public_addresses.find(own)),
            left_out=tx.instances.count(Query(filters=own.filters)) - len(instances),
        )

    return house.store.read(read)


def _networks(tx: Transaction, call: Call, vpcs: list[Vpc], nics: list[Nic]) -> list[Network]:
    used = {n.network_id for n in nics} | {v.external_network_id for v in vpcs if v.external_network_id}
    seen = tx.networks.many(reading.seen_networks(tx, call))
    own = [n for n in seen if n.project_id == call.project_id or n.id in used]
    return sorted(own, key=lambda n: (n.created_at, n.id))
