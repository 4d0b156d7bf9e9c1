"""What has had its time goes: tombstones past their retention, things that no host ever had, old events and tokens."""

from functools import partial

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.query import Filter, Query, eq
from kumoi.core.query import Order as By

PAGE = 200


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    instances_s: float = 3600.0
    events_s: float = 30 * 86400.0
    rest_s: float = 3600.0


def purge(house: House, keep: Retention) -> int:
    """One sweep; returns how many rows went. Claims in quarantine are not its business: proof releases them."""
    now = house.clock.now()
    return house.store.write(lambda tx: _sweep(tx, keep, now)) + _collect_layers(house, now - keep.rest_s)


def _sweep(tx: Transaction, keep: Retention, now: float) -> int:
    return (
        _instances(tx, now - keep.instances_s)
        + _nics(tx)
        + _tombstones(tx, now - keep.rest_s)
        + _tokens(tx, now)
        + tx.events.drop_before(now - keep.events_s)
    )


def _instances(tx: Transaction, before: float) -> int:
    """Deleted instances that no host holds any more."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "lt", before),), order=(By("deleted_at"),), limit=PAGE)
    for one in tx.instances.find(query):
        if tx.placements.count(Query(filters=(eq("instance_id", one.id),))):
            continue
        tx.labels.drop("instance", one.id)
        tx.claims.drop_owner(one.id)
        tx.counters.give_back(one.id)
        tx.instances.remove(one.id)
        gone += 1
    return gone


def _nics(tx: Transaction) -> int:
    """Deleted nics that never had a host: nothing is left to prove."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "null", False), Filter("host_id", "null", True)), limit=PAGE)
    for nic in tx.nics.find(query):
        tx.nics.remove(nic.id)
        tx.claims.drop_owner(nic.id)
        gone += 1
    return gone


def _tombstones(tx: Transaction, before: float) -> int:
    """Rows that only their retention keeps."""
    gone = 0
    query = Query(filters=(Filter("deleted_at", "lt", before),), limit=PAGE)
    for subnet in tx.subnets.find(query):
        gone += _drop(tx, subnet.id, tx.subnets.remove(subnet.id))
    for network in tx.networks.find(query):
        if not tx.nics.count(Query(filters=(eq("network_id", network.id),))):
            gone += _drop(tx, network.id, tx.networks.remove(network.id))
    for address in tx.public_addresses.find(query):
        gone += _drop(tx, address.id, tx.public_addresses.remove(address.id))
    for group in tx.security_groups.find(query):
        gone += _drop(tx, group.id, tx.security_groups.remove(group.id))
    for image in tx.images.find(query):
        gone += _drop(tx, image.id, tx.images.remove(image.id))
    return gone


def _drop(tx: Transaction, owner: str, removed: bool) -> int:
    tx.claims.drop_owner(owner)
    return int(removed)


def _collect_layers(house: House, before: float) -> int:
    """Layers that no image and no instance points to go, then their bytes. One that is young may just be coming
    into use."""

    def write(tx: Transaction) -> list[str]:
        old = tx.layers.find(Query(filters=(Filter("created_at", "lt", before),), order=(By("created_at"),)))
        parents = {layer.parent_id for layer in old}
        free = [layer for layer in old if layer.id not in parents and not _needed(tx, layer.id)][:PAGE]
        for layer in free:
            tx.layers.remove(layer.id)
        return [layer.sha256 for layer in free]

    gone = house.store.write(write)
    for sha256 in gone:
        again = Query(filters=(eq("sha256", sha256),))
        if not house.store.read(partial(_count_layers, query=again)):
            house.blobs.remove(sha256)
    return len(gone)


def _needed(tx: Transaction, layer_id: str) -> bool:
    images = tx.images.count(Query(filters=(eq("layer_id", layer_id),)))
    return bool(images or tx.instances.count(Query(filters=(eq("root_layer_id", layer_id),))))


def _count_layers(tx: Transaction, query: Query) -> int:
    return tx.layers.count(query)


def _tokens(tx: Transaction, now: float) -> int:
    stale = tx.revoked_tokens.find(Query(filters=(Filter("expires_at", "lt", now),), limit=PAGE))
    for token in stale:
        tx.revoked_tokens.remove(token.id)
    return len(stale)
