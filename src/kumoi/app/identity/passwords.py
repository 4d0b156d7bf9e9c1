"""A password looked at under the password rules: right or wrong, locked out, too old, not good enough."""

from collections.abc import Callable

from msgspec.structs import replace

from kumoi.app.house import House
from kumoi.contracts.store import Transaction
from kumoi.core.errors import Invalid, Unauthenticated
from kumoi.core.passwords import after_failure, fits, forbidden_hashes, is_locked
from kumoi.core.tenancy import User

WRONG = "wrong_credentials"


def proved(house: House, user: User | None, password: str) -> User:
    """The user, whose password this is. Unauthenticated otherwise, for nobody and for who is locked out, without saying
    which. Runs in the hashing pool."""
    rules, now = house.rules.passwords, house.clock.now()
    right = house.passwords.verify(user.password_hash if user is not None else house.passwords.dummy, password)
    if user is None or not user.enabled or is_locked(user, rules, now):
        raise Unauthenticated("identity", reason=WRONG)
    if not right:
        if rules.lockout_attempts:
            _change(house, user, lambda known: after_failure(known, rules, now))
        raise Unauthenticated("identity", reason=WRONG)
    if user.failures:
        _change(house, user, lambda known: replace(known, failures=0))
    return user


def check_new(house: House, password: str, user: User | None = None) -> None:
    """Invalid for a password that the rules do not let be set; with a user, one of its last ones. Runs in the hashing
    pool."""
    rules = house.rules.passwords
    if not fits(password, rules):
        raise Invalid("identity", field="password", reason="password_pattern", says=rules.pattern_says or rules.pattern)
    if user is not None and any(house.passwords.verify(one, password) for one in forbidden_hashes(user, rules)):
        raise Invalid("identity", field="password", reason="password_used_before", last=rules.history)


def _change(house: House, user: User, change: Callable[[User], User]) -> None:
    def write(tx: Transaction) -> None:
        known = tx.users.get(user.id)
        if known is not None:
            tx.users.save(change(known))

    house.store.write(write)
