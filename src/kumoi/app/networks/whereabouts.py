"""Doors for the provider: which hosts carry a router or a network's service, and carrying a router elsewhere."""

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.networks import NETWORKS, NetworkView
from kumoi.app.networks.vpcs import VPCS, VpcView, bind_vpc
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId, NetworkId, VpcId
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq
from kumoi.planning.vpc_binding import router_hosts


def routers_on(house: House, call: Call, host_id: HostId) -> list[VpcView]:
    allow(call, "host.read")
    carried = Query(filters=(eq("host_id", host_id), alive()))
    return house.store.read(lambda tx: VPCS.views(tx, tx.vpcs.find(carried)))


def host_of_router(house: House, call: Call, vpc_id: VpcId) -> Host | None:
    allow(call, "host.read")

    def read(tx: Transaction) -> Host | None:
        vpc = reading.visible(tx, call, VPCS, vpc_id)
        return tx.hosts.get(vpc.host_id) if vpc.host_id is not None else None

    return house.store.read(read)


def networks_on(house: House, call: Call, host_id: HostId) -> list[NetworkView]:
    """Those whose service answers there: it does for the instances of the host."""
    allow(call, "host.read")

    def read(tx: Transaction) -> list[NetworkView]:
        nics = tx.nics.find(Query(filters=(eq("host_id", host_id), eq("use", "instance"), alive())))
        networks = tx.networks.many(tuple({n.network_id for n in nics}))
        return NETWORKS.views(tx, [n for n in networks if n.deleted_at is None])

    return house.store.read(read)


def hosts_of_network(house: House, call: Call, network_id: NetworkId) -> list[Host]:
    allow(call, "host.read")

    def read(tx: Transaction) -> list[Host]:
        network = reading.visible(tx, call, NETWORKS, network_id)
        nics = tx.nics.find(Query(filters=(eq("network_id", network.id), eq("use", "instance"), alive())))
        return tx.hosts.many(tuple({n.host_id for n in nics if n.host_id is not None}))

    return house.store.read(read)


def carry_router(house: House, call: Call, vpc_id: VpcId, host_id: HostId) -> None:
    """The router to this host. InUse while another one carries it; Invalid where the host cannot."""
    allow(call, "host.update")
    able = router_hosts((r.host for r in house.rooms.look(call.now, afresh=True)), call.now)

    def write(tx: Transaction) -> None:
        vpc = reading.visible(tx, call, VPCS, vpc_id)
        if vpc.host_id == host_id:
            return
        if vpc.host_id is not None:
            raise InUse("network", kind="carried_vpc", id=vpc.id, by_kind="host", by_id=vpc.host_id)
        if host_id not in able:
            raise Invalid("network", field="host_id", reason="cannot_route", value=host_id)
        bind_vpc(tx, vpc, host_id)
        record(tx, house, call, "vpc.carry", Thing("vpc", vpc.id, vpc.project_id), {"host_id": host_id})

    commit(house, write)


def put_down_router(house: House, call: Call, vpc_id: VpcId, host_id: HostId) -> None:
    """The router from this host; where nobody carries it elsewhere, control finds a host for it. NotFound (carried_vpc)
    when the host does not carry it."""
    allow(call, "host.update")

    def write(tx: Transaction) -> None:
        vpc = reading.visible(tx, call, VPCS, vpc_id)
        if vpc.host_id != host_id:
            raise NotFound("network", kind="carried_vpc", id=vpc.id, host_id=host_id)
        bind_vpc(tx, vpc, None)
        record(tx, house, call, "vpc.put_down", Thing("vpc", vpc.id, vpc.project_id), {"host_id": host_id})

    commit(house, write)
