"""Tokens: given for a password or another token, checked at every request, taken back."""

import base64

import msgspec
from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.app.identity.federations import vouched
from kumoi.app.identity.held import expand, place_of, roles_in, roles_of
from kumoi.app.identity.passwords import WRONG, proved
from kumoi.app.identity.trusts import use
from kumoi.app.writing import Thing, record
from kumoi.contracts.secrets import TokenBody
from kumoi.contracts.store import Transaction
from kumoi.core.call import Actor, Call
from kumoi.core.delegation import AccessRule, ApplicationCredential, Asked, Trust, permits
from kumoi.core.errors import Forbidden, Unauthenticated
from kumoi.core.factors import lets_in
from kumoi.core.federation import FederatedUser
from kumoi.core.oauth1 import OauthAccess
from kumoi.core.passwords import is_expired
from kumoi.core.policy import allow
from kumoi.core.query import Query, eq
from kumoi.core.roles import SYSTEM, Place, Role
from kumoi.core.tenancy import DEFAULT_DOMAIN, Domain, Project, RevokedToken, User


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """A user by id, or by name and domain (id or name)."""

    user_id: str = ""
    user_name: str = ""
    domain: str = DEFAULT_DOMAIN


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`project_id`, or `project_name` with its domain; `whole_domain` (id or name); `system`; a trust's project; none
    of these: unscoped (or the default project)."""

    project_id: str = ""
    project_name: str = ""
    domain: str = DEFAULT_DOMAIN
    whole_domain: str = ""
    system: bool = False
    unscoped: bool = False
    trust_id: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A token with all that a client is told of it. `project` and `domain` None: unscoped or system.

    `homes`: the domains of the user and of the project, by id. `user` is whom it speaks for: by a trust with
    impersonation, the trustor.
    """

    token: str
    body: TokenBody
    user: User
    project: Project | None
    domain: Domain | None
    homes: dict[str, Domain]
    roles: tuple[Role, ...]
    credential: ApplicationCredential | None = None
    rules: tuple[AccessRule, ...] | None = None
    trust: Trust | None = None
    access: OauthAccess | None = None
    federated: FederatedUser | None = None


def by_password(house: House, who: Who, password: str, scope: Scope) -> Grant:
    """Unauthenticated for a wrong name or password, without saying which, and for a scope where
    the user has no role. Runs in the hashing pool."""
    return granted(house, check_password(house, who, password), scope, ("password",))


def granted(house: House, user: User, scope: Scope, methods: tuple[str, ...]) -> Grant:
    """A token for a user who has proved to be it by these methods."""
    return _grant(house, user, scope, methods, ())


def check_password(house: House, who: Who, password: str) -> User:
    """The user. Unauthenticated for a wrong name or password, without saying which; for a password that is right but
    too old; and where a password is not enough for the user. Runs in the hashing pool."""
    user = by_right_password(house, who, password)
    if not lets_in(user.options, ("password",)):
        raise Unauthenticated("identity", reason="more_factors")
    return user


def by_right_password(house: House, who: Who, password: str) -> User:
    """The user, whatever else its own rules ask for. Unauthenticated as `check_password`. Runs in the hashing pool."""
    user = proved(house, house.store.read(lambda tx: user_of(tx, who)), password)
    if is_expired(user, house.clock.now()):
        raise Unauthenticated("identity", reason="password_expired")
    return user


def by_credential(house: House, credential_id: str, who: Who, name: str, secret: str) -> Grant:
    """By an application credential's id, or by its name and user. Runs in the hashing pool."""
    found = house.store.read(lambda tx: _credential(tx, credential_id, who, name))
    credential, user = found or (None, None)
    hashed = credential.secret_hash if credential is not None else house.passwords.dummy
    right = house.passwords.verify(hashed, secret)
    if not right or credential is None or user is None or not user.enabled:
        raise Unauthenticated("identity", reason=WRONG)
    if credential.expires_at is not None and credential.expires_at <= house.clock.now():
        raise Unauthenticated("identity", reason=WRONG)
    body = project_body(house, user, credential.project_id, "application_credential", credential.expires_at)
    return issue(house, replace(body, credential_id=credential.id))


def project_body(house: House, user: User, project_id: str, method: str, until: float | None) -> TokenBody:
    """What a token says for a user in one project, until then at most."""
    return _body_of(house, user, Scope(project_id=project_id), (method,), (), until)


def by_token(house: House, token: str, scope: Scope) -> Grant:
    """The same user in another scope; the new token dies no later than the old one."""
    body = _body(house, token)
    if body.credential_id or body.trust_id or body.access_id:
        raise Forbidden("identity", action="token.issue", needs=[], reason="no_rescope")
    user = house.store.read(lambda tx: _holder(tx, body))
    methods = tuple(dict.fromkeys(("token", *body.methods)))
    return _grant(house, user, scope, methods, body.audit_ids, until=body.expires_at)


def look(house: House, token: str) -> Grant:
    """What a token says now. Unauthenticated when it is no good."""
    body = _body(house, token)

    def read(tx: Transaction) -> Grant:
        serial = tx.identity_serial()
        known = house.remembered.get(token, serial)
        if isinstance(known, Grant):
            return known
        grant = _told(tx, token, body, _holder(tx, body))
        house.remembered.put(token, serial, grant)
        return grant

    return house.store.read(read)


def tell(house: House, call: Call, token: str) -> Grant:
    """The same for a caller who asks about it. Forbidden for others' tokens but to those who check them."""
    grant = look(house, token)
    _check_subject(call, grant.user.id, "token.read")
    return grant


def actor_of(house: House, token: str, asked: Asked) -> Actor:
    """Who calls with this token. One read; Unauthenticated when it is unknown, expired, or taken back; Forbidden when
    the credential that it came by has rules, and none of them is for what is asked."""
    grant = look(house, token)
    if grant.rules is not None and not any(permits(rule, asked) for rule in grant.rules):
        raise Forbidden("identity", action=f"{asked.method} {asked.path}", needs=[], reason="no_access_rule")
    return _actor(grant)


def revoke(house: House, call: Call, token: str) -> None:
    """Take one token back, one's own or (administrators) another's. Unauthenticated when it is no good any more."""
    body = look(house, token).body
    _check_subject(call, body.user_id, "token.revoke")

    def write(tx: Transaction) -> None:
        if tx.revoked_tokens.get(body.audit_ids[0]) is None:
            tx.revoked_tokens.insert(RevokedToken(id=body.audit_ids[0], expires_at=body.expires_at))
            record(tx, house, call, "token.revoke", Thing("token", body.audit_ids[0], body.project_id))

    house.store.write(write)


def _check_subject(call: Call, user_id: str, action: str) -> None:
    if call.actor.user_id != user_id:
        allow(call, action)


def _actor(grant: Grant) -> Actor:
    return Actor(
        user_id=grant.user.id,
        user_name=grant.user.name,
        project_id=grant.project.id if grant.project else None,
        project_name=grant.project.name if grant.project else "",
        domain_id=grant.domain.id if grant.domain else None,
        roles=frozenset(role.name for role in grant.roles),
        system=grant.body.system,
        restricted=(grant.credential is not None and not grant.credential.unrestricted) or grant.access is not None,
        trust_id=grant.body.trust_id,
        known_by=_known_by(grant.body),
    )


def _known_by(body: TokenBody) -> tuple[str, ...]:
    credential = (f"application_credential/{body.credential_id}",) if body.credential_id else ()
    trust = (f"trust/{body.trust_id}",) if body.trust_id else ()
    access = (f"oauth_access/{body.access_id}",) if body.access_id else ()
    return (f"token/{body.audit_ids[0]}", *credential, *trust, *access)


def _credential(
    tx: Transaction, credential_id: str, who: Who, name: str
) -> tuple[ApplicationCredential, User | None] | None:
    if credential_id:
        found = tx.application_credentials.get(credential_id)
        return (found, user_of(tx, Who(user_id=found.user_id))) if found is not None else None
    user = user_of(tx, who)
    if user is None:
        return None
    named = tx.application_credentials.find(Query(filters=(eq("user_id", user.id), eq("name", name))))
    return (named[0], user) if named else None


def user_of(tx: Transaction, who: Who) -> User | None:
    """None as well where the domain lets nobody in."""
    if who.user_id:
        user = tx.users.get(who.user_id)
    else:
        domain_id = _domain_id(tx, who.domain)
        found = tx.users.find(Query(filters=(eq("name", who.user_name), eq("domain_id", domain_id))))
        user = found[0] if found else None
    home = tx.domains.get(user.domain_id) if user is not None else None
    return user if home is not None and home.enabled else None


def _domain_id(tx: Transaction, domain: str) -> str:
    if tx.domains.get(domain) is not None:
        return domain
    found = tx.domains.find(Query(filters=(eq("name", domain),)))
    return found[0].id if found else domain


def _body(house: House, token: str) -> TokenBody:
    """What a token of ours that has not expired says."""
    body = house.tokens.read(token, house.clock.now())
    if body is None:
        raise Unauthenticated("identity", reason="token")
    return body


def _holder(tx: Transaction, body: TokenBody) -> User:
    """The user, unless the token or the user was taken back since."""
    user = tx.users.get(body.user_id)
    revoked = tx.revoked_tokens.get(body.audit_ids[0]) is not None
    if revoked or user is None or not user.enabled or user.revocation != body.revocation:
        raise Unauthenticated("identity", reason="token")
    return user


def _told(tx: Transaction, token: str, body: TokenBody, holder: User) -> Grant:
    """Whatever is not there or not enabled any more, up to the domains, makes the token worth nothing."""
    project = tx.projects.get(body.project_id) if body.project_id else None
    if body.project_id and (project is None or not project.enabled):
        raise Unauthenticated("identity", reason="token")
    trust = _trust(tx, body) if body.trust_id else None
    giver = (tx.users.get(trust.trustor_id) if trust else None) or holder
    user = giver if trust and trust.impersonation else holder
    credential = tx.application_credentials.get(body.credential_id) if body.credential_id else None
    access = tx.oauth_accesses.get(body.access_id) if body.access_id else None
    gone = (body.credential_id and credential is None) or (body.access_id and access is None)
    if not giver.enabled or gone:
        raise Unauthenticated("identity", reason="token")
    wanted = {holder.domain_id, giver.domain_id, *((project.domain_id,) if project else ())} | {body.domain_id} - {""}
    homes = {domain_id: domain for domain_id in wanted if (domain := tx.domains.get(domain_id)) and domain.enabled}
    place = _place(tx, body, project)
    roles = roles_of(tx, giver.id, place) if place else ()
    if (handed := trust or credential or access) is not None:
        kept = {role.id for role in expand(tx, handed.roles)}
        roles = tuple(role for role in roles if role.id in kept)
    if len(homes) < len(wanted) or (place and not roles):
        raise Unauthenticated("identity", reason="token")
    return Grant(
        token=token,
        body=body,
        user=user,
        project=project,
        domain=homes.get(body.domain_id),
        homes=homes,
        roles=roles,
        credential=credential,
        rules=_rules(tx, credential),
        trust=trust,
        access=access,
        federated=vouched(tx, holder.id),
    )


def _rules(tx: Transaction, credential: ApplicationCredential | None) -> tuple[AccessRule, ...] | None:
    if credential is None or credential.access_rules is None:
        return None
    return tuple(tx.access_rules.many(credential.access_rules))


def _trust(tx: Transaction, body: TokenBody) -> Trust:
    trust = tx.trusts.get(body.trust_id)
    if trust is None or trust.trustee_id != body.user_id:
        raise Unauthenticated("identity", reason="token")
    return trust


def _place(tx: Transaction, body: TokenBody, project: Project | None) -> Place | None:
    """Where the token lets its holder act; None: nowhere."""
    if project is not None:
        return place_of(tx, project)
    if body.domain_id:
        return Place(domain_id=body.domain_id)
    return SYSTEM if body.system else None


def _grant(
    house: House, user: User, scope: Scope, methods: tuple[str, ...], audit: tuple[str, ...], until: float | None = None
) -> Grant:
    if not scope.trust_id:
        return issue(house, _body_of(house, user, scope, methods, audit, until))
    trust = house.store.read(lambda tx: tx.trusts.get(scope.trust_id))
    now = house.clock.now()
    if trust is None or trust.trustee_id != user.id or (trust.expires_at is not None and trust.expires_at <= now):
        raise Forbidden("identity", action="token.issue", needs=[], reason="no_trust")
    ends = min(x for x in (until, trust.expires_at, float("inf")) if x is not None)
    body = _body_of(house, user, Scope(unscoped=True), methods, audit, ends)
    grant = issue(house, replace(body, project_id=trust.project_id, trust_id=trust.id))
    if not house.store.write(lambda tx: use(tx, trust.id)):
        raise Forbidden("identity", action="token.issue", needs=[], reason="no_trust")
    return grant


def _body_of(
    house: House, user: User, scope: Scope, methods: tuple[str, ...], audit: tuple[str, ...], until: float | None
) -> TokenBody:
    now = house.clock.now()
    audit_id = base64.urlsafe_b64encode(house.chance.secret(16)).rstrip(b"=").decode()
    project_id, domain_id = house.store.read(lambda tx: _scoped(tx, user, scope))
    return TokenBody(
        user_id=user.id,
        methods=methods,
        project_id=project_id,
        domain_id=domain_id,
        system=scope.system,
        issued_at=now,
        expires_at=min(now + house.rules.token_ttl_s, until if until is not None else float("inf")),
        audit_ids=(audit_id, *audit[-1:]),
        revocation=user.revocation,
    )


def issue(house: House, body: TokenBody) -> Grant:
    """The token that says this, as it stands now. Unauthenticated where what it came by is gone."""
    token = house.tokens.issue(body)
    return house.store.read(lambda tx: _told(tx, token, body, _holder(tx, body)))


def _scoped(tx: Transaction, user: User, scope: Scope) -> tuple[str, str]:
    """The ids of the project and of the domain that a scope means; empty for unscoped and system."""
    if scope.system and not roles_of(tx, user.id, SYSTEM):
        raise Unauthenticated("identity", reason="no_system_access", user=user.name)
    if scope.system or scope.unscoped:
        return "", ""
    if scope.whole_domain:
        return "", _domain_in_scope(tx, user, scope.whole_domain)
    if not scope.project_id and not scope.project_name:
        default = tx.projects.get(user.default_project_id) if user.default_project_id else None
        return (default.id if default is not None and roles_in(tx, user, default) else ""), ""
    if scope.project_id:
        project = tx.projects.get(scope.project_id)
    else:
        domain_id = _domain_id(tx, scope.domain)
        found = tx.projects.find(Query(filters=(eq("name", scope.project_name), eq("domain_id", domain_id))))
        project = found[0] if found else None
    if project is None or not roles_in(tx, user, project):
        named = scope.project_id or scope.project_name
        raise Unauthenticated("identity", reason="no_access", user=user.name, project=named)
    return project.id, ""


def _domain_in_scope(tx: Transaction, user: User, named: str) -> str:
    domain = tx.domains.get(_domain_id(tx, named))
    if domain is None or not domain.enabled or not roles_of(tx, user.id, Place(domain_id=domain.id)):
        raise Unauthenticated("identity", reason="no_domain_access", user=user.name, domain=named)
    return domain.id
