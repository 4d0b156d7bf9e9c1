"""Sign in by a password, by a one-time code, or by both: whatever a user's own rules ask for; at once, or one after the
other, with a receipt for what was proved already.

What does not belong here: tokens and application credentials as a way in (tokens).
"""

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.passwords import WRONG
from kumoi.app.identity.tokens import Grant, Scope, Who, by_right_password, granted, user_of
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Unauthenticated
from kumoi.core.factors import LATE_STEPS, STEP_S, lets_in, secret_of, step_of_code
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import Domain, RevokedToken, User

TOTP = "totp"
RECEIPT_S = 300.0


class Password(msgspec.Struct, frozen=True, kw_only=True):
    who: Who
    password: str


class Code(msgspec.Struct, frozen=True, kw_only=True):
    who: Who
    code: str


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody proves with: `receipt` is the text of one that was given before."""

    password: Password | None = None
    code: Code | None = None
    receipt: str = ""


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """A user, and by which methods."""

    user: User
    methods: tuple[str, ...]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was proved is right, but not enough. `text`: shown again with the rest, until it ends."""

    text: str
    user: User
    home: Domain
    methods: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]
    issued_at: float
    expires_at: float


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    revocation: int
    methods: tuple[str, ...]
    expires_at: float


def by_factors(house: House, given: Given, scope: Scope) -> Grant | Receipt:
    """A token, or a receipt as `prove`."""
    proved = prove(house, given)
    return proved if isinstance(proved, Receipt) else granted(house, proved.user, scope, proved.methods)


def prove(house: House, given: Given) -> Proved | Receipt:
    """All that are given must be right, and of one user: Unauthenticated otherwise, without saying which was wrong. A
    receipt where they are not enough for it. Runs in the hashing pool."""
    users, methods = [], list[str]()
    if given.receipt:
        known, before = _shown(house, given.receipt)
        users.append(known)
        methods += before
    if given.password is not None:
        users.append(by_right_password(house, given.password.who, given.password.password))
        methods.append("password")
    if given.code is not None:
        users.append(_by_code(house, given.code.who, given.code.code))
        methods.append(TOTP)
    if not users or len({user.id for user in users}) != 1:
        raise Unauthenticated("identity", reason=WRONG)
    proved = Proved(user=users[0], methods=tuple(dict.fromkeys(methods)))
    return proved if lets_in(proved.user.options, proved.methods) else _receipt(house, proved)


def _receipt(house: House, proved: Proved) -> Receipt:
    now = house.clock.now()
    user = proved.user
    sealed = _Sealed(user_id=user.id, revocation=user.revocation, methods=proved.methods, expires_at=now + RECEIPT_S)
    home = house.store.read(lambda tx: tx.domains.get(user.domain_id))
    if home is None:
        raise Unauthenticated("identity", reason=WRONG)
    return Receipt(
        text=house.vault.seal(msgspec.json.encode(sealed).decode()),
        user=user,
        home=home,
        methods=proved.methods,
        rules=tuple(rule for rule in user.options.multi_factor_auth_rules or () if rule),
        issued_at=now,
        expires_at=sealed.expires_at,
    )


def _shown(house: House, text: str) -> tuple[User, tuple[str, ...]]:
    try:
        sealed = msgspec.json.decode(house.vault.open(text), type=_Sealed)
    except (ValueError, msgspec.MsgspecError) as e:
        raise Unauthenticated("identity", reason="receipt") from e
    user = house.store.read(lambda tx: user_of(tx, Who(user_id=sealed.user_id)))
    late = sealed.expires_at <= house.clock.now()
    if late or user is None or not user.enabled or user.revocation != sealed.revocation:
        raise Unauthenticated("identity", reason="receipt")
    return user, sealed.methods


def _by_code(house: House, who: Who, code: str) -> User:
    """The user, one of whose secrets gave this code, which is good once."""
    now = house.clock.now()

    def secrets(tx: Transaction) -> tuple[User | None, list[str]]:
        user = user_of(tx, who)
        if user is None:
            return None, []
        own = Query(filters=(eq("user_id", user.id), eq("type", TOTP)))
        return user, [row.sealed_blob for row in tx.credentials.find(own)]

    user, sealed = house.store.read(secrets)
    opened = (secret_of(house.vault.open(one)) for one in sealed)
    steps = [step for secret in opened if secret is not None and (step := step_of_code(secret, code, now)) is not None]
    if user is None or not user.enabled or not steps:
        raise Unauthenticated("identity", reason=WRONG)
    used = RevokedToken(id=f"{TOTP}/{user.id}/{steps[0]}", expires_at=(steps[0] + LATE_STEPS + 2.0) * STEP_S)

    def spend(tx: Transaction) -> bool:
        if tx.revoked_tokens.get(used.id) is not None:
            return False
        tx.revoked_tokens.insert(used)
        return True

    if not house.store.write(spend):
        raise Unauthenticated("identity", reason=WRONG)
    return user
