"""Stand-ins: deleted nics, made so, that hold what a host may still have of a nic that goes on living.

A nic that has a new address, or moves to another host, leaves one behind; what a report proves lets it go
(`letting_go`). Until then nobody else is given the address.
"""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks.addresses import release_fixed
from kumoi.app.networks.reservations import release
from kumoi.contracts.store import Transaction
from kumoi.core.ids import HostId, NicId
from kumoi.core.nics import FixedIp, Nic
from kumoi.core.query import Query, eq
from kumoi.core.quotas import Claim


def leave_addresses(tx: Transaction, house: House, nic: Nic, gone: tuple[FixedIp, ...]) -> None:
    """Let addresses of a living nic go: at once where no host has it, else by a stand-in with their claims."""
    if nic.host_id is None:
        release_fixed(tx, nic, gone)
        return
    claims = (tx.claims.get("address", f"{ip.subnet_id}/{ip.address}") for ip in gone)
    held = [claim for claim in claims if claim is not None and claim.owner == nic.id]
    if held:
        _hand_over(tx, held, _leave(tx, house, nic, gone))


def leave_host(tx: Transaction, house: House, nic: Nic, host_id: HostId | None) -> None:
    """Before a nic is plugged in on `host_id`: where another host may have it, a stand-in waits for that one's word."""
    if nic.host_id is not None and nic.host_id != host_id:
        _leave(tx, house, nic, ())


def release_nic(tx: Transaction, nic: Nic) -> None:
    """The nic's row, every claim it owns, and what its host kept for it. What another host may still have of it is
    held on by the stand-in there."""
    origin = nic.stands_for or nic.id
    others = [o for o in tx.nics.find(Query(filters=(eq("stands_for", origin),))) if o.id != nic.id]
    if others:
        _hand_over(tx, tx.claims.of(nic.id), others[0].id)
    tx.nics.remove(nic.id)
    tx.claims.drop_owner(nic.id)
    release(tx, nic)


def _leave(tx: Transaction, house: House, nic: Nic, fixed_ips: tuple[FixedIp, ...]) -> NicId:
    now = house.clock.now()
    stand_in = replace(
        nic,
        id=NicId(house.chance.uuid()),
        stands_for=nic.id,
        fixed_ips=fixed_ips,
        instance_id=None,
        device_id="",
        group_ids=(),
        pairs=(),
        generation=1,
        created_at=now,
        updated_at=now,
        deleted_at=now,
    )
    tx.nics.insert(stand_in)
    return stand_in.id


def _hand_over(tx: Transaction, claims: list[Claim], owner: NicId) -> None:
    for claim in claims:
        tx.claims.drop(claim.kind, claim.key)
        tx.claims.take(replace(claim, owner=owner))
