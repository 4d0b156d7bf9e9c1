"""Why a thing is as it is: all that is known of one thing, whatever it is called by, out of one snapshot.

What may be concluded from it is `planning.diagnosis`; words for it are made at the edge.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from kumoi.app.finding import found_one
from kumoi.app.house import House
from kumoi.app.volumes.writing import attachments_of
from kumoi.app.why_fields import shown_to_owner, whole
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Condition, Ready
from kumoi.core.events import Event
from kumoi.core.hosts import Host
from kumoi.core.ids import (
    NetworkId,
    NicId,
    SectionKey,
    ec2_id,
    group_section,
    host_section,
    network_section,
)
from kumoi.core.instances import Instance, Observation, Placement
from kumoi.core.nics import Nic, status_of
from kumoi.core.plan import EntryKind, entry_id
from kumoi.core.policy import allow, may
from kumoi.core.query import Order, Query, alive, eq, is_in
from kumoi.core.quotas import Allocation, Claim
from kumoi.core.storage_pools import host_of
from kumoi.core.troubles import Trouble
from kumoi.core.volume_snapshots import VolumeSnapshot
from kumoi.core.volume_snapshots import condition_of as condition_of_snapshot
from kumoi.core.volumes import Volume
from kumoi.core.volumes import condition_of as condition_of_volume
from kumoi.planning import diagnosis
from kumoi.planning.diagnosis import Planned, Surroundings

EVENTS_SHOWN = 10
# Hosts hear of these by what makes use of them.
_TOLD_TO_NO_HOST = frozenset({"subnet_pool", "address_scope", "address_group", "qos_policy", "metering_label"})
_HIDDEN_CLAIMS = frozenset({"mark", "vni", "vlan"})


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Another thing on which this one hangs, or the other way round."""

    kind: str
    id: str
    name: str
    status: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """`intent`: the row's fields, those of `why_fields` for callers who may not see hosts; for these, hosts, placements
    and the plan are empty."""

    kind: str
    id: str
    name: str
    ec2_id: str
    status: str
    condition: Condition
    intent: dict[str, Any]
    seen: Observation | None = None
    hosts: tuple[Host, ...] = ()
    placements: tuple[Placement, ...] = ()
    plan: tuple[Planned, ...] = ()
    claims: tuple[Claim, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    related: tuple[Related, ...] = ()
    events: tuple[Event, ...] = ()


def explain(house: House, call: Call, called: str) -> Why:
    """`called`: an id, a name, an EC2 id, or a device's or namespace's name. NotFound; Invalid (several)."""
    allow(call, "why.read")
    return house.store.read(lambda tx: _explain(tx, call, called))


def _explain(tx: Transaction, call: Call, called: str) -> Why:
    kind, row = found_one(tx, call, called)
    found = _Look(tx, call).at(kind.name, row)
    events = tx.events.find(
        Query(filters=(eq("resource_id", row.id),), order=(Order("seq", descending=True),), limit=EVENTS_SHOWN)
    )
    full = msgspec.structs.replace(
        found,
        ec2_id=ec2_id(kind.prefix, row.id) if kind.prefix else "",
        events=tuple(events),
        claims=tuple(tx.claims.of(row.id)),
        allocations=tuple(tx.counters.allocations(row.id)),
    )
    return full if may(call, "instance.see_host") else _without_hosts(full)


# --- looking ----------------------------------------------------------------------------------------


class _Look:
    """At one thing of each kind."""

    def __init__(self, tx: Transaction, call: Call) -> None:
        self._tx = tx
        self._now = call.now

    def at(self, kind: str, row: Any) -> Why:
        special: dict[str, Callable[[Any], Why]] = {
            "instance": self._instance, "nic": self._nic, "vpc": self._vpc, "public_address": self._public,
            "trunk": self._trunk, "port_forwarding": self._forwarding, "volume": self._volume,
            "volume_snapshot": self._snapshot,
        }  # fmt: skip
        look = special.get(kind)
        return look(row) if look else self._other(kind, row)

    def _instance(self, one: Instance) -> Why:
        placements = self._tx.placements.find(Query(filters=(eq("instance_id", one.id),)))
        hosts = tuple(self._tx.hosts.many(tuple(p.host_id for p in placements)))
        plan = tuple(self._planned(host_section(p.host_id), entry_id("instance", one.id)) for p in placements)
        seen = self._tx.observations.get(one.id)
        around = Surroundings(hosts=hosts, plan=plan, deleted=one.deleted_at is not None)
        nics = self._tx.nics.find(Query(filters=(eq("instance_id", one.id), alive())))
        return Why(
            kind="instance",
            id=one.id,
            name=one.name,
            ec2_id="",
            status=one.status,
            condition=diagnosis.of_instance(one, seen, around, self._now),
            intent=whole(one),
            seen=seen,
            hosts=hosts,
            placements=tuple(placements),
            plan=plan,
            related=(*(self._related_nic(n) for n in nics), *self._addresses(nics)),
        )

    def _volume(self, volume: Volume) -> Why:
        """And the instances that have it."""
        known = condition_of_volume(volume, self._tx.volume_observations.get(volume.id))
        having = tuple(a.instance_id for a in attachments_of(self._tx, volume.id) if a.instance_id is not None)
        related = tuple(
            Related(kind="instance", id=one.id, name=one.name, status=one.status)
            for one in self._tx.instances.many(having)
        )
        return self._kept("volume", volume, entry_id("volume", volume.id), known, related)

    def _snapshot(self, snapshot: VolumeSnapshot) -> Why:
        known = condition_of_snapshot(snapshot, self._tx.snapshot_observations.get(snapshot.id))
        return self._kept("volume_snapshot", snapshot, entry_id("snapshot", snapshot.id), known, ())

    def _kept(
        self, kind: str, row: Volume | VolumeSnapshot, entry: str, known: Condition | None,
        related: tuple[Related, ...],
    ) -> Why:  # fmt: skip
        """In a pool of a host: what that says of it, or how far its plan has come."""
        host_id = host_of(row.pool_id) if row.pool_id is not None else None
        around = Surroundings(
            hosts=tuple(self._tx.hosts.many((host_id,))) if host_id is not None else (),
            plan=[self._planned(host_section(host_id), entry)] if host_id is not None else [],
            deleted=row.deleted_at is not None,
        )
        condition = known if known is not None and not around.deleted else diagnosis.of_other(around, self._now)
        return self._why(kind, row, row.status, condition, around, related)

    def _nic(self, nic: Nic) -> Why:
        """Its instance's troubles are its own."""
        plan = [self._planned(network_section(nic.network_id), entry_id("nic", nic.id))]
        plan += [self._planned(group_section(g), entry_id("member", nic.id)) for g in nic.group_ids]
        one = self._tx.instances.get(nic.instance_id) if nic.instance_id else None
        hosts = tuple(self._tx.hosts.many((nic.host_id,))) if nic.host_id else ()
        troubles = self._troubles("nic", nic.id)
        around = Surroundings(hosts=hosts, plan=plan, troubles=troubles, deleted=nic.deleted_at is not None)
        of_one = self._instance(one) if one is not None else None
        related = (_as_related(of_one),) if of_one is not None else ()
        condition = diagnosis.of_other(around, self._now)
        if of_one is not None and not around.deleted and not troubles:
            condition = of_one.condition
        status = self._nic_status(nic)
        return self._why("nic", nic, status, condition, around, related)

    def _vpc(self, vpc: Any) -> Why:
        hosts = tuple(self._tx.hosts.many((vpc.host_id,))) if vpc.host_id else ()
        plan = [self._planned(host_section(vpc.host_id), entry_id("vpc", vpc.id))] if vpc.host_id else []
        troubles = self._troubles("vpc", vpc.id)
        around = Surroundings(hosts=hosts, plan=plan, troubles=troubles, deleted=vpc.deleted_at is not None)
        legs = self._tx.nics.find(Query(filters=(eq("vpc_id", vpc.id), alive())))
        condition = diagnosis.of_router(around, self._now, wanted=bool(legs))
        status = "active" if vpc.host_id else "down"
        return self._why("vpc", vpc, status, condition, around, tuple(self._related_nic(n) for n in legs))

    def _public(self, address: Any) -> Why:
        """It is led by its router, to its nic."""
        vpc = self._tx.vpcs.get(address.vpc_id) if address.vpc_id else None
        nic = self._tx.nics.get(address.nic_id) if address.nic_id else None
        related = tuple(_as_related(look) for look in (vpc and self._vpc(vpc), nic and self._nic(nic)) if look)
        around = Surroundings(deleted=address.deleted_at is not None)
        condition = self._vpc(vpc).condition if vpc is not None else diagnosis.of_other(around, self._now)
        status = "active" if nic is not None else "down"
        return self._why("public_address", address, status, condition, around, related)

    def _trunk(self, trunk: Any) -> Why:
        """It fares as its own nic does."""
        nic, *carried = (self._nic(n) for n in self._nics(trunk.nic_id, *(one.nic_id for one in trunk.subports)))
        related = tuple(_as_related(look) for look in (nic, *carried))
        return self._why("trunk", trunk, nic.status, nic.condition, Surroundings(), related)

    def _forwarding(self, forwarding: Any) -> Why:
        """It fares as its router does."""
        public = self._tx.public_addresses.get(forwarding.public_id)
        around = [self._public(public)] if public is not None else []
        around += [self._nic(nic) for nic in self._nics(forwarding.nic_id)]
        status, condition = (around[0].status, around[0].condition) if around else ("down", Ready())
        related = tuple(_as_related(look) for look in around)
        return self._why("port_forwarding", forwarding, status, condition, Surroundings(), related)

    def _nics(self, *ids: str) -> list[Nic]:
        """In the order that is asked for."""
        found = {nic.id: nic for nic in self._tx.nics.many(ids)}
        return [found[NicId(i)] for i in ids if i in found]

    def _other(self, kind: str, row: Any) -> Why:
        if kind in _TOLD_TO_NO_HOST:
            around = Surroundings(deleted=getattr(row, "deleted_at", None) is not None)
            return self._why(kind, row, "active", diagnosis.of_other(around, self._now), around, ())
        if kind == "image":
            condition = diagnosis.of_image(row, self._troubles("image", row.id))
            return self._why(kind, row, row.status, condition, Surroundings(), ())
        if kind == "backup":
            condition = diagnosis.of_backup(row, self._troubles("image", row.id))
            return self._why(kind, row, row.status, condition, Surroundings(), ())
        if kind == "host":
            around = Surroundings(hosts=(row,))
            condition = diagnosis.of_host(row, self._now)
            return self._why(kind, row, "enabled" if row.enabled else "disabled", condition, around, ())
        network_id: NetworkId = row.id if kind == "network" else getattr(row, "network_id", NetworkId(""))
        section = group_section(row.id) if kind == "security_group" else network_section(network_id)
        entry = entry_id("group" if kind == "security_group" else kind, row.id)  # type: ignore[arg-type]
        troubles = self._troubles("network", network_id) if network_id else []
        plan = [self._planned(section, entry)]
        around = Surroundings(plan=plan, troubles=troubles, deleted=row.deleted_at is not None)
        return self._why(kind, row, "active", diagnosis.of_other(around, self._now), around, ())

    def _why(
        self, kind: str, row: Any, status: str, condition: Condition, around: Surroundings,
        related: tuple[Related, ...],
    ) -> Why:  # fmt: skip
        return Why(
            kind=kind,
            id=row.id,
            name=getattr(row, "name", "") or getattr(row, "address", ""),
            ec2_id="",
            status="deleted" if around.deleted else status,
            condition=condition,
            intent=whole(row),
            hosts=tuple(around.hosts),
            plan=tuple(around.plan),
            related=related,
        )

    def _troubles(self, kind: EntryKind, resource_id: str) -> list[Trouble]:
        """The longest first."""
        told = Query(filters=(eq("entry", entry_id(kind, resource_id)),), order=(Order("since"),))
        return self._tx.troubles.find(told)

    def _planned(self, section: SectionKey, entry: str) -> Planned:
        known = self._tx.sections.entry(section, entry)
        return Planned(
            section=section,
            entry=entry,
            serial=known.serial if known else None,
            present=known is not None and known.body is not UNSET,
            newest=self._tx.sections.serial(section),
        )

    def _nic_status(self, nic: Nic) -> str:
        return status_of(nic, self._tx.observations.get(nic.instance_id) if nic.instance_id else None)

    def _related_nic(self, nic: Nic) -> Related:
        called = " ".join((nic.mac, *(ip.address for ip in nic.fixed_ips)))
        return Related(kind="nic", id=nic.id, name=called, status=self._nic_status(nic))

    def _addresses(self, nics: Sequence[Nic]) -> Iterable[Related]:
        led = Query(filters=(is_in("nic_id", tuple(n.id for n in nics)), alive()))
        for found in self._tx.public_addresses.find(led) if nics else ():
            yield Related(kind="public_address", id=found.id, name=found.address, status="active")


def _as_related(why: Why) -> Related:
    return Related(kind=why.kind, id=why.id, name=why.name, status=why.status)


def _without_hosts(why: Why) -> Why:
    """What the owner of a thing may know of it."""
    events = (msgspec.structs.replace(e, facts={k: v for k, v in e.facts.items() if k != "host"}) for e in why.events)
    return msgspec.structs.replace(
        why,
        intent=shown_to_owner(why.kind, why.intent),
        seen=msgspec.structs.replace(why.seen, host_id="") if why.seen else None,
        hosts=(),
        placements=(),
        plan=(),
        claims=tuple(c for c in why.claims if c.kind not in _HIDDEN_CLAIMS),
        allocations=tuple(a for a in why.allocations if not a.provider.startswith(("host/", "pool/"))),
        events=tuple(events),
    )
