"""Projects and users: their doors. Their owner is the administrator; everyone may see themselves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from kumoi.app.house import House
from kumoi.app.identity import assignments
from kumoi.app.identity.application_credentials import end_credentials
from kumoi.app.identity.domain_managers import allow_within, check_home, check_ordinary, narrowed
from kumoi.app.identity.held import above, below, held_by, projects_reached
from kumoi.app.identity.kept import remove_all
from kumoi.app.identity.names import check_name
from kumoi.app.identity.passwords import check_new, proved
from kumoi.app.identity.trusts import end_trusts
from kumoi.app.identity.web_sessions import drop_of
from kumoi.app.images.sight import OPEN
from kumoi.app.networks.security_groups import drop_groups_of
from kumoi.app.writing import Thing, commit, open_quota, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Taken
from kumoi.core.ids import ProjectId, UserId, hex_id
from kumoi.core.passwords import DAY_S, with_password
from kumoi.core.policy import allow, managed, may
from kumoi.core.query import Query, alive, eq, is_in
from kumoi.core.quotas import Claim
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import Project, User, UserOptions

NAME_MOST = 64
USER_NAME_MOST = 255
ACCOUNT_TRIES = 50
DEPTH_MOST = 5


def projects(house: House, call: Call, query: Query) -> list[Project]:
    """All of them, for administrators; those of the domain, for its manager."""
    wanted = narrowed(call, "identity.read", query)
    return house.store.read(lambda tx: tx.projects.find(wanted))


def projects_of(house: House, call: Call, user_id: UserId, query: Query) -> list[Project]:
    """Where a user has a role: for administrators, and for the user."""
    user(house, call, user_id)

    def read(tx: Transaction) -> list[Project]:
        reached = projects_reached(tx, held_by(tx, user_id))
        return tx.projects.find(query.where(is_in("id", tuple(p.id for p in reached))))

    return house.store.read(read)


def project(house: House, call: Call, project_id: ProjectId) -> Project:
    allow(call, "identity.read_own")
    found = house.store.read(lambda tx: tx.projects.get(project_id))
    own = call.actor.project_id == project_id
    if found is None or not (own or may(call, "identity.read") or managed(call) == found.domain_id):
        raise NotFound("identity", kind="project", id=project_id)
    return found


def accounts(house: House, call: Call, project_ids: tuple[ProjectId, ...]) -> dict[ProjectId, str]:
    """The twelve digits of those of these projects that the caller may know: its own, and those that show it an image.

    Of all of them for administrators.
    """
    allow(call, "identity.read_own")

    def read(tx: Transaction) -> dict[ProjectId, str]:
        known = set(project_ids)
        if known and not may(call, "identity.read"):
            opened = Query(filters=(is_in("project_id", project_ids), is_in("visibility", OPEN), alive()))
            known &= {call.actor.project_id, *(image.project_id for image in tx.images.find(opened))}
        return {p.id: p.account for p in tx.projects.many(tuple(known))}

    return house.store.read(read)


def create_project(house: House, call: Call, wish: Project) -> Project:
    """`wish.id` and `.account` are chosen here."""
    allow_within(call, "identity.write")
    check_home(call, "identity.write", wish.domain_id, "domain", wish.domain_id)
    check_name("name", wish.name, NAME_MOST)
    made = replace(wish, id=ProjectId(hex_id(house.chance.uuid())), created_at=call.now)

    def write(tx: Transaction) -> Project:
        if tx.domains.get(made.domain_id) is None:
            raise NotFound("identity", kind="domain", id=made.domain_id)
        _check_parent(tx, made)
        return add_project(tx, house, call, made)

    return house.store.write(write)


def _check_parent(tx: Transaction, made: Project) -> None:
    """A project in a project: of the same domain, enabled, and not too deep."""
    if made.parent_id == made.domain_id:
        return
    parent = tx.projects.get(made.parent_id)
    if parent is None:
        raise NotFound("identity", kind="project", id=made.parent_id)
    if parent.domain_id != made.domain_id:
        raise Invalid("identity", field="parent_id", reason="other_domain", value=parent.id)
    if made.enabled and not parent.enabled:
        raise Forbidden("identity", action="project.create", needs=[], reason="parent_disabled")
    if 1 + len(above(tx, parent)) >= DEPTH_MOST:
        raise Forbidden("identity", action="project.create", needs=[], reason="too_deep", most=DEPTH_MOST)


def _check_switch(tx: Transaction, new: Project) -> None:
    """Nothing is enabled in what is not."""
    if new.enabled and not all(parent.enabled for parent in above(tx, new)):
        raise Forbidden("identity", action="project.update", needs=[], reason="parent_disabled")
    if not new.enabled and any(child.enabled for child in below(tx, (new.id,))):
        raise Forbidden("identity", action="project.update", needs=[], reason="child_enabled")


def add_project(tx: Transaction, house: House, call: Call, made: Project) -> Project:
    """Inside a transaction: claim an account, insert, open its quota."""
    same = tx.projects.find(Query(filters=(eq("name", made.name), eq("domain_id", made.domain_id))))
    if same:
        raise Taken("identity", kind="project", name=made.name)
    for _ in range(ACCOUNT_TRIES):
        account = f"{1 + house.chance.below(999_999_999_999):012d}"
        if tx.claims.take(Claim(kind="account", key=account, owner=made.id, at=call.now)):
            break
    done = replace(made, account=account)
    tx.projects.insert(done)
    open_quota(tx, done.id)
    record(tx, house, call, "project.create", Thing("project", done.id, done.id), {"name": done.name})
    return done


def update_project(house: House, call: Call, project_id: ProjectId, changes: dict[str, str | bool]) -> Project:
    """`changes`: any of name, description, enabled."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> Project:
        old = tx.projects.get(project_id)
        if old is None:
            raise NotFound("identity", kind="project", id=project_id)
        check_home(call, "identity.write", old.domain_id, "project", project_id)
        new: Project = replace(old, **changes)
        if new.enabled != old.enabled:
            _check_switch(tx, new)
        check_name("name", new.name, NAME_MOST)
        same = tx.projects.find(Query(filters=(eq("name", new.name), eq("domain_id", new.domain_id))))
        if any(p.id != project_id for p in same):
            raise Taken("identity", kind="project", name=new.name)
        record(tx, house, call, "project.update", Thing("project", project_id, project_id))
        return tx.projects.save(new)

    return house.store.write(write)


def delete_project(house: House, call: Call, project_id: ProjectId) -> None:
    """InUse while anything of its users' making lives in it; its groups, access keys and roles go with it.

    Its counters stay, empty and at the default limits: quotas have no verb that ends them.
    """
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        old = tx.projects.get(project_id)
        if old is None:
            raise NotFound("identity", kind="project", id=project_id)
        check_home(call, "identity.write", old.domain_id, "project", project_id)
        if tx.projects.count(Query(filters=(eq("parent_id", project_id),))):
            raise Forbidden("identity", action="project.delete", needs=[], reason="not_a_leaf")
        check_empty(tx, project_id)
        end_project(tx, house, call, project_id)

    commit(house, write)


def end_project(tx: Transaction, house: House, call: Call, project_id: ProjectId) -> None:
    """Of a project that is empty, within a commit."""
    drop_groups_of(tx, house, call, project_id)
    own = Query(filters=(eq("project_id", project_id),))
    for key in tx.access_keys.find(own):
        tx.access_keys.remove(key.id)
    for credential in tx.credentials.find(own):
        tx.credentials.remove(credential.id)
    for assignment in tx.assignments.find(own):
        tx.assignments.remove(assignment.id)
    remove_all(tx.endpoint_filters, "project_id", project_id)
    remove_all(tx.limits, "project_id", project_id)
    end_credentials(tx, "project_id", project_id)
    end_trusts(tx, "project_id", project_id)
    remove_all(tx.oauth_accesses, "project_id", project_id)
    open_quota(tx, project_id)
    tx.claims.drop_owner(project_id)
    tx.projects.remove(project_id)
    record(tx, house, call, "project.delete", Thing("project", project_id, project_id))


def check_empty(tx: Transaction, project_id: ProjectId) -> None:
    """InUse while anything of its users' making lives in the project."""
    held = Query(filters=(eq("project_id", project_id), alive()))
    for kind, count in (
        ("instance", tx.instances.count(held)),
        ("image", tx.images.count(held)),
        ("network", tx.networks.count(held)),
        ("subnet", tx.subnets.count(held)),
        ("nic", tx.nics.count(held)),
        ("vpc", tx.vpcs.count(held)),
        ("public_address", tx.public_addresses.count(held)),
        ("subnet_pool", tx.subnet_pools.count(Query(filters=(eq("project_id", project_id),)))),
    ):
        if count:
            raise InUse("identity", kind="project", id=project_id, by_kind=kind, by_id=str(count))


def users(house: House, call: Call, query: Query) -> list[User]:
    wanted = narrowed(call, "identity.read", query)
    return house.store.read(lambda tx: tx.users.find(wanted))


def user(house: House, call: Call, user_id: UserId) -> User:
    allow(call, "identity.read_own")
    found = house.store.read(lambda tx: tx.users.get(user_id))
    own = user_id == call.actor.user_id or may(call, "identity.read")
    if found is None or not (own or managed(call) == found.domain_id):
        raise NotFound("identity", kind="user", id=user_id)
    return found


def create_user(house: House, call: Call, wish: User, password: str) -> User:
    """Runs in the hashing pool."""
    allow_within(call, "identity.write")
    check_home(call, "identity.write", wish.domain_id, "domain", wish.domain_id)
    check_name("name", wish.name, USER_NAME_MOST)
    check_new(house, password)
    rules = house.rules.passwords
    made = replace(
        wish,
        password_expires_at=call.now + rules.expires_days * DAY_S if rules.expires_days else None,
        id=UserId(hex_id(house.chance.uuid())),
        password_hash=house.passwords.hash(password),
        created_at=call.now,
    )

    def write(tx: Transaction) -> None:
        if tx.domains.get(made.domain_id) is None:
            raise NotFound("identity", kind="domain", id=made.domain_id)
        if made.default_project_id and tx.projects.get(made.default_project_id) is None:
            raise NotFound("identity", kind="project", id=made.default_project_id)
        if tx.users.find(Query(filters=(eq("name", made.name), eq("domain_id", made.domain_id)))):
            raise Taken("identity", kind="user", name=made.name)
        tx.users.insert(made)
        record(tx, house, call, "user.create", Thing("user", made.id, ""), {"name": made.name})

    house.store.write(write)
    return made


def update_user(
    house: House,
    call: Call,
    user_id: UserId,
    changes: dict[str, Any],
    password: str | None = None,
    *,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> User:
    """`changes`: any of name, description, email, enabled, default_project_id, options (those that are given). A new
    password ends all the user's tokens. `more`: what else is kept with the user, by name; None: no longer."""
    allow_within(call, "identity.write")
    if password is not None:
        check_new(house, password)
    hashed = house.passwords.hash(password) if password is not None else None

    def write(tx: Transaction) -> User:
        known = tx.users.get(user_id)
        _check_manager(tx, call, known, user_id)
        wished = dict(changes)
        if known is not None and more:
            kept = {**msgspec.json.decode(known.extra), **more}
            wished["extra"] = msgspec.json.encode({k: v for k, v in kept.items() if v is not None}).decode()
        if known is not None and (options := wished.get("options")) is not None:
            wished["options"] = _merged(known.options, options)
        return _update_user(tx, house, call, user_id, wished, hashed)

    return house.store.write(write)


def _merged(old: UserOptions, new: UserOptions) -> UserOptions:
    said = {name: value for name, value in asdict(new).items() if value is not None}
    return replace(old, **said)


def change_password(house: House, request_id: str, user_id: UserId, old: str, new: str) -> None:
    """By whoever knows the old one, which is proof enough: no token is asked for. Runs in the hashing pool.

    Unauthenticated for a wrong user or password, without saying which. One that is too old will do.
    """
    found = proved(house, house.store.read(lambda tx: tx.users.get(user_id)), old)
    if found.options.lock_password:
        raise Forbidden("identity", action="user.update", needs=["admin"], reason="password_locked")
    check_new(house, new, found)
    actor = Actor(user_id=user_id, user_name=found.name, project_id=None)
    call = Call(actor=actor, request_id=request_id, now=house.clock.now())
    fresh = house.passwords.hash(new)
    house.store.write(lambda tx: _update_user(tx, house, call, user_id, {}, fresh))


def _update_user(
    tx: Transaction,
    house: House,
    call: Call,
    user_id: UserId,
    changes: dict[str, Any],
    hashed: str | None,
) -> User:
    old = tx.users.get(user_id)
    if old is None:
        raise NotFound("identity", kind="user", id=user_id)
    new: User = replace(old, **changes)
    check_name("name", new.name, USER_NAME_MOST)
    same = tx.users.find(Query(filters=(eq("name", new.name), eq("domain_id", new.domain_id))))
    if any(u.id != user_id for u in same):
        raise Taken("identity", kind="user", name=new.name)
    if old.enabled and not new.enabled:
        new = replace(new, revocation=new.revocation + 1)
    if hashed is not None:
        new = with_password(new, hashed, house.rules.passwords, call.now)
    record(tx, house, call, "user.update", Thing("user", user_id, ""))
    if new.revocation != old.revocation:
        record(tx, house, call, "user.revoke", Thing("user", user_id, ""))
    return tx.users.save(new)


def delete_user(house: House, call: Call, user_id: UserId) -> None:
    """With the user go its roles, memberships, key pairs, credentials, trusts and sessions."""
    allow_within(call, "identity.write")

    def write(tx: Transaction) -> None:
        known = tx.users.get(user_id)
        if known is None:
            raise NotFound("identity", kind="user", id=user_id)
        _check_manager(tx, call, known, user_id)
        end_user(tx, house, call, user_id)

    house.store.write(write)


def _check_manager(tx: Transaction, call: Call, known: User | None, user_id: UserId) -> None:
    check_home(call, "identity.write", known.domain_id if known is not None else "", "user", user_id)
    check_ordinary(tx, call, "identity.write", user_id=user_id)


def end_user(tx: Transaction, house: House, call: Call, user_id: UserId) -> None:
    own = Query(filters=(eq("user_id", user_id),))
    for assignment in tx.assignments.find(own):
        tx.assignments.remove(assignment.id)
    for member in tx.memberships.find(own):
        tx.memberships.remove(member.id)
    for pair in tx.key_pairs.find(own):
        tx.counters.give_back(pair.id)
        tx.key_pairs.remove(pair.id)
    for key in tx.access_keys.find(own):
        tx.access_keys.remove(key.id)
    for credential in tx.credentials.find(own):
        tx.credentials.remove(credential.id)
    end_credentials(tx, "user_id", user_id)
    for side in ("trustor_id", "trustee_id"):
        end_trusts(tx, side, user_id)
    remove_all(tx.oauth_accesses, "user_id", user_id)
    drop_of(tx, user_id)
    tx.federated_users.remove(user_id)
    tx.users.remove(user_id)
    record(tx, house, call, "user.delete", Thing("user", user_id, ""))


def assign(house: House, call: Call, user_id: UserId, project_id: str, role: str) -> None:
    """Give a user a role (its key) on a project (empty: on the system)."""
    assignments.assign(house, call, Assignment(id="", user_id=user_id, project_id=project_id, role=role))
