"""Doors of aggregates: hosts counted together, and the availability zones made of them. For operators; that there are
zones, everybody may know."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.aggregates import ZONE, Aggregate, zones
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, Taken
from kumoi.core.hosts import Host, state
from kumoi.core.ids import AggregateId, HostId
from kumoi.core.names import check_name
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq, is_in

T = TypeVar("T")
NAME_MOST: Final = 255
METADATA_MOST: Final = 255  # characters of a key, and of a value


class ZoneView(msgspec.Struct, frozen=True, kw_only=True):
    """`hosts`: by name."""

    name: str
    hosts: tuple[Host, ...]

    def available(self, now: float) -> bool:
        return any(h.enabled and state(h, now) == "up" for h in self.hosts)


class AggregateView(msgspec.Struct, frozen=True, kw_only=True):
    aggregate: Aggregate
    hosts: tuple[str, ...]


def create(house: House, call: Call, name: str, zone: str = "") -> AggregateView:
    """Taken where another one is called so."""
    allow(call, "aggregate.create")
    _check(name, zone)
    row_id = AggregateId(house.chance.uuid())

    def write(tx: Transaction) -> AggregateView:
        last = tx.aggregates.find(Query(order=(Order("number", descending=True),), limit=1))
        number = last[0].number + 1 if last else 1
        made = Aggregate(id=row_id, number=number, name=name, zone=zone, created_at=call.now)
        _check_name_free(tx, made)
        tx.aggregates.insert(made)
        record(tx, house, call, "aggregate.create", Thing("aggregate", made.id, ""), {"name": name})
        return AggregateView(aggregate=made, hosts=())

    return _changed(house, write)


def find(house: House, call: Call) -> list[AggregateView]:
    """By number."""
    allow(call, "aggregate.read")
    return house.store.read(lambda tx: [_view(tx, a) for a in tx.aggregates.find(Query(order=(Order("number"),)))])


def get(house: House, call: Call, called: str) -> AggregateView:
    """`called`: its number or its id."""
    allow(call, "aggregate.read")
    return house.store.read(lambda tx: _view(tx, _found(tx, called)))


def update(house: House, call: Call, called: str, *, name: str | None = None, zone: str | None = None) -> AggregateView:
    """InUse where instances stand in its zone, and another one is wished."""
    _check(name, zone or "")

    def change(tx: Transaction, one: Aggregate) -> Aggregate:
        changed = replace(one, name=one.name if name is None else name, zone=one.zone if zone is None else zone)
        _check_name_free(tx, changed)
        if changed.zone != one.zone:
            for host_id in one.hosts:
                _check_movable(tx, host_id, changed)
        return changed

    return _update(house, call, called, change)


def put_metadata(house: House, call: Call, called: str, metadata: dict[str, str | None]) -> AggregateView:
    """None takes a key away; what is not named stays. `availability_zone` is its zone."""
    named = {k: v for k, v in metadata.items() if k != "availability_zone"}
    for key, value in named.items():
        if not 1 <= len(key) <= METADATA_MOST or len(value or "") > METADATA_MOST:
            raise Invalid("compute", field=f"metadata.{key[:32]}", reason="length", bound=f"at most {METADATA_MOST}")
    zone = metadata["availability_zone"] or "" if "availability_zone" in metadata else None
    _check(None, zone or "")

    def change(tx: Transaction, one: Aggregate) -> Aggregate:
        kept = {k: v for k, v in (one.metadata | named).items() if v is not None}
        changed = replace(one, metadata=kept, zone=one.zone if zone is None else zone)
        if changed.zone != one.zone:
            for host_id in one.hosts:
                _check_movable(tx, host_id, changed)
        return changed

    return _update(house, call, called, change)


def add_host(house: House, call: Call, called: str, host_name: str) -> AggregateView:
    """Taken where it is in it already. InUse where it would change its zone under instances, or have two."""

    def change(tx: Transaction, one: Aggregate) -> Aggregate:
        host = _host(tx, host_name)
        if host.id in one.hosts:
            raise Taken("compute", kind="host", name=host_name)
        if one.zone:
            _check_movable(tx, host.id, one)
        return replace(one, hosts=(*one.hosts, host.id))

    return _update(house, call, called, change)


def remove_host(house: House, call: Call, called: str, host_name: str) -> AggregateView:
    """NotFound where it is not in it. InUse where it would change its zone under instances."""

    def change(tx: Transaction, one: Aggregate) -> Aggregate:
        host = _host(tx, host_name)
        if host.id not in one.hosts:
            raise NotFound("compute", kind="host", id=host_name)
        if one.zone and zones(a for a in tx.aggregates.find(Query()) if a.id != one.id).get(host.id) != one.zone:
            _check_empty(tx, host.id)
        return replace(one, hosts=tuple(h for h in one.hosts if h != host.id))

    return _update(house, call, called, change)


def delete(house: House, call: Call, called: str) -> None:
    """InUse while hosts are in it."""
    allow(call, "aggregate.delete")

    def write(tx: Transaction) -> None:
        one = _found(tx, called)
        if one.hosts:
            raise InUse("compute", kind="aggregate", id=str(one.number), by_kind="host", by_id=one.hosts[0])
        tx.aggregates.remove(one.id)
        record(tx, house, call, "aggregate.delete", Thing("aggregate", one.id, ""), {"name": one.name})

    _changed(house, write)


def find_zones(house: House, call: Call) -> list[ZoneView]:
    """By name; the default one as long as a host is in it, or there is no other."""
    allow(call, "zone.read")

    def read(tx: Transaction) -> list[ZoneView]:
        of_hosts = zones(tx.aggregates.find(Query()))
        found: dict[str, list[Host]] = {}
        for host in tx.hosts.find(Query(order=(Order("name"),))):
            found.setdefault(of_hosts.get(host.id, ZONE), []).append(host)
        return [ZoneView(name=name, hosts=tuple(hosts)) for name, hosts in sorted((found or {ZONE: []}).items())]

    return house.store.read(read)


# --- within a transaction -----------------------------------------------------------------------------


def _update(
    house: House, call: Call, called: str, change: Callable[[Transaction, Aggregate], Aggregate]
) -> AggregateView:
    allow(call, "aggregate.update")

    def write(tx: Transaction) -> AggregateView:
        one = _found(tx, called)
        saved = tx.aggregates.save(replace(change(tx, one), updated_at=call.now))
        record(tx, house, call, "aggregate.update", Thing("aggregate", one.id, ""), {"name": saved.name})
        return _view(tx, saved)

    return _changed(house, write)


def _changed(house: House, write: Callable[[Transaction], T]) -> T:
    done = house.store.write(write)
    house.rooms.forget()
    return done


def _check(name: str | None, zone: str) -> None:
    if name is not None:
        check_name(name, NAME_MOST)
    if zone:
        check_name(zone, NAME_MOST, field="availability_zone")
    if ":" in zone:
        raise Invalid("compute", field="availability_zone", reason="characters")


def _check_name_free(tx: Transaction, one: Aggregate) -> None:
    if any(other.id != one.id for other in tx.aggregates.find(Query(filters=(eq("name", one.name),)))):
        raise Taken("compute", kind="aggregate", name=one.name)


def _check_movable(tx: Transaction, host_id: HostId, one: Aggregate) -> None:
    """Whether the host may be in the zone that the aggregate says."""
    now = zones(a for a in tx.aggregates.find(Query()) if a.id != one.id).get(host_id)
    if one.zone and now is not None and now != one.zone:
        raise InUse("compute", kind="host", id=host_id, by_kind="zone", by_id=now)
    if (now or ZONE) != one.zone:
        _check_empty(tx, host_id)


def _check_empty(tx: Transaction, host_id: HostId) -> None:
    placed = tx.placements.find(Query(filters=(eq("host_id", host_id),)))
    for one in tx.instances.many(tuple(p.instance_id for p in placed)):
        if one.deleted_at is None:
            raise InUse("compute", kind="host", id=host_id, by_kind="instance", by_id=one.id)


def _found(tx: Transaction, called: str) -> Aggregate:
    number = eq("number", int(called)) if called.isdecimal() and len(called) < 10 else eq("id", called)
    found = tx.aggregates.find(Query(filters=(number,)))
    if not found:
        raise NotFound("compute", kind="aggregate", id=called)
    return found[0]


def _host(tx: Transaction, name: str) -> Host:
    found = tx.hosts.find(Query(filters=(eq("name", name),)))
    if not found:
        raise NotFound("compute", kind="host", id=name)
    return found[0]


def _view(tx: Transaction, one: Aggregate) -> AggregateView:
    names = {h.id: h.name for h in tx.hosts.find(Query(filters=(is_in("id", one.hosts),)))} if one.hosts else {}
    return AggregateView(aggregate=one, hosts=tuple(names[h] for h in one.hosts if h in names))
