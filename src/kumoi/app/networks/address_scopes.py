"""Doors of address scopes: create, update, delete."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.sharing import Owned, drop_shares, set_for_all
from kumoi.app.writing import Thing, commit, record
from kumoi.contracts.store import Transaction
from kumoi.core.address_scopes import AddressScope
from kumoi.core.call import Call
from kumoi.core.errors import InUse, Invalid
from kumoi.core.given import given
from kumoi.core.ids import AddressScopeId, ProjectId
from kumoi.core.policy import allow
from kumoi.core.query import Query, alive, eq


class AddressScopeWish(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    ip_version: int
    project_id: ProjectId | None = None
    shared: bool = False


class AddressScopeChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is shared with every one stays so: pools of others may be in it."""

    name: str | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    if_generation: int | None = None


class AddressScopeView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with."""

    scope: AddressScope
    targets: tuple[str, ...]


def _views(tx: Transaction, rows: list[AddressScope]) -> list[AddressScopeView]:
    targets = reading.targets_of(tx, "address_scope", tuple(r.id for r in rows))
    return [AddressScopeView(scope=r, targets=targets.get(r.id, ())) for r in rows]


ADDRESS_SCOPES: Noun[AddressScope, AddressScopeView] = Noun(
    kind="address_scope",
    action="address_scope",
    rows=lambda tx: tx.address_scopes,
    views=_views,
    listed=reading.own_and_shared("address_scope"),
    shown=reading.shown_if_shared("address_scope"),
    mortal=False,
)


def create_address_scope(house: House, call: Call, wish: AddressScopeWish) -> AddressScopeView:
    allow(call, "address_scope.create")
    if wish.shared:
        allow(call, "network.share")
    scope = AddressScope(
        id=AddressScopeId(house.chance.uuid()),
        project_id=reading.project_for(call, wish.project_id),
        name=wish.name,
        ip_version=wish.ip_version,
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> list[AddressScopeView]:
        tx.address_scopes.insert(scope)
        set_for_all(tx, house, call, _owned(scope), "use", wanted=wish.shared)
        record(tx, house, call, "address_scope.create", Thing("address_scope", scope.id, scope.project_id))
        return _views(tx, [scope])

    return commit(house, write)[0]


def update_address_scope(
    house: House, call: Call, scope_id: AddressScopeId, change: AddressScopeChange
) -> AddressScopeView:
    allow(call, "address_scope.update")
    if change.shared is not UNSET:
        allow(call, "network.share")

    def write(tx: Transaction) -> list[AddressScopeView]:
        scope = reading.owned(tx, call, ADDRESS_SCOPES, scope_id, "update")
        reading.check_generation(ADDRESS_SCOPES, scope, change.if_generation)
        shared = bool(_views(tx, [scope])[0].targets)
        if change.shared is False and shared:
            raise Invalid("network", field="shared", reason="stays_shared", value=scope.id)
        if change.shared is True:
            set_for_all(tx, house, call, _owned(scope), "use", wanted=True)
        saved = tx.address_scopes.save(replace(scope, **given(change, "if_generation", "shared"), updated_at=call.now))
        record(tx, house, call, "address_scope.update", Thing("address_scope", saved.id, saved.project_id))
        return _views(tx, [saved])

    return commit(house, write)[0]


def delete_address_scope(house: House, call: Call, scope_id: AddressScopeId) -> None:
    """InUse while a subnet pool is in it."""
    allow(call, "address_scope.delete")

    def write(tx: Transaction) -> None:
        scope = reading.owned(tx, call, ADDRESS_SCOPES, scope_id, "delete")
        for pool in tx.subnet_pools.find(Query(filters=(eq("scope_id", scope.id), alive()), limit=1)):
            raise InUse("network", kind="address_scope", id=scope.id, by_kind="subnet_pool", by_id=pool.id)
        drop_shares(tx, _owned(scope))
        tx.address_scopes.remove(scope.id)
        record(tx, house, call, "address_scope.delete", Thing("address_scope", scope.id, scope.project_id))

    commit(house, write)


def _owned(scope: AddressScope) -> Owned:
    return Owned(kind="address_scope", id=scope.id, project_id=scope.project_id)
