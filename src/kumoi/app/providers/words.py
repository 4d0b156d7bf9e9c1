"""Doors of the words for what is offered: resource classes and traits, the field's own and operators'; and which traits
and aggregates a provider has."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.providers import sight
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core import resource_classes, traits
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, Stale, Taken
from kumoi.core.ids import HostId
from kumoi.core.policy import allow
from kumoi.core.providers import ResourceProvider, own_traits
from kumoi.core.query import Order, Query
from kumoi.core.resource_classes import ResourceClass
from kumoi.core.traits import Trait

CLASS, TRAIT = "resource_class", "trait"


def find_classes(house: House, call: Call) -> list[str]:
    """The standard ones first."""
    allow(call, "provider.read")
    made = house.store.read(lambda tx: tx.resource_classes.find(Query(order=(Order("id"),))))
    return [*resource_classes.STANDARD, *(one.id for one in made)]


def get_class(house: House, call: Call, name: str) -> str:
    allow(call, "provider.read")
    house.store.read(lambda tx: _class(tx, name))
    return name


def make_class(house: House, call: Call, name: str) -> bool:
    """Whether it was not there before. `name`: checked to be an operator's."""
    allow(call, "provider.name")

    def write(tx: Transaction) -> bool:
        if tx.resource_classes.get(name) is not None:
            return False
        tx.resource_classes.insert(ResourceClass(id=name, created_at=call.now))
        record(tx, house, call, "resource_class.create", Thing(CLASS, name, ""))
        return True

    return house.store.write(write)


def rename_class(house: House, call: Call, name: str, new_name: str) -> None:
    """One that nobody offers yet. Taken, InUse; Invalid for a standard one."""
    allow(call, "provider.name")

    def write(tx: Transaction) -> None:
        _class(tx, name)
        if name in resource_classes.STANDARD:
            raise Invalid("compute", field="name", reason="standard_class_changes", value=name)
        if tx.resource_classes.get(new_name) is not None:
            raise Taken("compute", kind=CLASS, name=new_name, reason="class_renamed")
        _check_class_unused(tx, name)
        tx.resource_classes.remove(name)
        tx.resource_classes.insert(ResourceClass(id=new_name, created_at=call.now))
        record(tx, house, call, "resource_class.update", Thing(CLASS, new_name, ""), {"name": name})

    house.store.write(write)


def delete_class(house: House, call: Call, name: str) -> None:
    allow(call, "provider.name")

    def write(tx: Transaction) -> None:
        _class(tx, name)
        if name in resource_classes.STANDARD:
            raise Invalid("compute", field="name", reason="standard_class_goes", value=name)
        _check_class_unused(tx, name)
        tx.resource_classes.remove(name)
        record(tx, house, call, "resource_class.delete", Thing(CLASS, name, ""))

    house.store.write(write)


def find_traits(house: House, call: Call, associated: bool | None = None) -> list[str]:
    """By name. `associated`: only those that some provider has, or that none has."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> list[str]:
        names = {*traits.STANDARD, *(one.id for one in tx.traits.find(Query()))}
        if associated is not None:
            had = {name for one in sight.find(tx, house) for name in one.traits}
            names = names & had if associated else names - had
        return sorted(names)

    return house.store.read(read)


def get_trait(house: House, call: Call, name: str) -> None:
    allow(call, "provider.read")
    house.store.read(lambda tx: _trait(tx, name))


def make_trait(house: House, call: Call, name: str) -> bool:
    """Whether it was not there before. Invalid where it is no operator's."""
    allow(call, "provider.name")
    if not traits.is_custom(name):
        raise Invalid("compute", field="name", reason="trait_name")

    def write(tx: Transaction) -> bool:
        if tx.traits.get(name) is not None:
            return False
        tx.traits.insert(Trait(id=name, created_at=call.now))
        record(tx, house, call, "trait.create", Thing(TRAIT, name, ""))
        return True

    return house.store.write(write)


def delete_trait(house: House, call: Call, name: str) -> None:
    """InUse while a provider has it."""
    allow(call, "provider.name")

    def write(tx: Transaction) -> None:
        _trait(tx, name)
        if name in traits.STANDARD:
            raise Invalid("compute", field="name", reason="standard_trait_goes", value=name)
        for one in tx.resource_providers.find(Query()):
            if name in one.traits:
                raise InUse("compute", kind=TRAIT, id=name, by_kind="resource_provider", by_id=one.id, reason="trait")
        tx.traits.remove(name)
        record(tx, house, call, "trait.delete", Thing(TRAIT, name, ""))

    house.store.write(write)


def set_traits(
    house: House, call: Call, row_id: str, names: Sequence[str], revision: int | None = None
) -> ResourceProvider:
    """In place of those that it had; what a host is by itself stays. Stale where it is not at the revision."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        _check_revision(one, revision)
        check_traits(tx, names)
        host = tx.hosts.get(HostId(row_id))
        own = own_traits(host, call.now) if host else ()
        row = sight.kept(tx, house, one, call.now)
        wanted = traits.in_order(set(names) - set(own))
        if wanted != row.traits:
            tx.resource_providers.save(
                replace(row, traits=wanted, revision=row.revision + 1, updated_at=call.now)
            )  # fmt: skip
            record(tx, house, call, "provider.traits", Thing("resource_provider", row_id, ""), {"name": one.name})
        return sight.get(tx, house, row_id)

    done = house.store.write(write)
    house.rooms.forget()
    return done


def set_aggregates(house: House, call: Call, row_id: str, ids: Iterable[str], revision: int | None) -> ResourceProvider:
    """In place of those that it had; what aggregates say themselves of a host stays. None: whatever its revision is,
    and it stays."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        _check_revision(one, revision)
        own = {group.id for group in tx.aggregates.find(Query()) if row_id in group.hosts}
        row = sight.kept(tx, house, one, call.now)
        changed = replace(row, aggregates=tuple(one for one in ids if one not in own), updated_at=call.now)
        if revision is not None:
            changed = replace(changed, revision=row.revision + 1)
        tx.resource_providers.save(changed)
        record(tx, house, call, "provider.aggregates", Thing("resource_provider", row_id, ""), {"name": one.name})
        return sight.get(tx, house, row_id)

    return house.store.write(write)


# --- within a transaction -----------------------------------------------------------------------------


def check_classes(tx: Transaction, names: Iterable[str], reason: str = "no_such_class", provider: str = "") -> None:
    """Invalid for the first that is none."""
    for name in names:
        if name not in resource_classes.STANDARD and tx.resource_classes.get(name) is None:
            raise Invalid("compute", field="resource_class", reason=reason, value=name, provider=provider)


def check_traits(tx: Transaction, names: Iterable[str]) -> None:
    """Invalid for those that are none."""
    unknown = [name for name in names if name not in traits.STANDARD and tx.traits.get(name) is None]
    if unknown:
        raise Invalid("compute", field="required", reason="no_such_traits", value=", ".join(sorted(unknown)))


def _class(tx: Transaction, name: str) -> None:
    if name not in resource_classes.STANDARD and tx.resource_classes.get(name) is None:
        raise NotFound("compute", kind=CLASS, id=name, reason="class")


def _trait(tx: Transaction, name: str) -> None:
    if name not in traits.STANDARD and tx.traits.get(name) is None:
        raise NotFound("compute", kind=TRAIT, id=name, reason="trait")


def _check_class_unused(tx: Transaction, name: str) -> None:
    for one in tx.resource_providers.find(Query()):
        if name in one.inventories:
            raise InUse("compute", kind=CLASS, id=name, by_kind="resource_provider", by_id=one.id, reason="class")


def _check_revision(one: ResourceProvider, revision: int | None) -> None:
    if revision is not None and one.revision != revision:
        raise Stale("compute", kind="resource_provider", id=one.id, reason="provider")
