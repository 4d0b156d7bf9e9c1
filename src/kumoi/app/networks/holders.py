"""Whose a nic is, by name: the instance that has it, the router whose leg it is, the cloud itself."""

from collections.abc import Sequence

import msgspec

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.nic_doors import NICS
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.ids import GroupId, NicId
from kumoi.core.nics import Nic, NicUse
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, alive, eq


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """`use` as the nic has it; empty: nobody. `name` empty where it has none, or is not the caller's to see."""

    use: NicUse
    id: str
    name: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    nic: Nic
    holder: Holder


def holders(house: House, call: Call, nics: Sequence[Nic]) -> dict[NicId, Holder]:
    """By nic."""
    allow(call, "nic.read")
    return house.store.read(lambda tx: _holders(tx, call, nics))


def members(house: House, call: Call, group_id: GroupId, most: int) -> list[Held]:
    """Nics of the caller's project that a security group filters, oldest first, at most so many."""
    allow(call, "nic.read")
    query = Query(filters=(eq("group_ids", group_id), alive()), order=(Order("created_at"),), limit=most)

    def read(tx: Transaction) -> list[Held]:
        nics = tx.nics.find(query.where(*NICS.listed(tx, call)))
        found = _holders(tx, call, nics)
        return [Held(nic=n, holder=found[n.id]) for n in nics]

    return house.store.read(read)


def member_counts(house: House, call: Call, group_ids: Sequence[GroupId]) -> dict[GroupId, int]:
    """How many nics of the caller's project each group filters."""
    allow(call, "nic.read")

    def read(tx: Transaction) -> dict[GroupId, int]:
        own = NICS.listed(tx, call)
        return {g: tx.nics.count(Query(filters=(eq("group_ids", g), alive(), *own))) for g in group_ids}

    return house.store.read(read)


def _holders(tx: Transaction, call: Call, nics: Sequence[Nic]) -> dict[NicId, Holder]:
    names: dict[str, str] = {}
    for instance in tx.instances.many(tuple({n.instance_id for n in nics if n.instance_id})):
        if instance.project_id == call.actor.project_id or reading.sees_all(call):
            names[instance.id] = instance.name
    for vpc in tx.vpcs.many(tuple({n.vpc_id for n in nics if n.vpc_id})):
        if vpc.project_id == call.actor.project_id or reading.sees_all(call):
            names[vpc.id] = vpc.name
    return {n.id: _holder(n, names) for n in nics}


def _holder(nic: Nic, names: dict[str, str]) -> Holder:
    held_by = (nic.instance_id if nic.use == "instance" else nic.vpc_id or nic.device_id) or ""
    return Holder(use=nic.use, id=held_by, name=names.get(held_by, ""))
