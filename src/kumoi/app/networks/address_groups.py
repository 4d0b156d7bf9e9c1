"""Doors of address groups: create, change, add and take away addresses, delete."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.networks import reading
from kumoi.app.networks.reading import Noun
from kumoi.app.networks.sharing import Owned, drop_shares
from kumoi.app.writing import Thing, commit, mark_group, record
from kumoi.contracts.store import Transaction
from kumoi.core.address_groups import AddressGroup, canonical
from kumoi.core.call import Call
from kumoi.core.errors import InUse, NotFound
from kumoi.core.given import given
from kumoi.core.ids import AddressGroupId, ProjectId
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq


class AddressGroupWish(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    project_id: ProjectId | None = None
    description: str = ""
    addresses: tuple[str, ...] = ()


class AddressGroupChange(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    if_generation: int | None = None


class AddressGroupView(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: whom it is shared with."""

    group: AddressGroup
    tags: tuple[str, ...]
    targets: tuple[str, ...]


def _views(tx: Transaction, rows: list[AddressGroup]) -> list[AddressGroupView]:
    tags = reading.tags_of(tx, "address_group", rows)
    targets = reading.targets_of(tx, "address_group", tuple(r.id for r in rows))
    return [AddressGroupView(group=r, tags=tags.get(r.id, ()), targets=targets.get(r.id, ())) for r in rows]


ADDRESS_GROUPS: Noun[AddressGroup, AddressGroupView] = Noun(
    kind="address_group",
    action="address_group",
    rows=lambda tx: tx.address_groups,
    views=_views,
    listed=reading.own_and_shared("address_group"),
    shown=reading.shown_if_shared("address_group"),
    mortal=False,
)


def create_address_group(house: House, call: Call, wish: AddressGroupWish) -> AddressGroupView:
    allow(call, "address_group.create")
    group = AddressGroup(
        id=AddressGroupId(house.chance.uuid()),
        project_id=reading.project_for(call, wish.project_id),
        name=wish.name,
        description=wish.description,
        addresses=canonical(wish.addresses),
        created_at=call.now,
        updated_at=call.now,
    )

    def write(tx: Transaction) -> list[AddressGroupView]:
        tx.address_groups.insert(group)
        record(tx, house, call, "address_group.create", Thing("address_group", group.id, group.project_id))
        return _views(tx, [group])

    return commit(house, write)[0]


def update_address_group(
    house: House, call: Call, group_id: AddressGroupId, change: AddressGroupChange
) -> AddressGroupView:
    allow(call, "address_group.update")

    def write(tx: Transaction) -> list[AddressGroupView]:
        group = reading.owned(tx, call, ADDRESS_GROUPS, group_id, "update")
        reading.check_generation(ADDRESS_GROUPS, group, change.if_generation)
        return _save(tx, house, call, replace(group, **given(change, "if_generation")))

    return commit(house, write)[0]


def change_addresses(
    house: House, call: Call, group_id: AddressGroupId, addresses: tuple[str, ...], *, more: bool
) -> AddressGroupView:
    """Add some, or take some away, which all have to be there (NotFound)."""
    allow(call, "address_group.update")

    def write(tx: Transaction) -> list[AddressGroupView]:
        group = reading.owned(tx, call, ADDRESS_GROUPS, group_id, "update")
        if more:
            left = canonical((*group.addresses, *addresses))
        else:
            gone = _present(group, addresses)
            left = tuple(a for a in group.addresses if a not in gone)
        for rule in tx.security_rules.find(Query(filters=(eq("remote_address_group_id", group.id),))):
            mark_group(tx, rule.group_id)
        return _save(tx, house, call, replace(group, addresses=left))

    return commit(house, write)[0]


def delete_address_group(house: House, call: Call, group_id: AddressGroupId) -> None:
    """InUse while a rule names it."""
    allow(call, "address_group.delete")

    def write(tx: Transaction) -> None:
        group = reading.owned(tx, call, ADDRESS_GROUPS, group_id, "delete")
        for rule in tx.security_rules.find(Query(filters=(eq("remote_address_group_id", group.id),), limit=1)):
            raise InUse("network", kind="address_group", id=group.id, by_kind="security_rule", by_id=rule.id)
        drop_shares(tx, Owned(kind="address_group", id=group.id, project_id=group.project_id))
        tx.labels.drop("address_group", group.id)
        tx.address_groups.remove(group.id)
        record(tx, house, call, "address_group.delete", Thing("address_group", group.id, group.project_id))

    commit(house, write)


def _present(group: AddressGroup, addresses: tuple[str, ...]) -> frozenset[str]:
    """The wished blocks, as the group has them; one that it has not may be named by a bare address, too."""
    gone = canonical(a if "/" in a else f"{a}/{128 if ':' in a else 32}" for a in addresses)
    for address in gone:
        if address not in group.addresses:
            raise NotFound("network", kind="address", id=address)
    return frozenset(gone)


def _save(tx: Transaction, house: House, call: Call, group: AddressGroup) -> list[AddressGroupView]:
    record(tx, house, call, "address_group.update", Thing("address_group", group.id, group.project_id))
    return _views(tx, [tx.address_groups.save(replace(group, updated_at=call.now))])
