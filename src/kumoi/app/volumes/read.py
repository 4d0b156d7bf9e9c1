"""Looking at volumes: one, a page, or with all that a detailed answer shows."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.attachments import Attachment
from kumoi.core.call import Call
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host
from kumoi.core.ids import VolumeId
from kumoi.core.policy import allow, may, sees
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.storage_pools import host_of
from kumoi.core.volumes import Volume, VolumeObservation

METADATA = "metadata"


class VolumeView(msgspec.Struct, frozen=True, kw_only=True):
    """A volume with what belongs to it. `host`: whose pool keeps it; `hosts`: where the instances run that have it,
    by instance; `labels` by namespace."""

    volume: Volume
    seen: VolumeObservation | None
    host: Host | None
    attachments: tuple[Attachment, ...]
    hosts: dict[str, Host]
    labels: dict[str, dict[str, str]]
    type_name: str | None

    @property
    def metadata(self) -> dict[str, str]:
        return self.labels.get(METADATA, {})


def get(house: House, call: Call, volume_id: VolumeId) -> VolumeView:
    """NotFound for one that is gone, or another project's."""
    allow(call, "volume.read")
    return house.store.read(lambda tx: views(tx, [visible(tx, call, volume_id)])[0])


def find(house: House, call: Call, query: Query, *, all_projects: bool = False) -> list[VolumeView]:
    """A page of the caller's project (or of all, for those who may), in few statements whatever its length."""
    allow(call, "volume.read")
    return house.store.read(lambda tx: views(tx, tx.volumes.find(_within(call, query, all_projects=all_projects))))


def count(house: House, call: Call, query: Query, *, all_projects: bool = False) -> int:
    allow(call, "volume.read")
    return house.store.read(lambda tx: tx.volumes.count(_within(call, query, all_projects=all_projects)))


def _within(call: Call, query: Query, *, all_projects: bool) -> Query:
    if all_projects:
        allow(call, "volume.all_projects")
        return query.where(alive())
    return query.where(eq("project_id", call.project_id), alive())


def visible(tx: Transaction, call: Call, volume_id: VolumeId) -> Volume:
    """The living volume, if the caller may see it."""
    volume = tx.volumes.get(volume_id)
    if volume is None or volume.deleted_at is not None or not sees(call, volume.project_id, "volume.all_projects"):
        raise NotFound("storage", kind="volume", id=volume_id)
    return volume


def views(tx: Transaction, found: list[Volume]) -> list[VolumeView]:
    ids = tuple(v.id for v in found)
    if not ids:
        return []
    held: dict[str, list[Attachment]] = {}
    for one in tx.attachments.find(Query(filters=(is_in("volume_id", ids),))):
        held.setdefault(one.volume_id, []).append(one)
    instances = tuple({a.instance_id for those in held.values() for a in those if a.instance_id is not None})
    placed = tx.placements.find(Query(filters=(is_in("instance_id", instances),))) if instances else []
    pools = {host_of(v.pool_id) for v in found if v.pool_id is not None}
    hosts = {h.id: h for h in tx.hosts.many(tuple({*pools, *(p.host_id for p in placed)}))}
    homes = {p.instance_id: hosts[p.host_id] for p in placed if p.host_id in hosts}
    kinds = {t.id: t.name for t in tx.volume_types.many(tuple({v.type_id for v in found if v.type_id is not None}))}
    seen = {o.id: o for o in tx.volume_observations.many(ids)}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for label in tx.labels.of("volume", ids):
        labels.setdefault(label.resource_id, {}).setdefault(label.namespace, {})[label.key] = label.value
    return [
        VolumeView(
            volume=volume,
            seen=seen.get(volume.id),
            host=hosts.get(host_of(volume.pool_id)) if volume.pool_id is not None else None,
            attachments=tuple(sorted(held.get(volume.id, ()), key=lambda a: (a.created_at, a.id))),
            hosts={
                a.instance_id: homes[a.instance_id]
                for a in held.get(volume.id, ())
                if a.instance_id is not None and a.instance_id in homes
            },
            labels=labels.get(volume.id, {}),
            type_name=kinds.get(volume.type_id) if volume.type_id is not None else None,
        )
        for volume in found
    ]


def sees_host(call: Call) -> bool:
    """Whether pools and hosts may be shown."""
    return may(call, "volume.see_host")
