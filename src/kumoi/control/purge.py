"""What has had its time goes: tombstones past their retention, things that no host ever had, old events and tokens."""

from typing import Any

import msgspec

from kumoi.app.house import House
from kumoi.app.networks.stand_ins import release_nic
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.rows import Rows
from kumoi.core.ids import SectionKey, group_section, network_section
from kumoi.core.image_tasks import KEPT_S
from kumoi.core.query import Filter, Query, eq, is_in
from kumoi.core.query import Order as By
from kumoi.core.web_sessions import IDLE_MOST_S

PAGE = 200
SHARED = ("network/", "group/")
SPARE_TOMBSTONES = 100


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    instances_s: float = 3600.0
    events_s: float = 30 * 86400.0
    rest_s: float = 3600.0


def purge(house: House, keep: Retention) -> int:
    """One sweep; returns how many rows went. Claims in quarantine are not its business: proof releases them."""
    now = house.clock.now()
    crowded = house.store.read(_crowded)
    return house.store.write(lambda tx: _sweep(tx, keep, now) + _thin(tx, crowded))


def _crowded(tx: Transaction) -> list[SectionKey]:
    return [section for prefix in SHARED for section in tx.sections.crowded(prefix, SPARE_TOMBSTONES)]


def _thin(tx: Transaction, crowded: list[SectionKey]) -> int:
    """A host that has not heard of these tombstones gets the whole section instead."""
    for section in crowded[:PAGE]:
        tx.sections.thin(section)
    return len(crowded[:PAGE])


def _sweep(tx: Transaction, keep: Retention, now: float) -> int:
    return (
        _instances(tx, now - keep.instances_s)
        + _nics(tx)
        + _tombstones(tx, now - keep.rest_s)
        + _volumes(tx, now - keep.rest_s)
        + _layers(tx, now - keep.rest_s)
        + _tokens(tx, now)
        + _sessions(tx, now)
        + _console_tokens(tx, now - keep.rest_s)
        + _image_tasks(tx, now - KEPT_S)
        + _messages(tx, now)
        + tx.events.drop_before(now - keep.events_s)
    )


def _instances(tx: Transaction, before: float) -> int:
    """Deleted instances that no host holds any more; those of a silent host hold up nobody else."""
    query = Query(filters=(Filter("deleted_at", "lt", before),), order=(By("deleted_at"),), limit=PAGE)
    found: list[str] = []
    while len(found) < PAGE and (page := [one.id for one in tx.instances.find(query)]):
        held = {p.instance_id for p in tx.placements.find(Query(filters=(is_in("instance_id", tuple(page)),)))}
        found += [one for one in page if one not in held]
        query = msgspec.structs.replace(query, marker=page[-1])
    for one in found:
        tx.labels.drop("instance", one)
        tx.claims.drop_owner(one)
        tx.counters.give_back(one)
        tx.instances.remove(one)
    return len(found)


def _messages(tx: Transaction, now: float) -> int:
    past = tx.volume_messages.find(Query(filters=(Filter("expires_at", "le", now),), limit=PAGE))
    for one in past:
        tx.volume_messages.remove(one.id)
    return len(past)


def _nics(tx: Transaction) -> int:
    """Deleted nics that never had a host: nothing is left to prove."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "null", False), Filter("host_id", "null", True)), limit=PAGE)
    for nic in tx.nics.find(query):
        release_nic(tx, nic)
        gone += 1
    return gone


def _tombstones(tx: Transaction, before: float) -> int:
    """Rows that only their retention keeps."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "lt", before),), limit=PAGE)
    for subnet in tx.subnets.find(query):
        gone += _drop(tx, subnet.id, tx.subnets.remove(subnet.id))
    for network in tx.networks.find(msgspec.structs.replace(query, limit=None)):
        if not tx.nics.count(Query(filters=(eq("network_id", network.id),))):
            gone += _drop(tx, network.id, tx.networks.remove(network.id))
            tx.sections.drop(network_section(network.id))
    for address in tx.public_addresses.find(query):
        gone += _drop(tx, address.id, tx.public_addresses.remove(address.id))
    for group in tx.security_groups.find(query):
        gone += _drop(tx, group.id, tx.security_groups.remove(group.id))
        tx.sections.drop(group_section(group.id))
    for image in tx.images.find(query):
        gone += _drop(tx, image.id, tx.images.remove(image.id))
    return gone


def _volumes(tx: Transaction, before: float) -> int:
    """Deleted volumes and snapshots that no pool holds any more."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "lt", before),), order=(By("deleted_at"),), limit=PAGE)
    for volume in tx.volumes.find(query):
        if tx.volume_observations.get(volume.id) is None and not tx.counters.allocations(volume.id):
            tx.labels.drop("volume", volume.id)
            gone += _drop(tx, volume.id, tx.volumes.remove(volume.id))
    for snapshot in tx.volume_snapshots.find(query):
        if tx.snapshot_observations.get(snapshot.id) is None:
            tx.labels.drop("volume_snapshot", snapshot.id)
            gone += _drop(tx, snapshot.id, tx.volume_snapshots.remove(snapshot.id))
    for backup in tx.backups.find(query):
        tx.labels.drop("backup", backup.id)
        gone += _drop(tx, backup.id, tx.backups.remove(backup.id))
    return gone


def _drop(tx: Transaction, owner: str, removed: bool) -> int:
    tx.claims.drop_owner(owner)
    return int(removed)


def _layers(tx: Transaction, before: float) -> int:
    """Layers that no image, instance, volume, backup or other layer points to. A young one may just be coming into
    use."""
    parents = {layer.parent_id for layer in tx.layers.find(Query(filters=(Filter("parent_id", "null", False),)))}
    old = Query(filters=(Filter("created_at", "lt", before),), order=(By("created_at"),))
    free = [one for one in tx.layers.find(old) if one.id not in parents and not _needed(tx, one.id)][:PAGE]
    for layer in free:
        tx.layers.remove(layer.id)
    return len(free)


def _needed(tx: Transaction, layer_id: str) -> bool:
    of_it = Query(filters=(eq("layer_id", layer_id),))
    if tx.images.count(of_it) or tx.volumes.count(of_it) or tx.backups.count(of_it):
        return True
    return bool(tx.instances.count(Query(filters=(eq("root_layer_id", layer_id),))))


def _tokens(tx: Transaction, now: float) -> int:
    """Those that were taken back and have ended since, and OAuth's."""
    past = Query(filters=(Filter("expires_at", "lt", now),), limit=PAGE)
    gone = 0
    rows: Rows[Any]
    for rows in (tx.revoked_tokens, tx.oauth_requests, tx.oauth_accesses):
        for token in rows.find(past):
            gone += rows.remove(token.id)
    return gone


def _sessions(tx: Transaction, now: float) -> int:
    """Browsers that were not seen for so long that they must sign in again."""
    query = Query(filters=(Filter("seen_at", "lt", now - IDLE_MOST_S),), limit=PAGE)
    idle = tx.web_sessions.find(query)
    for session in idle:
        tx.web_sessions.remove(session.id)
    return len(idle)


def _image_tasks(tx: Transaction, before: float) -> int:
    """Those that ended long ago."""
    ended = (Filter("updated_at", "lt", before), is_in("status", ("success", "failure")))
    old = tx.image_tasks.find(Query(filters=ended, limit=PAGE))
    for task in old:
        tx.image_tasks.remove(task.id)
    return len(old)


def _console_tokens(tx: Transaction, before: float) -> int:
    """Kept a while after their time, so that who comes late is told why."""
    old = tx.console_tokens.find(Query(filters=(Filter("expires_at", "lt", before),), limit=PAGE))
    for token in old:
        tx.console_tokens.remove(token.id)
    return len(old)
