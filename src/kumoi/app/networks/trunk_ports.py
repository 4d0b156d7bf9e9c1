"""The nics of trunks inside a door's transaction: what a trunk carries goes where its own nic goes.

Nothing here authorises: the door that calls has done so.
"""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks.stand_ins import leave_host
from kumoi.app.writing import Thing, mark_nic, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import HostId
from kumoi.core.nics import Nic
from kumoi.core.query import Query, eq, is_in
from kumoi.core.trunks import Trunk


def trunk_of(tx: Transaction, nic: Nic) -> Trunk | None:
    """The trunk whose own nic this is."""
    found = tx.trunks.find(Query(filters=(eq("nic_id", nic.id),), limit=1))
    return found[0] if found else None


def trunks_of(tx: Transaction, nics: list[Nic]) -> dict[str, Trunk]:
    """By their own nics' ids."""
    ids = tuple(n.id for n in nics)
    if not ids or not tx.trunks.find(Query(limit=1)):  # most clouds have none, and lists of nics are long
        return {}
    return {t.nic_id: t for t in tx.trunks.find(Query(filters=(is_in("nic_id", ids),)))}


def carried(tx: Transaction, trunk: Trunk) -> list[Nic]:
    return tx.nics.many(tuple(one.nic_id for one in trunk.subports))


def take_along(tx: Transaction, house: House, nic: Nic, host_id: HostId | None) -> None:
    """The nic is being plugged in on a host: so is what its trunk carries."""
    trunk = trunk_of(tx, nic)
    for one in carried(tx, trunk) if trunk is not None else ():
        leave_host(tx, house, one, host_id)
        mark_nic(tx, tx.nics.save(replace(one, host_id=host_id)))


def put_in(tx: Transaction, house: House, trunk: Trunk, nic: Nic, parent: Nic) -> None:
    host_id = parent.host_id if parent.use == "instance" else None
    if host_id is not None:
        leave_host(tx, house, nic, host_id)
    owner = "trunk:subport"
    placed = replace(nic, use="subport", device_id=trunk.id, device_owner=owner, host_id=host_id or nic.host_id)
    mark_nic(tx, tx.nics.save(placed))


def take_out(tx: Transaction, nic: Nic) -> None:
    """Nobody's again. `host_id` stays until that host's report proves that it let go."""
    mark_nic(tx, tx.nics.save(replace(nic, use="", device_id="", device_owner="")))


def drop_trunk(tx: Transaction, house: House, call: Call, trunk: Trunk) -> None:
    for nic in carried(tx, trunk):
        take_out(tx, nic)
    tx.trunks.remove(trunk.id)
    tx.counters.give_back(trunk.id, "project/")
    tx.labels.drop("trunk", trunk.id)
    record(tx, house, call, "trunk.delete", Thing("trunk", trunk.id, trunk.project_id), {"nic_id": trunk.nic_id})
