"""Sign in by a password, by a one-time code, or by both: whatever a user's own rules ask for.

What does not belong here: tokens and application credentials as a way in (tokens).
"""

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.passwords import WRONG
from kumoi.app.identity.tokens import Grant, Scope, Who, check_password, granted, user_of
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Unauthenticated
from kumoi.core.factors import LATE_STEPS, STEP_S, lets_in, secret_of, step_of_code
from kumoi.core.query import Query, eq
from kumoi.core.tenancy import RevokedToken, User

TOTP = "totp"


class Password(msgspec.Struct, frozen=True, kw_only=True):
    who: Who
    password: str


class Code(msgspec.Struct, frozen=True, kw_only=True):
    who: Who
    code: str


def by_factors(house: House, password: Password | None, code: Code | None, scope: Scope) -> Grant:
    """All that are given must be right, of one user, and enough for it. Unauthenticated otherwise, without saying
    which was wrong. Runs in the hashing pool."""
    methods = tuple(name for name, given in (("password", password), (TOTP, code)) if given is not None)
    users = []
    if password is not None:
        users.append(check_password(house, password.who, password.password, methods))
    if code is not None:
        users.append(check_code(house, code.who, code.code, methods))
    if not users or len({user.id for user in users}) != 1:
        raise Unauthenticated("identity", reason=WRONG)
    return granted(house, users[0], scope, methods)


def check_code(house: House, who: Who, code: str, methods: tuple[str, ...]) -> User:
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
    if user is None or not user.enabled or not steps or not lets_in(user.options, methods):
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
