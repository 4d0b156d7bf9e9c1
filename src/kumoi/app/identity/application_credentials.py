"""Application credentials and the access rules they share: their doors. A user's own; administrators may see and end
them."""

import base64
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.held import roles_in
from kumoi.app.identity.names import check_name
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.delegation import AccessRule, ApplicationCredential
from kumoi.core.errors import Forbidden, InUse, Invalid, NotFound, Taken
from kumoi.core.ids import AccessRuleId, ApplicationCredentialId, UserId, hex_id
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.roles import BUILT_IN, Role

NAME_MOST = 255
SECRET_BYTES = 64


class CredentialWish(msgspec.Struct, frozen=True, kw_only=True):
    """`roles`: keys or names, none: all that the caller has here. `rules`: (service, method, path), or an id of a rule
    that the user has. Without a `secret` one is made."""

    name: str
    description: str = ""
    secret: str | None = None
    roles: tuple[str, ...] = ()
    rules: tuple[tuple[str, str, str] | str, ...] | None = None
    unrestricted: bool = False
    expires_at: float | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A credential with its roles and rules."""

    credential: ApplicationCredential
    roles: tuple[Role, ...]
    rules: tuple[AccessRule, ...]


def create(house: House, call: Call, user_id: UserId, wish: CredentialWish) -> tuple[Shown, str]:
    """In the caller's project; the secret comes with it, now and never again. Runs in the hashing pool."""
    allow(call, "application_credential.create")
    if call.actor.user_id != user_id:
        raise Forbidden("identity", action="application_credential.create", needs=["owner"])
    check_name("name", wish.name, NAME_MOST)
    check_expiry(wish.expires_at, call.now)
    secret = wish.secret or base64.urlsafe_b64encode(house.chance.secret(SECRET_BYTES)).rstrip(b"=").decode()
    made = ApplicationCredential(
        id=ApplicationCredentialId(hex_id(house.chance.uuid())),
        user_id=user_id,
        project_id=call.project_id,
        name=wish.name,
        secret_hash=house.passwords.hash(secret),
        roles=(),
        description=wish.description,
        unrestricted=wish.unrestricted,
        expires_at=wish.expires_at,
        created_at=call.now,
    )

    def write(tx: Transaction) -> Shown:
        if tx.application_credentials.find(Query(filters=(eq("user_id", user_id), eq("name", wish.name)))):
            raise Taken("identity", kind="application_credential", name=wish.name)
        roles = chosen_roles(tx, call, wish.roles)
        rules = None if wish.rules is None else tuple(_rule(tx, house, user_id, rule) for rule in wish.rules)
        done = replace(made, roles=tuple(role.id for role in roles), access_rules=_ids(rules))
        tx.application_credentials.insert(done)
        thing = Thing("application_credential", made.id, made.project_id)
        record(tx, house, call, "application_credential.create", thing, {"name": made.name})
        return Shown(credential=done, roles=roles, rules=rules or ())

    return house.store.write(write), secret


def find(house: House, call: Call, user_id: UserId, name: str | None = None) -> list[Shown]:
    check_own(call, user_id)
    wanted = Query(filters=(eq("user_id", user_id), *([] if name is None else [eq("name", name)])))

    def read(tx: Transaction) -> list[Shown]:
        return [shown(tx, one) for one in tx.application_credentials.find(wanted)]

    return house.store.read(read)


def get(house: House, call: Call, user_id: UserId, credential_id: ApplicationCredentialId) -> Shown:
    check_own(call, user_id)
    return house.store.read(lambda tx: shown(tx, _known(tx, user_id, credential_id)))


def delete(house: House, call: Call, user_id: UserId, credential_id: ApplicationCredentialId) -> None:
    """Its tokens are worth nothing from then on; its rules stay with the user."""
    allow(call, "application_credential.delete")
    check_own(call, user_id)

    def write(tx: Transaction) -> None:
        gone = _known(tx, user_id, credential_id)
        tx.application_credentials.remove(credential_id)
        thing = Thing("application_credential", credential_id, gone.project_id)
        record(tx, house, call, "application_credential.delete", thing)

    house.store.write(write)


def rules(house: House, call: Call, user_id: UserId) -> list[AccessRule]:
    check_own(call, user_id)
    return house.store.read(lambda tx: tx.access_rules.find(Query(filters=(eq("user_id", user_id),))))


def rule(house: House, call: Call, user_id: UserId, rule_id: AccessRuleId) -> AccessRule:
    check_own(call, user_id)
    return house.store.read(lambda tx: _known_rule(tx, user_id, rule_id))


def delete_rule(house: House, call: Call, user_id: UserId, rule_id: AccessRuleId) -> None:
    """InUse while a credential has it."""
    allow(call, "application_credential.delete")
    check_own(call, user_id)

    def write(tx: Transaction) -> None:
        _known_rule(tx, user_id, rule_id)
        for held in tx.application_credentials.find(Query(filters=(eq("user_id", user_id),))):
            if rule_id in (held.access_rules or ()):
                raise InUse("identity", kind="access_rule", id=rule_id, by_kind="application_credential", by_id=held.id)
        tx.access_rules.remove(rule_id)
        record(tx, house, call, "access_rule.delete", Thing("access_rule", rule_id, ""))

    house.store.write(write)


def shown(tx: Transaction, credential: ApplicationCredential) -> Shown:
    return Shown(
        credential=credential,
        roles=some_roles(tx, credential.roles),
        rules=tuple(tx.access_rules.many(credential.access_rules or ())),
    )


def some_roles(tx: Transaction, keys: Sequence[str]) -> tuple[Role, ...]:
    """Those of these that are still there, by name."""
    found = [BUILT_IN[key] for key in keys if key in BUILT_IN]
    found += tx.roles.many(tuple(key for key in keys if key not in BUILT_IN))
    return tuple(sorted(found, key=lambda role: role.name))


def chosen_roles(tx: Transaction, call: Call, wanted: Sequence[str]) -> tuple[Role, ...]:
    """Of what the caller has in this project by this very token, those that are wanted (keys or names); all, if none
    are named. Invalid for one that the caller has not."""
    user, project = tx.users.get(call.actor.user_id), tx.projects.get(call.project_id)
    held = roles_in(tx, user, project) if user is not None else ()
    held = tuple(role for role in held if role.name in call.actor.roles)
    for name in wanted:
        if not any(name in {role.id, role.name} for role in held):
            raise Invalid("identity", field="roles", reason="role_not_held", value=name)
    return tuple(role for role in held if not wanted or {role.id, role.name} & set(wanted))


def check_expiry(expires_at: float | None, now: float) -> None:
    if expires_at is not None and expires_at <= now:
        raise Invalid("identity", field="expires_at", reason="in_the_past")


def check_own(call: Call, user_id: str) -> None:
    """Forbidden for another user's, but to administrators."""
    allow(call, "identity.read_own")
    if call.actor.user_id != user_id:
        allow(call, "credential.all")


def end_credentials(tx: Transaction, field: str, row_id: str) -> None:
    """All of a user or of a project that goes."""
    for held in tx.application_credentials.find(Query(filters=(eq(field, row_id),))):
        tx.application_credentials.remove(held.id)
    if field == "user_id":
        for one in tx.access_rules.find(Query(filters=(eq("user_id", row_id),))):
            tx.access_rules.remove(one.id)


def _rule(tx: Transaction, house: House, user_id: UserId, wish: tuple[str, str, str] | str) -> AccessRule:
    """The user's own: one that is there already, or a new one."""
    if isinstance(wish, str):
        return _known_rule(tx, user_id, AccessRuleId(wish))
    service, method, path = wish
    same = (eq("user_id", user_id), eq("service", service), eq("method", method), eq("path", path))
    found = tx.access_rules.find(Query(filters=same))
    if found:
        return found[0]
    made = AccessRule(
        id=AccessRuleId(hex_id(house.chance.uuid())), user_id=user_id, service=service, method=method, path=path
    )
    tx.access_rules.insert(made)
    return made


def _ids(rules: Sequence[AccessRule] | None) -> tuple[AccessRuleId, ...] | None:
    return None if rules is None else tuple(one.id for one in rules)


def _known(tx: Transaction, user_id: str, credential_id: str) -> ApplicationCredential:
    found = tx.application_credentials.get(credential_id)
    if found is None or found.user_id != user_id:
        raise NotFound("identity", kind="application_credential", id=credential_id)
    return found


def _known_rule(tx: Transaction, user_id: str, rule_id: AccessRuleId) -> AccessRule:
    found = tx.access_rules.get(rule_id)
    if found is None or found.user_id != user_id:
        raise NotFound("identity", kind="access_rule", id=rule_id)
    return found
