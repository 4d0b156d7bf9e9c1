"""More hosts for a cloud that has one: they greet, and nobody works on them."""

from tests.usecase.cloud import Cloud

from kumoi.app.hosts.greet import greet
from kumoi.contracts.store import Transaction
from kumoi.core.hosts import Capacity
from kumoi.core.plan import Hello
from kumoi.core.query import Query, eq

SIZE = Capacity(vcpus=8, memory_mib=8192, disk_gib=100)


def add_hosts(cloud: Cloud, *names: str) -> None:
    for name in names:
        greet(cloud.house, Hello(name=name, boot_id=name, capacity=SIZE, capabilities=("router",)))


def host_of(cloud: Cloud, instance_id: str) -> str:
    """Its name; empty where it was placed nowhere."""

    def read(tx: Transaction) -> str:
        placed = tx.placements.find(Query(filters=(eq("instance_id", instance_id),)))
        hosts = tx.hosts.many(tuple(p.host_id for p in placed))
        return hosts[0].name if hosts else ""

    return cloud.store.read(read)
