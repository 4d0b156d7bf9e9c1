"""Looking at hosts: for operators."""

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core import aggregates
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId
from kumoi.core.instances import Instance
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query
from kumoi.core.quotas import Counter, host_scope


def find(house: House, call: Call) -> list[Host]:
    """By name."""
    allow(call, "host.read")
    return house.store.read(lambda tx: tx.hosts.find(Query(order=(Order("name"),))))


def show(house: House, call: Call, host_id: HostId) -> Host:
    allow(call, "host.read")
    found = house.store.read(lambda tx: tx.hosts.get(host_id))
    if found is None:
        raise NotFound("compute", kind="host", id=host_id)
    return found


def zones(house: House, call: Call) -> dict[HostId, str]:
    """Of the hosts that are in another than the default one."""
    allow(call, "host.read")
    return house.store.read(lambda tx: aggregates.zones(tx.aggregates.find(Query())))


def room(house: House, call: Call) -> dict[str, dict[str, Counter]]:
    """Every host's counters by scope and resource."""
    allow(call, "host.read")
    found: dict[str, dict[str, Counter]] = {}
    for counter in house.store.read(lambda tx: tx.counters.under("host/")):
        found.setdefault(counter.scope, {})[counter.resource] = counter
    return found


def scope_of(host: Host) -> str:
    return host_scope(host.id)


def guests(house: House, call: Call) -> dict[HostId, list[Instance]]:
    """What is placed on every host, whoever's it is."""
    allow(call, "host.read")

    def read(tx: Transaction) -> dict[HostId, list[Instance]]:
        placed = tx.placements.find(Query())
        instances = {i.id: i for i in tx.instances.many(tuple(p.instance_id for p in placed)) if i.deleted_at is None}
        found: dict[HostId, list[Instance]] = {}
        for placement in placed:
            if placement.instance_id in instances:
                found.setdefault(placement.host_id, []).append(instances[placement.instance_id])
        return found

    return house.store.read(read)
