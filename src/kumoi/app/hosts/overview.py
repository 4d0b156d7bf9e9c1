"""The hosts as an operator looks at them: room, health, what they told, and how their link stands."""

from typing import Final

import msgspec

from kumoi.app.holdings import Holding
from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.conditions import Condition
from kumoi.core.errors import NotFound
from kumoi.core.hosts import Host
from kumoi.core.ids import HostId
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.quotas import Counter, host_scope
from kumoi.core.troubles import Trouble
from kumoi.planning.diagnosis import of_host

ALL: Final = Query()


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """`room` by resource; `guests`: how many instances are placed there; `troubles`: the longest first."""

    host: Host
    room: dict[str, Counter]
    guests: int
    troubles: list[Trouble]
    condition: Condition


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """`holding` is None of a host that did not ask this process yet; `behind`: sections of which it holds no newest."""

    host: Host
    holding: Holding | None
    behind: int


class StrayView(msgspec.Struct, frozen=True, kw_only=True):
    host: Host
    kind: str
    name: str


def find(house: House, call: Call, query: Query = ALL) -> list[HostView]:
    """By name; `query` filters, sorts and pages the hosts."""
    allow(call, "host.read")
    ordered = query if query.order else msgspec.structs.replace(query, order=(Order("name"),))
    return house.store.read(lambda tx: _views(tx, tx.hosts.find(ordered), call.now))


def show(house: House, call: Call, host_id: HostId) -> HostView:
    allow(call, "host.read")

    def read(tx: Transaction) -> HostView:
        host = tx.hosts.get(host_id)
        if host is None:
            raise NotFound("compute", kind="host", id=host_id)
        return _views(tx, [host], call.now)[0]

    return house.store.read(read)


def strays(house: House, call: Call) -> list[StrayView]:
    """All that hosts have in our name and no plan names, by host."""
    allow(call, "host.read")

    hosts = house.store.read(lambda tx: tx.hosts.find(Query(order=(Order("name"),))))
    named = ((host, stray.partition("/")) for host in hosts for stray in host.strays)
    return [StrayView(host=host, kind=kind, name=name) for host, (kind, _, name) in named]


def links(house: House, call: Call) -> list[LinkView]:
    """The sessions of the link, by host."""
    allow(call, "host.read")
    held = house.holdings.all()

    def read(tx: Transaction) -> list[LinkView]:
        serials = {key: tx.sections.serial(key) for key in {k for one in held.values() for k in one.have}}
        found = []
        for host in tx.hosts.find(Query(order=(Order("name"),))):
            holding = held.get(host.id)
            behind = sum(have < serials[key] for key, have in holding.have.items()) if holding is not None else 0
            found.append(LinkView(host=host, holding=holding, behind=behind))
        return found

    return house.store.read(read)


def _views(tx: Transaction, hosts: list[Host], now: float) -> list[HostView]:
    rooms: dict[str, dict[str, Counter]] = {}
    one = hosts[0] if len(hosts) == 1 else None
    for counter in tx.counters.under("host/" if one is None else host_scope(one.id)):
        rooms.setdefault(counter.scope, {})[counter.resource] = counter
    placed = tx.placements.tally("host_id", Query() if one is None else Query(filters=(eq("host_id", one.id),)))
    troubles: dict[str, list[Trouble]] = {}
    for trouble in tx.troubles.find(Query(order=(Order("since"),))):
        troubles.setdefault(trouble.host_id, []).append(trouble)
    return [
        HostView(
            host=host,
            room=rooms.get(host_scope(host.id), {}),
            guests=placed.get(host.id, 0),
            troubles=troubles.get(host.id, []),
            condition=of_host(host, now),
        )
        for host in hosts
    ]
