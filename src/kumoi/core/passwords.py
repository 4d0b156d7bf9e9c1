"""Password rules: how a new one may look, how long it lasts, which old ones may not come back, and lock-out.

All are off unless the settings say otherwise. Hashing is not here: `contracts.secrets`.
"""

import re

import msgspec
from msgspec.structs import replace

from kumoi.core.tenancy import User

DAY_S = 86400.0


class PasswordRules(msgspec.Struct, frozen=True, kw_only=True):
    """0 and empty text switch a rule off. `history`: how many of the last passwords, the one in force included, may not
    be chosen again by the user. After `lockout_attempts` wrong ones nobody gets in for `lockout_s`."""

    pattern: str = ""
    pattern_says: str = ""
    history: int = 0
    expires_days: int = 0
    lockout_attempts: int = 0
    lockout_s: float = 1800.0


def is_locked(user: User, rules: PasswordRules, now: float) -> bool:
    if user.options.ignore_lockout_failure_attempts:
        return False
    tried_out = 0 < rules.lockout_attempts <= user.failures
    return tried_out and now < user.failed_at + rules.lockout_s


def after_failure(user: User, rules: PasswordRules, now: float) -> User:
    """A lock-out that is over starts the count anew."""
    over = user.failures >= rules.lockout_attempts > 0 and now >= user.failed_at + rules.lockout_s
    return replace(user, failures=1 if over else user.failures + 1, failed_at=now)


def is_expired(user: User, now: float) -> bool:
    if user.options.ignore_password_expiry:
        return False
    return user.password_expires_at is not None and user.password_expires_at <= now


def fits(password: str, rules: PasswordRules) -> bool:
    return not rules.pattern or re.fullmatch(rules.pattern, password) is not None


def forbidden_hashes(user: User, rules: PasswordRules) -> tuple[str, ...]:
    """Of the passwords that may not be chosen again, the newest first."""
    return (user.password_hash, *user.past_hashes)[: rules.history]


def with_password(user: User, hashed: str, rules: PasswordRules, now: float) -> User:
    """All tokens of the old one end."""
    return replace(
        user,
        password_hash=hashed,
        past_hashes=(user.password_hash, *user.past_hashes)[: max(0, rules.history - 1)],
        password_expires_at=now + rules.expires_days * DAY_S if rules.expires_days else None,
        revocation=user.revocation + 1,
        failures=0,
    )
