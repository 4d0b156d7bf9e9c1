"""Groups of users and who is in them: their doors. A user may see the groups that it is in."""

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.domain_managers import allow_within, check_home, check_ordinary, narrowed
from kumoi.app.identity.names import check_name
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Forbidden, NotFound, Taken
from kumoi.core.ids import UserGroupId, UserId, hex_id
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq, is_in
from kumoi.core.tenancy import User, UserGroup, membership

NAME_MOST = 64


def find(house: House, call: Call, query: Query) -> list[UserGroup]:
    wanted = narrowed(call, "identity.read", query)
    return house.store.read(lambda tx: tx.user_groups.find(wanted))


def get(house: House, call: Call, group_id: UserGroupId) -> UserGroup:
    allow_within(call, "identity.read")
    found = house.store.read(lambda tx: known(tx, group_id))
    check_home(call, "identity.read", found.domain_id, "user_group", group_id)
    return found


def create(house: House, call: Call, wish: UserGroup) -> UserGroup:
    """`wish.id` is chosen here."""
    allow_within(call, "identity.write")
    check_home(call, "identity.write", wish.domain_id, "domain", wish.domain_id)
    check_name("name", wish.name, NAME_MOST)
    made = replace(wish, id=UserGroupId(hex_id(house.chance.uuid())), created_at=call.now)

    def write(tx: Transaction) -> UserGroup:
        if tx.domains.get(made.domain_id) is None:
            raise NotFound("identity", kind="domain", id=made.domain_id)
        _check_free(tx, made)
        tx.user_groups.insert(made)
        record(tx, house, call, "group.create", Thing("user_group", made.id, ""), {"name": made.name})
        return made

    return house.store.write(write)


def update(house: House, call: Call, group_id: UserGroupId, changes: dict[str, str]) -> UserGroup:
    """`changes`: any of name, description."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> UserGroup:
        new: UserGroup = replace(_managed(tx, call, group_id), **changes)
        check_name("name", new.name, NAME_MOST)
        _check_free(tx, new)
        record(tx, house, call, "group.update", Thing("user_group", group_id, ""))
        return tx.user_groups.save(new)

    return house.store.write(write)


def delete(house: House, call: Call, group_id: UserGroupId) -> None:
    """Its members lose at once what they had by it."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        _managed(tx, call, group_id)
        end_group(tx, group_id)
        record(tx, house, call, "group.delete", Thing("user_group", group_id, ""))

    house.store.write(write)


def end_group(tx: Transaction, group_id: UserGroupId) -> None:
    own = Query(filters=(eq("group_id", group_id),))
    for member in tx.memberships.find(own):
        tx.memberships.remove(member.id)
    for held in tx.assignments.find(own):
        tx.assignments.remove(held.id)
    tx.user_groups.remove(group_id)


def add_member(house: House, call: Call, group_id: UserGroupId, user_id: UserId) -> None:
    """Twice is harmless."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        _check_both(tx, group_id, user_id)
        _managed(tx, call, group_id)
        check_home(call, "identity.write", user_home(tx, user_id), "user", user_id)
        made = membership(group_id, user_id)
        if tx.memberships.get(made.id) is None:
            tx.memberships.insert(made)
            record(tx, house, call, "group.add_member", Thing("user_group", group_id, ""), {"user": user_id})

    house.store.write(write)


def remove_member(house: House, call: Call, group_id: UserGroupId, user_id: UserId) -> None:
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        _check_both(tx, group_id, user_id)
        _managed(tx, call, group_id)
        check_home(call, "identity.write", user_home(tx, user_id), "user", user_id)
        if not tx.memberships.remove(membership(group_id, user_id).id):
            raise NotFound("identity", kind="membership", id=f"{group_id}/{user_id}")
        record(tx, house, call, "group.remove_member", Thing("user_group", group_id, ""), {"user": user_id})

    house.store.write(write)


def check_member(house: House, call: Call, group_id: UserGroupId, user_id: UserId) -> None:
    """NotFound unless the user is in the group."""
    _own_or(call, user_id)

    def read(tx: Transaction) -> None:
        _check_both(tx, group_id, user_id)
        if tx.memberships.get(membership(group_id, user_id).id) is None:
            raise NotFound("identity", kind="membership", id=f"{group_id}/{user_id}")

    house.store.read(read)


def members(house: House, call: Call, group_id: UserGroupId, query: Query) -> list[User]:
    allow_within(call, "identity.read")

    def read(tx: Transaction) -> list[User]:
        check_home(call, "identity.read", known(tx, group_id).domain_id, "user_group", group_id)
        held = tx.memberships.find(Query(filters=(eq("group_id", group_id),)))
        return tx.users.find(query.where(is_in("id", tuple(m.user_id for m in held))))

    return house.store.read(read)


def groups_of(house: House, call: Call, user_id: UserId, query: Query) -> list[UserGroup]:
    """Those that a user is in."""
    _own_or(call, user_id)

    def read(tx: Transaction) -> list[UserGroup]:
        if tx.users.get(user_id) is None:
            raise NotFound("identity", kind="user", id=user_id)
        held = tx.memberships.find(Query(filters=(eq("user_id", user_id),)))
        return tx.user_groups.find(query.where(is_in("id", tuple(m.group_id for m in held))))

    return house.store.read(read)


def known(tx: Transaction, group_id: str) -> UserGroup:
    found = tx.user_groups.get(group_id)
    if found is None:
        raise NotFound("identity", kind="user_group", id=group_id)
    return found


def user_home(tx: Transaction, user_id: str) -> str:
    """The domain of a user; empty where there is none."""
    found = tx.users.get(user_id)
    return found.domain_id if found is not None else ""


def _managed(tx: Transaction, call: Call, group_id: UserGroupId) -> UserGroup:
    """A group that the caller may change."""
    found = known(tx, group_id)
    check_home(call, "identity.write", found.domain_id, "user_group", group_id)
    check_ordinary(tx, call, "identity.write", group_id=group_id)
    return found


def _check_both(tx: Transaction, group_id: str, user_id: str) -> None:
    known(tx, group_id)
    if tx.users.get(user_id) is None:
        raise NotFound("identity", kind="user", id=user_id)


def _own_or(call: Call, user_id: str) -> None:
    allow(call, "identity.read_own")
    if call.actor.user_id != user_id and not may(call, "identity.read"):
        raise Forbidden("identity", action="identity.read", needs=["admin"])


def _check_free(tx: Transaction, group: UserGroup) -> None:
    same = tx.user_groups.find(Query(filters=(eq("name", group.name), eq("domain_id", group.domain_id))))
    if any(g.id != group.id for g in same):
        raise Taken("identity", kind="user_group", name=group.name)
