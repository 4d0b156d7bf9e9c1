"""Doors that make, read, rename and delete providers. A host is one by itself: it is neither made nor deleted here."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.providers import sight
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Fact, InUse, Invalid, Taken
from kumoi.core.ids import ResourceProviderId
from kumoi.core.policy import allow
from kumoi.core.providers import ResourceProvider, scope_of
from kumoi.core.query import Query, eq

KIND = "resource_provider"


def find(house: House, call: Call) -> list[ResourceProvider]:
    """By name."""
    allow(call, "provider.read")
    return house.store.read(lambda tx: sight.find(tx, house))


def get(house: House, call: Call, row_id: str) -> ResourceProvider:
    allow(call, "provider.read")
    return house.store.read(lambda tx: sight.get(tx, house, row_id))


def create(
    house: House, call: Call, name: str, row_id: str | None = None, parent_id: str | None = None
) -> ResourceProvider:
    """Taken where the name or the id is. Invalid where the parent is not there, or itself."""
    allow(call, "provider.create")
    new_id = ResourceProviderId(row_id or house.chance.uuid())

    def write(tx: Transaction) -> ResourceProvider:
        taken = [
            f"{what}: {value}"
            for what, value, is_taken in (
                ("uuid", new_id, tx.resource_providers.get(new_id) or tx.hosts.get(new_id)),
                ("name", name, _is_taken(tx, name)),
            )
            if is_taken
        ]
        if taken:
            raise Taken("compute", kind=KIND, name=", ".join(taken), reason="provider")
        facts: dict[str, Fact] = {"name": name, "id": new_id, "action": "create"}
        if parent_id == new_id:
            raise Invalid("compute", field="parent_provider_uuid", reason="own_parent", **facts)
        parent = None if parent_id is None else _parent(tx, house, parent_id, facts)
        made = ResourceProvider(
            id=new_id, name=name, root_id=parent.root_id if parent else new_id, parent_id=parent.id if parent else None,
            created_at=call.now, updated_at=call.now,
        )  # fmt: skip
        tx.resource_providers.insert(made)
        record(tx, house, call, "provider.create", Thing(KIND, new_id, ""), {"name": name})
        return made

    return house.store.write(write)


def update(
    house: House, call: Call, row_id: str, name: str, *, parent_id: str | None = None, may_move: bool
) -> ResourceProvider:
    """Its name and its place in a tree. `may_move`: to another parent, and to none; else only one that had none gets
    one. A host keeps both."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        facts: dict[str, Fact] = {"name": name, "id": row_id, "action": "update"}
        if one.is_host:
            if name != one.name or parent_id is not None:
                raise Invalid("compute", field="name", reason="follows_host", **facts)
            return one
        if name != one.name and _is_taken(tx, name):
            raise Taken("compute", kind=KIND, name=f"{name}", reason="provider")
        saved = tx.resource_providers.save(replace(one, name=name, updated_at=call.now))
        if parent_id != one.parent_id:
            saved = _move(tx, house, saved, parent_id, facts, may_move=may_move)
        record(tx, house, call, "provider.update", Thing(KIND, one.id, ""), {"name": name})
        return saved

    return house.store.write(write)


def delete(house: House, call: Call, row_id: str) -> None:
    """InUse while it has children, somebody holds of it, or it is a host."""
    allow(call, "provider.delete")

    def write(tx: Transaction) -> None:
        one = sight.get(tx, house, row_id, "no_provider_to_delete")
        if below := sight.children(tx, row_id):
            raise InUse("compute", kind=KIND, id=row_id, by_kind=KIND, by_id=below[0].id, reason="provider_parent")
        if one.is_host:
            raise InUse("compute", kind=KIND, id=row_id, by_kind="host", by_id=one.name, reason="provider_host")
        if any(sight.used(tx, one).values()):
            raise InUse("compute", kind=KIND, id=row_id, by_kind="allocation", by_id=row_id, reason="provider_held")
        sight.open_counters(tx, replace(one, inventories={}))
        tx.resource_providers.remove(row_id)
        record(tx, house, call, "provider.delete", Thing(KIND, row_id, ""), {"name": one.name})

    house.store.write(write)


def used(house: House, call: Call, row_id: str) -> tuple[ResourceProvider, dict[str, int]]:
    """How much is held of each of its classes."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> tuple[ResourceProvider, dict[str, int]]:
        one = sight.get(tx, house, row_id)
        return one, sight.used(tx, one)

    return house.store.read(read)


def held(house: House, call: Call, row_id: str) -> tuple[ResourceProvider, dict[str, dict[str, int]]]:
    """What each consumer holds of it."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> tuple[ResourceProvider, dict[str, dict[str, int]]]:
        one = sight.get(tx, house, row_id)
        found: dict[str, dict[str, int]] = {}
        for allocation in tx.counters.held(scope_of(one)):
            name = sight.class_in(one, allocation.resource)
            found.setdefault(allocation.consumer, {})[name] = allocation.amount
        return one, found

    return house.store.read(read)


# --- within a transaction -----------------------------------------------------------------------------


def _is_taken(tx: Transaction, name: str) -> bool:
    named = Query(filters=(eq("name", name),), limit=1)
    return bool(tx.resource_providers.find(named) or tx.hosts.find(named))


def _parent(tx: Transaction, house: House, parent_id: str, facts: dict[str, Fact]) -> ResourceProvider:
    if tx.resource_providers.get(parent_id) is None and tx.hosts.get(parent_id) is None:
        raise Invalid("compute", field="parent_provider_uuid", reason="no_such_parent", **facts)
    return sight.get(tx, house, parent_id)


def _move(
    tx: Transaction,
    house: House,
    one: ResourceProvider,
    parent_id: str | None,
    facts: dict[str, Fact],
    *,
    may_move: bool,
) -> ResourceProvider:
    """With all that is below it."""
    parent = None if parent_id is None else _parent(tx, house, parent_id, facts)
    if one.parent_id is not None and not may_move:
        reason = "un_parented" if parent is None else "re_parented"
        raise Invalid("compute", field="parent_provider_uuid", reason=reason, **facts)
    below = _below(tx, one)
    if parent is not None and parent.id in {b.id for b in below}:
        raise Invalid("compute", field="parent_provider_uuid", reason="loop", **facts)
    root_id = parent.root_id if parent else one.id
    for other in below[1:]:
        tx.resource_providers.save(replace(other, root_id=root_id))
    return tx.resource_providers.save(replace(one, parent_id=parent.id if parent else None, root_id=root_id))


def _below(tx: Transaction, one: ResourceProvider) -> list[ResourceProvider]:
    """Itself first."""
    found = [one]
    for each in found:
        found += sight.children(tx, each.id)
    return found
