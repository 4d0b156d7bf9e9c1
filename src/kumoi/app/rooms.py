"""A remembered picture of the hosts and their free room, so that scheduling reads nothing inside a transaction.

It may be a second old: the claim inside the transaction is what counts, and a refusal looks afresh first.
"""

import threading

from kumoi.contracts.store import Store, Transaction
from kumoi.core.aggregates import metadata_of, zone_of
from kumoi.core.query import Query, eq
from kumoi.core.quotas import UNLIMITED, host_scope
from kumoi.planning.scheduling import Room

KEPT_S = 1.0


class Rooms:
    """Shared by all doors of a process; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._rooms: list[Room] = []
        self._at = float("-inf")

    def look(self, now: float, *, afresh: bool = False) -> list[Room]:
        """Hosts with what is left of them, at most a second old; from the database if `afresh`."""
        with self._lock:
            if not afresh and 0 <= now - self._at < KEPT_S:
                return self._rooms
        found = self._store.read(_rooms)  # outside the lock: whoever writes must not wait for a read
        with self._lock:
            self._rooms, self._at = found, now
        return found

    def forget(self) -> None:
        """What is remembered is old: a host came, went or changed."""
        with self._lock:
            self._at = float("-inf")

    def took(self, host_id: str, amounts: dict[str, int]) -> None:
        """Remember a claim that was just won, so that the next one looks elsewhere first."""
        with self._lock:
            for room in self._rooms:
                if room.host.id == host_id:
                    for resource, amount in amounts.items():
                        free = room.free.get(resource)
                        if free is not None:
                            room.free[resource] = free - amount
                    return


def _rooms(tx: Transaction) -> list[Room]:
    counters: dict[str, dict[str, int | None]] = {}
    for counter in tx.counters.under("host/"):
        left = None if counter.most == UNLIMITED else counter.most - counter.used
        counters.setdefault(counter.scope, {})[counter.resource] = left
    aggregates = tx.aggregates.find(Query())
    written = tx.resource_providers.find(Query(filters=(eq("is_host", True),)))
    traits: dict[str, frozenset[str]] = {row.id: frozenset(row.traits) for row in written}
    return [
        Room(
            host=host,
            free=counters.get(host_scope(host.id), {}),
            zone=zone_of(host.id, aggregates),
            said=metadata_of(host.id, aggregates),
            traits=traits.get(host.id, frozenset()),
        )
        for host in tx.hosts.find(Query())
    ]
