"""Doors of what a provider offers. A host's own totals are its own; what may be written of them is how much is kept
back, in which amounts it is held, and by how much it is over-committed. Instances are placed accordingly."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.providers import sight
from kumoi.app.providers.words import check_classes
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid, NotFound, Stale, Taken
from kumoi.core.policy import allow
from kumoi.core.providers import Inventory, ResourceProvider
from kumoi.core.resource_classes import COUNTED, in_order


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` None: whatever the provider's is. `all_reserved`: as much may be reserved as there is."""

    inventories: dict[str, Inventory]
    revision: int | None = None
    all_reserved: bool = True


def put_all(house: House, call: Call, row_id: str, wish: Wish) -> ResourceProvider:
    """In place of those that it had. Stale where it is not at the revision; InUse where somebody holds of a class that
    would go; Invalid."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        check_revision(one, wish.revision)
        return replace_inventories(tx, house, call, one, wish)

    return _changed(house, write)


def put(house: House, call: Call, row_id: str, wish: Wish) -> ResourceProvider:
    """In place of what it has of these classes; Invalid where it has none of one. Raises as `put_all` does."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        check_revision(one, wish.revision)
        check_classes(tx, wish.inventories)
        for name, inventory in wish.inventories.items():
            _check(one, name, inventory, "update", all_reserved=wish.all_reserved)
            if name not in one.inventories:
                raise Invalid("compute", field=name, reason="no_inventory_to_change", provider=row_id)
        wider = replace(wish, inventories={**one.inventories, **wish.inventories})
        return replace_inventories(tx, house, call, one, wider)

    return _changed(house, write)


def add(house: House, call: Call, row_id: str, wish: Wish) -> ResourceProvider:
    """Of classes that it has not. Taken."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        check_classes(tx, wish.inventories, reason="no_class_to_create", provider=row_id)
        for name in wish.inventories:
            if name in one.inventories:
                raise Taken("compute", kind="inventory", name=name, reason="inventory")
        wider = replace(wish, inventories={**one.inventories, **wish.inventories})
        return replace_inventories(tx, house, call, one, wider, "create")

    return _changed(house, write)


def delete(house: House, call: Call, row_id: str, name: str) -> None:
    """Of a host's own class: what was written about it. NotFound, InUse."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        one = sight.get(tx, house, row_id)
        if name not in one.inventories:
            raise NotFound("compute", kind="inventory", id=name, reason="no_inventory_to_delete")
        fewer = {other: has for other, has in one.inventories.items() if other != name}
        return replace_inventories(tx, house, call, one, Wish(inventories=fewer))

    _changed(house, write)


def delete_all(house: House, call: Call, row_id: str) -> None:
    """Raises InUse."""
    allow(call, "provider.update")

    def write(tx: Transaction) -> ResourceProvider:
        return replace_inventories(tx, house, call, sight.get(tx, house, row_id), Wish(inventories={}))

    _changed(house, write)


# --- within a transaction -----------------------------------------------------------------------------


def check_revision(one: ResourceProvider, revision: int | None) -> None:
    if revision is not None and one.revision != revision:
        raise Stale(
            "compute", kind="resource_provider", id=one.id, reason="inventories", has=one.revision, given=revision
        )  # fmt: skip


def replace_inventories(
    tx: Transaction, house: House, call: Call, one: ResourceProvider, wish: Wish, action: str = "update"
) -> ResourceProvider:
    """The provider as it is then, one revision further, and its counters with it."""
    wanted = wish.inventories
    check_classes(tx, wanted, reason="no_class_in_inventory", provider=one.id)
    for name, inventory in wanted.items():
        _check(one, name, inventory, action, all_reserved=wish.all_reserved)
    held = sight.used(tx, one)
    gone = [name for name in one.inventories if name not in wanted and not _stays(one, name)]
    if in_use := [name for name in gone if held.get(name)]:
        raise InUse(
            "compute", kind="inventory", id=", ".join(in_order(in_use)), by_kind="allocation", by_id=one.id,
            reason="inventory", provider=one.id,
        )  # fmt: skip
    row = sight.kept(tx, house, one, call.now)
    tx.resource_providers.save(replace(row, inventories=wanted, revision=row.revision + 1, updated_at=call.now))
    changed = sight.get(tx, house, one.id)
    sight.open_counters(tx, changed)
    record(tx, house, call, "provider.inventories", Thing("resource_provider", one.id, ""), {"name": changed.name})
    return changed


def _stays(one: ResourceProvider, name: str) -> bool:
    """Whether it has this class by itself: what was written about it may go, the class does not."""
    return one.is_host and name in COUNTED


def _check(one: ResourceProvider, name: str, wanted: Inventory, action: str, *, all_reserved: bool) -> None:
    has = one.inventories.get(name)
    if _stays(one, name) and (has is None or has.total != wanted.total):
        raise Invalid("compute", field="total", reason="follows_host", name=one.name, id=one.id, action=action)
    if wanted.capacity < (0 if all_reserved else 1):
        reason = "reserves_more" if all_reserved else "reserves_all"
        raise Invalid("compute", field="reserved", reason=reason, name=name, id=one.id, action=action)


def _changed(house: House, write: Callable[[Transaction], ResourceProvider]) -> ResourceProvider:
    done = house.store.write(write)
    house.rooms.forget()
    return done
