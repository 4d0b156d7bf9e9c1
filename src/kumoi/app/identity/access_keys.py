"""Access keys (EC2 credentials): made and shown to their owner, and opened to check a signature."""

import base64

from kumoi.app.house import House
from kumoi.app.identity.held import place_of, roles_in, roles_of
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import NotFound
from kumoi.core.ids import CredentialId, ProjectId, UserId
from kumoi.core.policy import allow, may
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import AccessKey

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def create(house: House, call: Call, user_id: UserId, project_id: ProjectId) -> tuple[AccessKey, str]:
    """A key for a project in which the user has a role; the secret comes with it."""
    allow(call, "credential.make")
    _own_or_admin(call, user_id)
    key, secret = new_key(house, user_id, project_id, call.now)

    def write(tx: Transaction) -> None:
        project = tx.projects.get(project_id)
        if project is None or not roles_of(tx, user_id, place_of(tx, project)):
            raise NotFound("identity", kind="project", id=project_id)
        tx.access_keys.insert(key)
        record(tx, house, call, "access_key.create", Thing("access_key", key.id, project_id), {"access": key.access})

    house.store.write(write)
    return key, secret


def new_key(house: House, user_id: UserId, project_id: ProjectId, now: float) -> tuple[AccessKey, str]:
    """A fresh key and its secret, not yet stored."""
    secret = base64.b64encode(house.chance.secret(30)).decode()
    key = AccessKey(
        id=CredentialId(house.chance.uuid()),
        access="AK" + "".join(ALPHABET[b % 32] for b in house.chance.secret(18)),
        sealed_secret=house.vault.seal(secret),
        user_id=user_id,
        project_id=project_id,
        created_at=now,
    )
    return key, secret


def find(house: House, call: Call, user_id: UserId) -> list[tuple[AccessKey, str]]:
    _own_or_admin(call, user_id)
    found = house.store.read(lambda tx: tx.access_keys.find(Query(filters=(eq("user_id", user_id),))))
    return [(key, house.vault.open(key.sealed_secret)) for key in found]


def get(house: House, call: Call, user_id: UserId, access: str) -> tuple[AccessKey, str]:
    _own_or_admin(call, user_id)
    key = house.store.read(lambda tx: _by_access(tx, access))
    if key is None or key.user_id != user_id:
        raise NotFound("identity", kind="access_key", id=access)
    return key, house.vault.open(key.sealed_secret)


def delete(house: House, call: Call, user_id: UserId, access: str) -> None:
    allow(call, "credential.make")
    _own_or_admin(call, user_id)

    def write(tx: Transaction) -> None:
        key = _by_access(tx, access)
        if key is None or key.user_id != user_id:
            raise NotFound("identity", kind="access_key", id=access)
        tx.access_keys.remove(key.id)
        record(tx, house, call, "access_key.delete", Thing("access_key", key.id, key.project_id))

    house.store.write(write)


def secret_of(house: House, access: str) -> str | None:
    """The secret by which a signature is checked; None for an unknown key."""
    key = house.store.read(lambda tx: _by_access(tx, access))
    return house.vault.open(key.sealed_secret) if key is not None else None


def actor_of(house: House, access: str) -> Actor | None:
    """Who signs with this key, now that the signature is checked; None when user or project no longer count."""

    def read(tx: Transaction) -> Actor | None:
        key = _by_access(tx, access)
        if key is None:
            return None
        user, project = tx.users.get(key.user_id), tx.projects.get(key.project_id)
        roles = roles_in(tx, user, project) if user is not None else ()
        if user is None or project is None or not roles:
            return None
        return Actor(
            user_id=user.id,
            user_name=user.name,
            project_id=project.id,
            project_name=project.name,
            roles=frozenset(role.name for role in roles),
        )

    return house.store.read(read)


def _by_access(tx: Transaction, access: str) -> AccessKey | None:
    found = tx.access_keys.find(Query(filters=(eq("access", access),)))
    return found[0] if found else None


def _own_or_admin(call: Call, user_id: str) -> None:
    allow(call, "credential.own")
    if call.actor.user_id != user_id and not may(call, "credential.all"):
        allow(call, "credential.all")
