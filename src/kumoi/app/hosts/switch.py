"""What operators say of a host: whether it is in the choice for new instances and routers, and a note."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId
from kumoi.core.policy import allow


def switch(house: House, call: Call, host_id: HostId, *, enabled: bool, reason: str = "") -> Host:
    """What runs there goes on. Twice is harmless; a reason is kept only while it is disabled."""
    allow(call, "host.update")

    def write(tx: Transaction) -> Host:
        host = tx.hosts.get(host_id)
        if host is None:
            raise NotFound("compute", kind="host", id=host_id)
        record(tx, house, call, "host.enable" if enabled else "host.disable", Thing("host", host_id, ""))
        return tx.hosts.save(replace(host, enabled=enabled, disabled_reason="" if enabled else reason))

    done = house.store.write(write)
    house.rooms.forget()
    return done


def describe(house: House, call: Call, host_id: HostId, note: str) -> Host:
    allow(call, "host.update")

    def write(tx: Transaction) -> Host:
        host = tx.hosts.get(host_id)
        if host is None:
            raise NotFound("compute", kind="host", id=host_id)
        record(tx, house, call, "host.describe", Thing("host", host_id, ""))
        return tx.hosts.save(replace(host, note=note))

    return house.store.write(write)
