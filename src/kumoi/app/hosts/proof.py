"""What a report proves to be gone, and what may be let go for it: placements, capacity, addresses, marks."""

from kumoi.app.house import House
from kumoi.app.networks.letting_go import let_nics_go
from kumoi.app.networks.stand_ins import release_nic
from kumoi.app.volumes.sight import (
    leaving_of,
    let_attachments_go,
    release_attachments,
    release_snapshot,
    release_volume,
)
from kumoi.contracts.store import Transaction
from kumoi.core.hosts import Host
from kumoi.core.ids import InstanceId, SnapshotId, VolumeId, VpcId, host_section
from kumoi.core.plan import Report
from kumoi.core.query import Filter, Query, alive, eq


def proof_awaited(tx: Transaction, host: Host, report: Report) -> bool:
    """Whether this report may prove something that waits for proof."""
    own = host_section(host.id)
    gone = Query(filters=(eq("host_id", host.id), Filter("deleted_at", "null", False)))
    unplugged = Query(filters=(eq("host_id", host.id), eq("use", ""), alive()))
    return bool(
        tx.sections.tombstones(own, report.acted.get(own, 0))
        or tx.nics.count(gone)
        or tx.nics.count(unplugged)
        or leaving_of(tx, host)
    )


def take_proofs(tx: Transaction, house: House, host: Host, report: Report, now: float) -> None:
    """Purge everything of this host that its report proves absent."""
    own = host_section(host.id)
    there = {f"instance/{s.id}" for s in report.instances} | {t.entry for t in report.things}
    there |= {f"volume/{s.id}" for s in report.volumes} | {f"snapshot/{s.id}" for s in report.snapshots}
    for entry in tx.sections.tombstones(own, report.acted.get(own, 0)):
        if entry in there:
            continue
        kind, _, resource_id = entry.partition("/")
        if kind == "instance":
            release_instance(tx, InstanceId(resource_id), host)
            if not tx.placements.count(Query(filters=(eq("instance_id", resource_id),))):
                release_attachments(tx, house, InstanceId(resource_id), now)
        elif kind == "vpc":
            release_vpc(tx, VpcId(resource_id))
        elif kind == "volume":
            release_volume(tx, VolumeId(resource_id))
        elif kind == "snapshot":
            release_snapshot(tx, SnapshotId(resource_id))
        tx.sections.forget(own, entry)
    let_attachments_go(tx, house, host, report, now)
    let_nics_go(tx, host, report)


def release_instance(tx: Transaction, instance_id: InstanceId, host: Host) -> None:
    """The host no longer has it: its placement there and its capacity go, and with the last placement its nics'
    claims."""
    placed = tx.placements.find(Query(filters=(eq("instance_id", instance_id),)))
    for placement in placed:
        if placement.host_id == host.id:
            tx.placements.remove(placement.id)
    tx.counters.give_back(instance_id, f"host/{host.id}")
    seen = tx.observations.get(instance_id)
    if seen is not None and seen.host_id == host.id:
        tx.observations.remove(instance_id)
    if all(p.host_id == host.id for p in placed):
        gone = Query(filters=(eq("instance_id", instance_id), Filter("deleted_at", "null", False)))
        for nic in tx.nics.find(gone):
            release_nic(tx, nic)


def release_vpc(tx: Transaction, vpc_id: VpcId) -> None:
    vpc = tx.vpcs.get(vpc_id)
    if vpc is not None and vpc.deleted_at is not None:
        tx.vpcs.remove(vpc_id)
        tx.claims.drop_owner(vpc_id)
        for nic in tx.nics.find(Query(filters=(eq("vpc_id", vpc_id), Filter("deleted_at", "null", False)))):
            release_nic(tx, nic)
