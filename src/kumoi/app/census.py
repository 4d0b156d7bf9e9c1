"""The cloud in numbers, for monitoring. No name and no id is among them: it is for whoever may reach /metrics."""

import msgspec

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.contracts.store.sections import Backlog
from kumoi.core.hosts import DOWN_AFTER_S
from kumoi.core.query import Filter, Query, alive, eq
from kumoi.core.quotas import Counter


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """`hosts` by state, and how many of all are `disabled` or `halted`; `troubles`: things of networks that do not
    stand as wished; `instances` by status; `room` by resource, over all hosts, overcommit included."""

    hosts: dict[str, int]
    disabled: int
    halted: int
    troubles: int
    strays: int
    instances: dict[str, int]
    room: dict[str, Counter]
    backlog: Backlog


def census(house: House) -> Census:
    heard = house.clock.now() - DOWN_AFTER_S
    return house.store.read(lambda tx: _counted(tx, heard))


def _counted(tx: Transaction, heard: float) -> Census:
    def hosts(*filters: Filter) -> int:
        return tx.hosts.count(Query(filters=filters))

    present = eq("lost", value=False)
    with_strays = tx.hosts.find(Query(filters=(Filter("strays", "null", value=False),)))
    return Census(
        hosts={
            "up": hosts(present, Filter("seen_at", "ge", heard)),
            "down": hosts(present, Filter("seen_at", "lt", heard)),
            "lost": hosts(eq("lost", value=True)),
        },
        disabled=hosts(eq("enabled", value=False)),
        halted=hosts(Filter("halted", "ne", "")),
        troubles=tx.troubles.count(Query()),
        strays=sum(len(host.strays) for host in with_strays),
        instances=tx.instances.tally("status", Query(filters=(alive(),))),
        room=tx.counters.totals("host/"),
        backlog=tx.sections.backlog(),
    )
