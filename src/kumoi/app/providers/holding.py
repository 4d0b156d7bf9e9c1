"""Doors of who holds what: clients' consumers, and instances, whose allocations are the cloud's own.

A client may hold of a host too: so much less is there for instances. What an instance holds is not written here: it
follows from where it runs.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.providers import sight
from kumoi.app.providers.inventories import Wish as InventoryWish
from kumoi.app.providers.inventories import check_revision, replace_inventories
from kumoi.app.providers.words import check_classes
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NoCapacity, NotFound, Stale
from kumoi.core.policy import allow
from kumoi.core.providers import (
    PROVIDERS,
    AllocationConsumer,
    ResourceProvider,
    counter_of,
    scope_of,
)
from kumoi.core.quotas import Allocation

INSTANCE = "INSTANCE"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a consumer shall hold from now on, by provider and class; nothing: it lets go of all. `revision` None: it
    must be new; `any_revision`: whatever it is. `kind` None: not told."""

    consumer: str
    project_id: str
    user_id: str
    amounts: Mapping[str, Mapping[str, int]]
    kind: str | None = None
    revision: int | None = None
    any_revision: bool = False


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What one consumer holds, and whose it is. `revisions`: of the providers."""

    project_id: str
    user_id: str
    kind: str
    revision: int
    amounts: dict[str, dict[str, int]]
    revisions: dict[str, int]


def get(house: House, call: Call, consumer: str) -> Holding | None:
    """None where it holds nothing."""
    allow(call, "provider.read")
    return house.store.read(lambda tx: _holding(tx, house, consumer))


def revisions(house: House, call: Call, consumers: Sequence[str]) -> dict[str, int]:
    """Of consumers, clients' and instances."""
    allow(call, "provider.read")

    def read(tx: Transaction) -> dict[str, int]:
        ids = tuple(consumers)
        found: dict[str, int] = {one.id: one.generation for one in tx.instances.many(ids)}
        return found | {one.id: one.revision for one in tx.allocation_consumers.many(ids)}

    return house.store.read(read)


def allocate(house: House, call: Call, wishes: Sequence[Wish]) -> None:
    """All of them or none. Stale where a consumer is not at its revision; NoCapacity; Invalid; InUse for what an
    instance holds."""
    allow(call, "provider.allocate")
    house.store.write(lambda tx: _allocate(tx, house, call, wishes))
    house.rooms.forget()


def reshape(house: House, call: Call, offered: Mapping[str, InventoryWish], wishes: Sequence[Wish]) -> None:
    """Other inventories and who holds of them, at once: a class may go from one provider to another while it is held.
    `offered`: by provider, what it has then."""
    allow(call, "provider.allocate")

    def write(tx: Transaction) -> None:
        seen = {row_id: _named(tx, house, row_id, reason="no_provider_in_inventories") for row_id in offered}
        for row_id, wanted in offered.items():
            check_revision(seen[row_id], wanted.revision)
        for row_id, wanted in offered.items():
            if not wanted.inventories:
                continue  # what goes, goes at the end
            wider = replace(wanted, inventories={**seen[row_id].inventories, **wanted.inventories})
            replace_inventories(tx, house, call, seen[row_id], wider)
        _allocate(tx, house, call, wishes)
        for row_id, wanted in offered.items():
            replace_inventories(tx, house, call, sight.get(tx, house, row_id), wanted)

    house.store.write(write)
    house.rooms.forget()


def free(house: House, call: Call, consumer: str) -> None:
    """It holds nothing any more. NotFound where it held nothing."""
    allow(call, "provider.allocate")

    def write(tx: Transaction) -> None:
        _check_no_instance(tx, consumer)
        if _held(tx, consumer) == {}:
            raise NotFound("compute", kind="allocation", id=consumer, reason="nothing_held")
        _let_go(tx, house, call, consumer)

    house.store.write(write)
    house.rooms.forget()


# --- within a transaction -----------------------------------------------------------------------------


def _allocate(tx: Transaction, house: House, call: Call, wishes: Sequence[Wish]) -> None:
    """First everybody lets go, so that what one gives up another may take."""
    providers: dict[str, ResourceProvider] = {}
    for wish in wishes:
        _check_no_instance(tx, wish.consumer)
        _check_consumer(tx, wish)
        for row_id, amounts in wish.amounts.items():
            if row_id not in providers:
                providers[row_id] = _named(tx, house, row_id, reason="no_provider_to_allocate")
            check_classes(tx, amounts, reason="no_class_to_allocate", provider=wish.consumer)
    before = {row_id: sight.used(tx, one) for row_id, one in providers.items()}
    touched = set(providers)
    for wish in wishes:
        touched |= set(_held(tx, wish.consumer))
        for prefix in (sight.HOSTS, PROVIDERS):
            tx.counters.give_back(wish.consumer, prefix)
    for wish in wishes:
        for row_id, amounts in wish.amounts.items():
            for name, amount in amounts.items():
                _take(tx, providers[row_id], wish.consumer, name, amount, before[row_id])
        _note(tx, house, call, wish)
    for row_id in sorted(touched):
        row = sight.kept(tx, house, sight.get(tx, house, row_id), call.now)
        tx.resource_providers.save(replace(row, revision=row.revision + 1))


def _take(
    tx: Transaction, one: ResourceProvider, consumer: str, name: str, amount: int, before: Mapping[str, int]
) -> None:
    """More than there is may be held on only where it is less than it was: over-full providers empty step by step."""
    has = one.inventories.get(name)
    if has is None:
        raise NoCapacity("compute", reason="no_inventory_held", name=name, provider=one.id)
    if not has.takes(amount):
        raise NoCapacity("compute", reason="unit_violated", name=name, provider=one.id)
    scope, resource = scope_of(one), counter_of(one, name)
    wanted = Allocation(consumer=consumer, provider=scope, resource=resource, amount=amount)
    if tx.counters.take(wanted):
        return
    counter = tx.counters.get(scope, resource)
    if counter is None or counter.used + amount > before.get(name, 0):
        raise NoCapacity("compute", reason="allocation_exceeds", name=name, provider=one.id)
    tx.counters.set_most(scope, resource, counter.used + amount)
    tx.counters.take(wanted)
    tx.counters.set_most(scope, resource, counter.most)


def _note(tx: Transaction, house: House, call: Call, wish: Wish) -> None:
    """The consumer's row, one revision further; none for who holds nothing."""
    row = tx.allocation_consumers.get(wish.consumer)
    if not wish.amounts:
        tx.allocation_consumers.remove(wish.consumer)
    else:
        kind = wish.kind if wish.kind is not None else (row.kind if row else "")
        noted = AllocationConsumer(
            id=wish.consumer, project_id=wish.project_id, user_id=wish.user_id, kind=kind,
            revision=(row.revision if row else 0) + 1, created_at=row.created_at if row else call.now,
        )  # fmt: skip
        if row is None:
            tx.allocation_consumers.insert(noted)
        else:
            tx.allocation_consumers.save(noted)
    record(tx, house, call, "allocation.update", Thing("allocation", wish.consumer, wish.project_id))


def _let_go(tx: Transaction, house: House, call: Call, consumer: str) -> None:
    for prefix in (sight.HOSTS, PROVIDERS):
        tx.counters.give_back(consumer, prefix)
    row = tx.allocation_consumers.get(consumer)
    tx.allocation_consumers.remove(consumer)
    record(tx, house, call, "allocation.delete", Thing("allocation", consumer, row.project_id if row else ""))


def _check_no_instance(tx: Transaction, consumer: str) -> None:
    if tx.instances.get(consumer) is not None:
        raise InUse(
            "compute", kind="allocation", id=consumer, by_kind="instance", by_id=consumer, reason="of_instance"
        )  # fmt: skip


def _check_consumer(tx: Transaction, wish: Wish) -> None:
    if wish.any_revision:
        return
    row = tx.allocation_consumers.get(wish.consumer)
    has = row.revision if row else None
    if has != wish.revision:
        spelled = ["null" if n is None else str(n) for n in (has, wish.revision)]
        raise Stale(
            "compute", kind="allocation_consumer", id=wish.consumer, reason="consumer", has=spelled[0],
            given=spelled[1],
        )  # fmt: skip


def _named(tx: Transaction, house: House, row_id: str, reason: str) -> ResourceProvider:
    try:
        return sight.get(tx, house, row_id)
    except NotFound:
        code = "placement.resource_provider.not_found"
        raise Invalid("compute", field="resource_provider", reason=reason, value=row_id, code=code) from None


def _held(tx: Transaction, consumer: str) -> dict[str, dict[str, int]]:
    """By provider and counter; a move of an instance leaves a zero."""
    found: dict[str, dict[str, int]] = {}
    for one in tx.counters.allocations(consumer):
        prefix, _, row_id = one.provider.partition("/")
        if f"{prefix}/" in {sight.HOSTS, PROVIDERS}:
            held = found.setdefault(row_id, {})
            held[one.resource] = held.get(one.resource, 0) + one.amount
    return found


def _holding(tx: Transaction, house: House, consumer: str) -> Holding | None:
    held = _held(tx, consumer)
    row, instance = tx.allocation_consumers.get(consumer), tx.instances.get(consumer)
    if not held or (row is None and instance is None):
        return None
    seen = {row_id: sight.get(tx, house, row_id) for row_id in held}
    amounts = {
        row_id: {sight.class_in(seen[row_id], resource): n for resource, n in of_one.items() if n}
        for row_id, of_one in held.items()
    }
    revisions = {row_id: one.revision for row_id, one in seen.items()}
    if row is not None:
        return Holding(
            project_id=row.project_id, user_id=row.user_id, kind=row.kind, revision=row.revision, amounts=amounts,
            revisions=revisions,
        )  # fmt: skip
    assert instance is not None
    return Holding(
        project_id=instance.project_id, user_id=instance.user_id, kind=INSTANCE, revision=instance.generation,
        amounts=amounts, revisions=revisions,
    )  # fmt: skip
