"""What a report proves of nics that were deleted while a host had them: their row and claims may go.

The proof is the host's own section: the host acted on all of it, no entry in it names the nic (or the public address
that the nic claimed), and neither the nic nor a router in trouble is seen there. It holds for an instance's nics and a
router's alike, and needs no section that the host may have stopped following.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from kumoi.contracts.store import Transaction
from kumoi.core.conditions import Ready
from kumoi.core.hosts import Host
from kumoi.core.ids import host_section
from kumoi.core.nics import Nic
from kumoi.core.plan import Entry, InstanceEntry, Report, VpcEntry, entry_id
from kumoi.core.query import Filter, Query, alive, eq


def let_nics_go(tx: Transaction, host: Host, report: Report) -> None:
    """Remove this host's deleted nics that the report proves it has let go, with all they claim; unplugged living ones
    are nobody's again."""
    own = host_section(host.id)
    if report.acted.get(own, 0) < tx.sections.serial(own):
        return
    deleted = tx.nics.find(Query(filters=(eq("host_id", host.id), Filter("deleted_at", "null", False))))
    unplugged = tx.nics.find(Query(filters=(eq("host_id", host.id), eq("use", ""), alive())))
    if not deleted and not unplugged:
        return
    delta = tx.sections.delta(own, 0)
    kept = _named(delta.entries if delta is not None else ()) | _troubled(report)
    for nic in deleted:
        if kept.isdisjoint(_names(nic)):
            tx.nics.remove(nic.id)
            tx.claims.drop_owner(nic.id)
    for nic in unplugged:
        if kept.isdisjoint(_names(nic)):
            tx.nics.save(replace(nic, host_id=None))


def _names(nic: Nic) -> set[str]:
    """By what a plan or a report would name it."""
    names = {entry_id("nic", nic.id)}
    if nic.vpc_id is not None:
        names.add(entry_id("vpc", nic.vpc_id))
    if nic.use == "public_address":
        names |= {f"public/{nic.vpc_id}/{ip.address}" for ip in nic.fixed_ips}
    return names


def _named(entries: Iterable[Entry]) -> set[str]:
    """What the present entries name."""
    found: set[str] = set()
    for entry in entries:
        if isinstance(entry.body, UnsetType):
            continue
        if entry.id.startswith("instance/"):
            instance = msgspec.json.decode(entry.body, type=InstanceEntry)
            found |= {entry_id("nic", plug.nic_id) for plug in instance.nics}
        elif entry.id.startswith("vpc/"):
            vpc = msgspec.json.decode(entry.body, type=VpcEntry)
            legs = (*vpc.legs, vpc.gateway) if vpc.gateway is not None else vpc.legs
            found |= {entry_id("nic", leg.nic_id) for leg in legs}
            found |= {f"public/{vpc.id}/{floating.public}" for floating in vpc.floating}
    return found


def _troubled(report: Report) -> set[str]:
    """Nics that are seen, and routers that are not as wished."""
    return {
        thing.entry
        for thing in report.things
        if thing.entry.startswith("nic/") or (thing.entry.startswith("vpc/") and not isinstance(thing.condition, Ready))
    }
