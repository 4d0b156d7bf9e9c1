"""OAuth 1: consumers, what they ask for, what users let them, and the tokens that come of it."""

import base64
import hashlib
import hmac

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity import kept
from kumoi.app.identity.application_credentials import check_own, some_roles
from kumoi.app.identity.held import roles_in
from kumoi.app.identity.kept import Noun, remove_all
from kumoi.app.identity.tokens import Grant, issue, project_body
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from kumoi.core.ids import ConsumerId, OauthAccessId, OauthRequestId, ProjectId, UserId, hex_id
from kumoi.core.oauth1 import (
    ACCESS_TTL_S,
    REQUEST_TTL_S,
    SKEW_S,
    Consumer,
    OauthAccess,
    OauthRequest,
    Signed,
    holds,
)
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.roles import Role
from kumoi.core.tenancy import RevokedToken

METHOD = "oauth1"
SECRET_BYTES = 32
VERIFIER_BYTES = 16
REFUSED = "oauth_signature"


def _end(tx: Transaction, consumer_id: str) -> None:
    remove_all(tx.oauth_requests, "consumer_id", consumer_id)
    remove_all(tx.oauth_accesses, "consumer_id", consumer_id)


CONSUMERS: Noun[Consumer] = Noun(kind="consumer", rows=lambda tx: tx.consumers, end=_end)


def enter_consumer(house: House, call: Call, description: str) -> tuple[Consumer, str]:
    """With its secret, which is told now and never again."""
    secret = _secret(house, SECRET_BYTES)
    wish = Consumer(id=ConsumerId(""), sealed_secret=house.vault.seal(secret), description=description)
    return kept.create(house, call, CONSUMERS, wish), secret


def ask(house: House, signed: Signed, project_id: str) -> tuple[OauthRequest, str]:
    """A consumer asks to act in a project; with the secret of what it asked. Unauthenticated where it does not sign as
    a consumer does."""
    now = house.clock.now()
    consumer = house.store.read(lambda tx: tx.consumers.get(signed.said("consumer_key")))
    if consumer is None or not holds(signed, house.vault.open(consumer.sealed_secret), "", now):
        raise Unauthenticated("identity", reason=REFUSED)
    secret = _secret(house, SECRET_BYTES)
    asked = OauthRequest(
        id=OauthRequestId(hex_id(house.chance.uuid())),
        consumer_id=consumer.id,
        sealed_secret=house.vault.seal(secret),
        project_id=ProjectId(project_id),
        expires_at=now + REQUEST_TTL_S,
    )

    def write(tx: Transaction) -> None:
        if tx.projects.get(project_id) is None:
            raise NotFound("identity", kind="project", id=project_id)
        _spend(tx, signed)
        tx.oauth_requests.insert(asked)

    house.store.write(write)
    return asked, secret


def let(house: House, call: Call, request_id: str, roles: tuple[str, ...]) -> str:
    """The caller lets a consumer act with some of its roles (keys or names) in the project that was asked for; the
    verifier, which the caller is to hand to the consumer."""
    allow(call, "oauth.let")
    if call.actor.trust_id:
        raise Forbidden("identity", action="oauth.let", needs=[], reason="no_rescope")
    if not roles:
        raise Invalid("identity", field="roles", reason="missing", name="roles")
    verifier = _secret(house, VERIFIER_BYTES)
    sealed = house.vault.seal(verifier)

    def write(tx: Transaction) -> None:
        asked = _asked(tx, request_id, call.now)
        user, project = tx.users.get(call.actor.user_id), tx.projects.get(asked.project_id)
        held = roles_in(tx, user, project) if user is not None else ()
        for wanted in roles:
            if not any(wanted in {role.id, role.name} for role in held):
                raise Invalid("identity", field="roles", reason="role_not_held", value=wanted)
        chosen = tuple(role.id for role in held if {role.id, role.name} & set(roles))
        done = replace(asked, user_id=call.actor.user_id, roles=chosen, sealed_verifier=sealed)
        tx.oauth_requests.save(done)
        thing = Thing("oauth_request", asked.id, asked.project_id)
        record(tx, house, call, "oauth_request.let", thing, {"consumer": asked.consumer_id, "roles": list(chosen)})

    house.store.write(write)
    return verifier


def open_access(house: House, request_id: str, signed: Signed) -> tuple[OauthAccess, str]:
    """For what a user let a consumer, once; with its secret. `request_id` is the HTTP request's."""
    now = house.clock.now()

    def read(tx: Transaction) -> tuple[Consumer | None, OauthRequest]:
        return tx.consumers.get(signed.said("consumer_key")), _asked(tx, signed.said("token"), now)

    consumer, asked = house.store.read(read)
    right = consumer is not None and consumer.id == asked.consumer_id and bool(asked.sealed_verifier)
    if consumer is None or not right or not _signed(house, consumer, asked.sealed_secret, signed, now):
        raise Unauthenticated("identity", reason=REFUSED)
    if not hmac.compare_digest(house.vault.open(asked.sealed_verifier).encode(), signed.said("verifier").encode()):
        raise Unauthenticated("identity", reason=REFUSED)
    secret = _secret(house, SECRET_BYTES)
    made = OauthAccess(
        id=OauthAccessId(hex_id(house.chance.uuid())),
        consumer_id=consumer.id,
        sealed_secret=house.vault.seal(secret),
        user_id=UserId(asked.user_id),
        project_id=asked.project_id,
        roles=asked.roles,
        expires_at=now + ACCESS_TTL_S,
    )

    def write(tx: Transaction) -> None:
        _spend(tx, signed)
        user = tx.users.get(made.user_id)
        if user is None or not tx.oauth_requests.remove(asked.id):
            raise Unauthenticated("identity", reason=REFUSED)
        tx.oauth_accesses.insert(made)
        actor = Actor(user_id=user.id, user_name=user.name, project_id=made.project_id)
        call = Call(actor=actor, request_id=request_id, now=now)
        thing = Thing("oauth_access", made.id, made.project_id)
        record(tx, house, call, "oauth_access.create", thing, {"consumer": consumer.id})

    house.store.write(write)
    return made, secret


def by_access(house: House, signed: Signed) -> Grant:
    """A token in the project and with the roles that the user let the consumer."""
    now = house.clock.now()
    access_id, consumer_key = signed.said("token"), signed.said("consumer_key")
    access, consumer = house.store.read(lambda tx: (tx.oauth_accesses.get(access_id), tx.consumers.get(consumer_key)))
    if access is None or consumer is None or access.consumer_id != consumer.id or access.expires_at <= now:
        raise Unauthenticated("identity", reason=REFUSED)
    user = house.store.read(lambda tx: tx.users.get(access.user_id))
    if user is None or not user.enabled or not _signed(house, consumer, access.sealed_secret, signed, now):
        raise Unauthenticated("identity", reason=REFUSED)
    house.store.write(lambda tx: _spend(tx, signed))
    body = project_body(house, user, access.project_id, METHOD, access.expires_at)
    return issue(house, replace(body, access_id=access.id))


def find(house: House, call: Call, user_id: str) -> list[OauthAccess]:
    check_own(call, user_id)
    own = Query(filters=(eq("user_id", user_id),), order=(Order("id"),))
    return house.store.read(lambda tx: tx.oauth_accesses.find(own))


def get(house: House, call: Call, user_id: str, access_id: str) -> tuple[OauthAccess, tuple[Role, ...]]:
    """With the roles that it lets the consumer have."""
    check_own(call, user_id)

    def read(tx: Transaction) -> tuple[OauthAccess, tuple[Role, ...]]:
        found = _known(tx, user_id, access_id)
        return found, some_roles(tx, found.roles)

    return house.store.read(read)


def take_back(house: House, call: Call, user_id: str, access_id: str) -> None:
    """Its tokens are worth nothing from then on."""
    allow(call, "oauth.take_back")
    check_own(call, user_id)

    def write(tx: Transaction) -> None:
        gone = _known(tx, user_id, access_id)
        tx.oauth_accesses.remove(gone.id)
        record(tx, house, call, "oauth_access.delete", Thing("oauth_access", gone.id, gone.project_id))

    house.store.write(write)


def _signed(house: House, consumer: Consumer, sealed_token_secret: str, signed: Signed, now: float) -> bool:
    return holds(signed, house.vault.open(consumer.sealed_secret), house.vault.open(sealed_token_secret), now)


def _spend(tx: Transaction, signed: Signed) -> None:
    """A signature is good once: whoever overhears it cannot send it again."""
    said = (signed.said(name) for name in ("consumer_key", "token", "timestamp", "nonce"))
    used = hashlib.sha256("\n".join(said).encode()).hexdigest()
    if tx.revoked_tokens.get(used) is not None:
        raise Unauthenticated("identity", reason=REFUSED)
    tx.revoked_tokens.insert(RevokedToken(id=used, expires_at=float(signed.said("timestamp")) + SKEW_S + 1))


def _asked(tx: Transaction, request_id: str, now: float) -> OauthRequest:
    found = tx.oauth_requests.get(request_id)
    if found is None or found.expires_at <= now:
        raise NotFound("identity", kind="oauth_request", id=request_id)
    return found


def _known(tx: Transaction, user_id: str, access_id: str) -> OauthAccess:
    found = tx.oauth_accesses.get(access_id)
    if found is None or found.user_id != user_id:
        raise NotFound("identity", kind="oauth_access", id=access_id)
    return found


def _secret(house: House, size: int) -> str:
    return base64.urlsafe_b64encode(house.chance.secret(size)).rstrip(b"=").decode()
