"""Routers without a host get one: those made before any host could route, and those whose host was lost
(unless they are to wait for it)."""

from kumoi.app.house import House
from kumoi.app.networks.vpcs import bind_vpc
from kumoi.app.writing import commit
from kumoi.contracts.store import Transaction
from kumoi.core.ids import VpcId
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.vpcs import Vpc
from kumoi.planning.vpc_binding import router_hosts

BATCH = 100


def bind_routers(house: House) -> int:
    """One sweep; returns how many routers were bound."""
    waiting = house.store.read(_homeless)
    if not waiting:
        return 0
    now = house.clock.now()
    hosts = router_hosts((r.host for r in house.rooms.look(now, afresh=True)), now)
    if not hosts:
        return 0
    homes = {vpc.id: hosts[house.chance.below(len(hosts))] for vpc in waiting}

    def write(tx: Transaction) -> int:
        found = [vpc for vpc in _homeless(tx) if vpc.id in homes]
        for vpc in found:
            bind_vpc(tx, vpc, homes[VpcId(vpc.id)])
        return len(found)

    return commit(house, write)


def _homeless(tx: Transaction) -> list[Vpc]:
    unbound = tx.vpcs.find(Query(filters=(eq("host_id", None), alive()), limit=BATCH))
    lost = tuple(h.id for h in tx.hosts.find(Query(filters=(eq("lost", value=True),))))
    left_behind = Query(filters=(is_in("host_id", lost), eq("ha", value=True), alive()), limit=BATCH)
    return [*unbound, *(tx.vpcs.find(left_behind) if lost else ())]
