"""A host says hello: it gets its id, a session and the cloud's epoch."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks.vpcs import bind_vpc
from kumoi.app.providers import sight
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Invalid
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId, SessionId
from kumoi.core.meters import CAPABILITY
from kumoi.core.plan import PLAN_FORMAT, REPORT_FORMAT, Hello, Welcome
from kumoi.core.query import Filter, Query, eq
from kumoi.core.storage_pools import StoragePool, pool_id, pool_scope


def greet(house: House, hello: Hello) -> Welcome:
    """Register or recognise a host by name. Raises Invalid when its formats are newer than ours."""
    if hello.plan_format > PLAN_FORMAT or hello.report_format > REPORT_FORMAT:
        raise Invalid("host", field="plan_format", reason="newer_than_control", ours=PLAN_FORMAT)
    now, fresh, session = house.clock.now(), house.chance.uuid(), house.chance.uuid()

    def write(tx: Transaction) -> HostId:
        known = tx.hosts.find(Query(filters=(eq("name", hello.name),)))
        if known:
            host = tx.hosts.save(_greeted(known[0], hello, session, now))
        else:
            host = _greeted(
                Host(id=HostId(fresh), name=hello.name, capacity=hello.capacity, created_at=now), hello, session, now
            )
            tx.hosts.insert(host)
        sight.open_counters(tx, sight.get(tx, house, host.id))
        _open_pools(tx, house, host, hello, now)
        _adopt_routers(tx, host)
        return host.id

    host_id = house.store.write(write)
    house.rooms.forget()
    return Welcome(
        host_id=host_id, session=SessionId(session), epoch=house.store.epoch(), capabilities=(CAPABILITY,)
    )  # fmt: skip


def _greeted(host: Host, hello: Hello, session: str, now: float) -> Host:
    return replace(
        host,
        capacity=hello.capacity,
        capabilities=hello.capabilities,
        accelerator=hello.accelerator,
        booted_at=hello.booted_at,
        boot_id=hello.boot_id,
        session=SessionId(session),
        sequence=0,
        report_digest="",
        seen_at=now,
        lost=False,
    )


def _open_pools(tx: Transaction, house: House, host: Host, hello: Hello, now: float) -> None:
    """What it offers now; a pool that it offers no more keeps its volumes, and gets no new ones."""
    known = {pool.id: pool for pool in tx.storage_pools.find(Query(filters=(eq("host_id", host.id),)))}
    for offer in hello.pools:
        pool = StoragePool(
            id=pool_id(host.id, offer.name),
            host_id=host.id,
            name=offer.name,
            driver=offer.driver,
            total_gib=offer.total_gib,
            capabilities=offer.capabilities,
            portal=offer.portal,
            created_at=now,
        )
        if (old := known.pop(pool.id, None)) is None:
            tx.storage_pools.insert(pool)
        else:
            tx.storage_pools.save(replace(pool, created_at=old.created_at))
        tx.counters.set_most(pool_scope(pool.id), "disk_gib", int(offer.total_gib * house.rules.pool_overcommit))
    for gone in known.values():
        tx.storage_pools.save(replace(gone, offered=False))


def _adopt_routers(tx: Transaction, host: Host) -> None:
    """Routers made while there was no host get their first binding from the first that can carry them."""
    if "router" not in host.capabilities:
        return
    homeless = tx.vpcs.find(Query(filters=(Filter("host_id", "null", True), Filter("deleted_at", "null", True))))
    for vpc in homeless:
        bind_vpc(tx, vpc, host.id)
