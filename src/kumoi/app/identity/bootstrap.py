"""The first start: domain, projects, users, flavors. Idempotent: what is there stays as it is."""

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.access_keys import new_key
from kumoi.app.identity.people import add_project
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import NotFound
from kumoi.core.flavors import DEFAULT_FLAVORS
from kumoi.core.ids import ProjectId, UserId, hex_id
from kumoi.core.query import Query, eq
from kumoi.core.roles import Assignment
from kumoi.core.tenancy import DEFAULT_DOMAIN, AccessKey, Domain, Project, User
from kumoi.core.volume_group_types import DEFAULT_GROUP_TYPE
from kumoi.core.volume_types import DEFAULT_TYPE


class FirstUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to make with a project of its own name; `roles`: (project name, role), empty project: the system.

    Its access key is for `key_project`.
    """

    name: str
    password: str
    roles: tuple[tuple[str, str], ...]
    key_project: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner must be told once. `secret` belongs to `access`."""

    name: str
    user_id: UserId
    key_project_id: ProjectId
    access: str
    secret: str


def system_call(house: House, request_id: str = "req-bootstrap") -> Call:
    """The cloud's own voice: administrator, no user."""
    actor = Actor(user_id=UserId(""), user_name="kumoi", project_id=None, roles=frozenset({"admin"}), system=True)
    return Call(actor=actor, request_id=request_id, now=house.clock.now())


def bootstrap(house: House, users: tuple[FirstUser, ...]) -> list[Made]:
    """Make what is missing; returns the users with their keys (an existing user's key is read back)."""
    call = system_call(house)
    prepared = [_prepare(house, call, user) for user in users]

    def write(tx: Transaction) -> list[tuple[User, AccessKey]]:
        if tx.domains.get(DEFAULT_DOMAIN) is None:
            tx.domains.insert(Domain(id=DEFAULT_DOMAIN, name="Default", description="The default domain"))
        for flavor in DEFAULT_FLAVORS:
            if tx.flavors.get(flavor.id) is None:
                tx.flavors.insert(msgspec.structs.replace(flavor, created_at=call.now))
        if tx.volume_types.get(DEFAULT_TYPE.id) is None:
            tx.volume_types.insert(msgspec.structs.replace(DEFAULT_TYPE, created_at=call.now, updated_at=call.now))
        if tx.volume_group_types.get(DEFAULT_GROUP_TYPE.id) is None:
            tx.volume_group_types.insert(
                msgspec.structs.replace(DEFAULT_GROUP_TYPE, created_at=call.now, updated_at=call.now)
            )
        for one in prepared:
            if not _projects(tx, one.project.name):
                add_project(tx, house, call, one.project)
        return [_ensure(tx, house, p) for p in prepared]

    done = house.store.write(write)
    return [
        Made(
            name=user.name,
            user_id=user.id,
            key_project_id=key.project_id,
            access=key.access,
            secret=house.vault.open(key.sealed_secret),
        )
        for user, key in done
    ]


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    first: FirstUser
    user: User
    project: Project
    key: AccessKey


def _prepare(house: House, call: Call, first: FirstUser) -> _Prepared:
    """The slow and random parts, outside the transaction."""
    known = house.store.read(lambda tx: _named(tx, first.name))
    hashed = known.password_hash if known else house.passwords.hash(first.password)
    project_id = ProjectId(hex_id(house.chance.uuid()))
    user = User(
        id=UserId(hex_id(house.chance.uuid())),
        name=first.name,
        password_hash=hashed,
        created_at=call.now,
    )
    project = Project(id=project_id, name=first.name, account="", created_at=call.now)
    return _Prepared(first=first, user=user, project=project, key=new_key(house, user.id, project_id, call.now)[0])


def _named(tx: Transaction, name: str) -> User | None:
    found = tx.users.find(Query(filters=(eq("name", name), eq("domain_id", DEFAULT_DOMAIN))))
    return found[0] if found else None


def _projects(tx: Transaction, name: str) -> list[Project]:
    return tx.projects.find(Query(filters=(eq("name", name), eq("domain_id", DEFAULT_DOMAIN))))


def _project_named(tx: Transaction, name: str) -> Project:
    """A project that was made before; somebody may have renamed it since, which is NotFound."""
    found = _projects(tx, name)
    if not found:
        raise NotFound("identity", kind="project", id=name)
    return found[0]


def _ensure(tx: Transaction, house: House, prepared: _Prepared) -> tuple[User, AccessKey]:
    """Clients, keys and the dashboard begin in the same project: what one makes, the others show."""
    scope = _project_named(tx, prepared.first.key_project)
    user = _named(tx, prepared.user.name)
    if user is None:
        user = msgspec.structs.replace(prepared.user, default_project_id=scope.id)
        tx.users.insert(user)
    for project_name, role in prepared.first.roles:
        target = _project_named(tx, project_name).id if project_name else ""
        held = Query(filters=(eq("user_id", user.id), eq("project_id", target), eq("role", role)))
        if not tx.assignments.find(held):
            tx.assignments.insert(Assignment(id=house.chance.uuid(), user_id=user.id, project_id=target, role=role))
    keys = tx.access_keys.find(Query(filters=(eq("user_id", user.id), eq("project_id", scope.id))))
    if keys:
        return user, keys[0]
    key = msgspec.structs.replace(prepared.key, user_id=user.id, project_id=scope.id)
    tx.access_keys.insert(key)
    return user, key
