"""Shares inside a door's transaction: given, taken back, and who depends on them. The doors of shares are `shares`.

Nothing here authorises: the door that calls has done so.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Taken
from kumoi.core.ids import ProjectId, ShareId
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.shares import EVERYONE, Share, ShareAction, SharedKind, reaches


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is shared, and whose it is."""

    kind: SharedKind
    id: str
    project_id: ProjectId


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What a project made of a thing: while it is there, the project has to reach the thing."""

    project_id: ProjectId
    kind: str
    id: str


def give(tx: Transaction, house: House, call: Call, of: Owned, action: ShareAction, target: str) -> Share:
    """Raises Taken when it is given already."""
    for there in shares_of(tx, of, action):
        if there.target == target:
            raise Taken("network", kind="share", name=there.id)
    share = Share(
        id=ShareId(house.chance.uuid()),
        project_id=call.project_id,
        kind=of.kind,
        object_id=of.id,
        action=action,
        target=target,
        created_at=call.now,
        updated_at=call.now,
    )
    tx.shares.insert(share)
    record(tx, house, call, "share.create", Thing("share", share.id, share.project_id), {"object_id": of.id})
    return share


def take_back(tx: Transaction, house: House, call: Call, of: Owned, share: Share) -> None:
    """InUse while a project depends on it that nothing else lets reach the thing."""
    left = [s.target for s in shares_of(tx, of, share.action) if s.id != share.id]
    check_unneeded(tx, of, share, left)
    tx.shares.remove(share.id)
    tx.counters.give_back(share.id, "project/")
    record(tx, house, call, "share.delete", Thing("share", share.id, share.project_id), {"object_id": of.id})


def set_for_all(tx: Transaction, house: House, call: Call, of: Owned, action: ShareAction, *, wanted: bool) -> None:
    """Whether every project may: what older APIs know as a switch of the thing itself."""
    there = next((s for s in shares_of(tx, of, action) if s.target == EVERYONE), None)
    if wanted and there is None:
        give(tx, house, call, of, action, EVERYONE)
    elif not wanted and there is not None:
        take_back(tx, house, call, of, there)


def drop_shares(tx: Transaction, of: Owned) -> None:
    """With the thing itself."""
    for share in tx.shares.find(Query(filters=(eq("object_id", of.id), eq("kind", of.kind)))):
        tx.shares.remove(share.id)
        tx.counters.give_back(share.id, "project/")


def shares_of(tx: Transaction, of: Owned, action: ShareAction) -> list[Share]:
    return tx.shares.find(Query(filters=(eq("object_id", of.id), eq("kind", of.kind), eq("action", action))))


def check_unneeded(tx: Transaction, of: Owned, share: Share, left: Iterable[str]) -> None:
    """Whether every project that makes use of the thing reaches it by what is left."""
    targets = [of.project_id, *left]
    for use in _USES[of.kind, share.action](tx, of.id):
        if reaches((share.target,), use.project_id) and not reaches(targets, use.project_id):
            raise InUse("network", kind="share", id=share.id, by_kind=use.kind, by_id=use.id, of=of.kind)


# --- who makes use of what ----------------------------------------------------------------------------


def _on_network(tx: Transaction, network_id: str) -> Iterator[Use]:
    for nic in tx.nics.find(Query(filters=(eq("network_id", network_id), alive()))):
        if nic.project_id and nic.use not in {"vpc_gateway", "public_address"}:
            yield Use(project_id=nic.project_id, kind="nic", id=nic.id)


def _out_by_network(tx: Transaction, network_id: str) -> Iterator[Use]:
    gates = tx.nics.find(Query(filters=(eq("network_id", network_id), eq("use", "vpc_gateway"), alive())))
    ids = tuple({nic.vpc_id for nic in gates if nic.vpc_id is not None})
    for vpc in tx.vpcs.find(Query(filters=(is_in("id", ids), alive()))) if ids else ():
        yield Use(project_id=vpc.project_id, kind="vpc_gateway", id=vpc.id)
    for public in tx.public_addresses.find(Query(filters=(eq("network_id", network_id), alive()))):
        yield Use(project_id=public.project_id, kind="public_address", id=public.id)


def _in_scope(tx: Transaction, scope_id: str) -> Iterator[Use]:
    for pool in tx.subnet_pools.find(Query(filters=(eq("scope_id", scope_id), alive()))):
        yield Use(project_id=pool.project_id, kind="subnet_pool", id=pool.id)


def _from_pool(tx: Transaction, pool_id: str) -> Iterator[Use]:
    for subnet in tx.subnets.find(Query(filters=(eq("pool_id", pool_id), alive()))):
        yield Use(project_id=subnet.project_id, kind="subnet", id=subnet.id)


def _shaped_by(tx: Transaction, policy_id: str) -> Iterator[Use]:
    having = Query(filters=(eq("qos_policy_id", policy_id), alive()))
    for network in tx.networks.find(having):
        yield Use(project_id=network.project_id, kind="network", id=network.id)
    for nic in tx.nics.find(having):
        if nic.project_id:
            yield Use(project_id=nic.project_id, kind="nic", id=nic.id)
    for public in tx.public_addresses.find(having):
        yield Use(project_id=public.project_id, kind="public_address", id=public.id)


def _in_group(tx: Transaction, group_id: str) -> Iterator[Use]:
    for nic in tx.nics.find(Query(filters=(eq("group_ids", group_id), alive()))):
        yield Use(project_id=nic.project_id, kind="nic", id=nic.id)
    for rule in tx.security_rules.find(Query(filters=(eq("remote_group_id", group_id),))):
        yield Use(project_id=rule.project_id, kind="security_rule", id=rule.id)


def _by_addresses(tx: Transaction, group_id: str) -> Iterator[Use]:
    for rule in tx.security_rules.find(Query(filters=(eq("remote_address_group_id", group_id),))):
        yield Use(project_id=rule.project_id, kind="security_rule", id=rule.id)


_USES: Final[dict[tuple[SharedKind, ShareAction], Callable[[Transaction, str], Iterator[Use]]]] = {
    ("network", "use"): _on_network,
    ("network", "lead_out"): _out_by_network,
    ("address_scope", "use"): _in_scope,
    ("subnet_pool", "use"): _from_pool,
    ("qos_policy", "use"): _shaped_by,
    ("security_group", "use"): _in_group,
    ("address_group", "use"): _by_addresses,
}
