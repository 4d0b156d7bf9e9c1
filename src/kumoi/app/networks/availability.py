"""How full networks are: the provider's door."""

import msgspec

from kumoi.app.house import House
from kumoi.app.networks.networks import NETWORKS
from kumoi.app.networks.reading import visible
from kumoi.contracts.store import Transaction
from kumoi.core.addressing import pool_size
from kumoi.core.call import Call
from kumoi.core.ids import NetworkId
from kumoi.core.networks import Network, Subnet
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, is_in


class SubnetRoom(msgspec.Struct, frozen=True, kw_only=True):
    """`used` counts every claim, those in quarantine too."""

    subnet: Subnet
    used: int

    @property
    def total(self) -> int:
        return pool_size(self.subnet.pools)


class NetworkRoom(msgspec.Struct, frozen=True, kw_only=True):
    network: Network
    subnets: tuple[SubnetRoom, ...]


def rooms(house: House, call: Call, query: Query) -> list[NetworkRoom]:
    allow(call, "network.all_projects")
    return house.store.read(lambda tx: _rooms(tx, tx.networks.find(query.where(alive()))))


def room(house: House, call: Call, network_id: NetworkId) -> NetworkRoom:
    allow(call, "network.all_projects")
    return house.store.read(lambda tx: _rooms(tx, [visible(tx, call, NETWORKS, network_id)])[0])


def _rooms(tx: Transaction, networks: list[Network]) -> list[NetworkRoom]:
    ids = tuple(n.id for n in networks)
    found: dict[str, list[SubnetRoom]] = {}
    for subnet in tx.subnets.find(Query(filters=(is_in("network_id", ids), alive()))) if ids else ():
        used = len(tx.claims.with_prefix("address", f"{subnet.id}/"))
        found.setdefault(subnet.network_id, []).append(SubnetRoom(subnet=subnet, used=used))
    return [NetworkRoom(network=n, subnets=tuple(found.get(n.id, ()))) for n in networks]
