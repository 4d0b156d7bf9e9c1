"""What a report proves of nics that were deleted while a host had them: their row and claims may go.

The proof is the host's own section: the host acted on all of it, no entry in it names the nic (or the public address
that the nic claimed), and neither the nic nor a router in trouble is seen there. It holds for an instance's nics and a
router's alike, and needs no section that the host may have stopped following. A stand-in for addresses is proved also
where the host has the nic, and acted on what says that it has other addresses now.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from kumoi.app.networks.reservations import release
from kumoi.app.networks.stand_ins import release_nic
from kumoi.contracts.store import Transaction
from kumoi.core.conditions import Ready
from kumoi.core.hosts import Host
from kumoi.core.ids import host_section, network_section
from kumoi.core.nics import Nic
from kumoi.core.plan import Entry, InstanceEntry, NicEntry, Report, VpcEntry, entry_id
from kumoi.core.query import Filter, Query, alive, eq, is_in
from kumoi.core.vpcs import Leg


def let_nics_go(tx: Transaction, host: Host, report: Report) -> None:
    """Remove this host's deleted nics that the report proves it has let go, with all they claim; unplugged living ones
    are nobody's again."""
    own = host_section(host.id)
    if report.acted.get(own, 0) < tx.sections.serial(own):
        return
    deleted = tx.nics.find(Query(filters=(eq("host_id", host.id), Filter("deleted_at", "null", False))))
    loose = is_in("use", ("", "subport"))  # what a trunk carries is named while the trunk's own nic is plugged in
    unplugged = tx.nics.find(Query(filters=(eq("host_id", host.id), loose, alive())))
    if not deleted and not unplugged:
        return
    delta = tx.sections.delta(own, 0)
    entries = delta.entries if delta is not None else ()
    troubled = _troubled(report)
    kept = _named(entries) | troubled
    for nic in deleted:
        if kept.isdisjoint(_names(nic)) or (nic.fixed_ips and _has_others(tx, nic, report, entries, troubled)):
            release_nic(tx, nic)
    for nic in unplugged:
        if kept.isdisjoint(_names(nic)):
            tx.nics.save(replace(nic, host_id=None))
            release(tx, nic)


def _has_others(tx: Transaction, stand_in: Nic, report: Report, entries: Iterable[Entry], troubled: set[str]) -> bool:
    """Whether the host has other addresses for the nic by now, or the nic has got these back meanwhile."""
    nic_id = stand_in.stands_for
    if nic_id is None or entry_id("vpc", stand_in.vpc_id or "") in troubled:
        return False
    if not tx.claims.of(stand_in.id):
        return True
    lost = {ip.address for ip in stand_in.fixed_ips}
    if not lost.isdisjoint(ip.address for leg in _legs(entries) if leg.nic_id == nic_id for ip in leg.fixed_ips):
        return False
    section = network_section(stand_in.network_id)
    told = tx.sections.entry(section, entry_id("nic", nic_id))
    if told is None:
        return False
    if not isinstance(told.body, UnsetType):
        nic = msgspec.json.decode(told.body, type=NicEntry)
        if not lost.isdisjoint(ip.address for ip in nic.fixed_ips):
            return False
    return section not in report.acted or report.acted[section] >= told.serial


def _names(nic: Nic) -> set[str]:
    """By what a plan or a report would name it."""
    names = {entry_id("nic", nic.stands_for or nic.id)}
    if nic.vpc_id is not None:
        names.add(entry_id("vpc", nic.vpc_id))
    if nic.use == "public_address":
        names |= {f"public/{nic.vpc_id}/{ip.address}" for ip in nic.fixed_ips}
    return names


def _named(entries: Iterable[Entry]) -> set[str]:
    """What the present entries name."""
    found = {entry_id("nic", leg.nic_id) for leg in _legs(entries)}
    for entry in entries:
        if isinstance(entry.body, UnsetType):
            continue
        if entry.id.startswith("instance/"):
            instance = msgspec.json.decode(entry.body, type=InstanceEntry)
            found |= {entry_id("nic", nic_id) for nic_id, _ in instance.all_nics}
        elif entry.id.startswith("vpc/"):
            vpc = msgspec.json.decode(entry.body, type=VpcEntry)
            found |= {f"public/{vpc.id}/{public}" for public in vpc.public}
    return found


def _legs(entries: Iterable[Entry]) -> list[Leg]:
    """Of all routers that the entries have."""
    found: list[Leg] = []
    for entry in entries:
        if entry.id.startswith("vpc/") and not isinstance(entry.body, UnsetType):
            vpc = msgspec.json.decode(entry.body, type=VpcEntry)
            found += vpc.all_legs
    return found


def _troubled(report: Report) -> set[str]:
    """Nics that are seen, and routers that are not as wished."""
    return {
        thing.entry
        for thing in report.things
        if thing.entry.startswith("nic/") or (thing.entry.startswith("vpc/") and not isinstance(thing.condition, Ready))
    }
