"""More than a password: one-time codes by the clock (TOTP), and which methods together let a user in.

Source of the codes: RFC 6238, RFC 4226.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from typing import Final

from kumoi.core.tenancy import UserOptions

STEP_S: Final = 30
DIGITS: Final = 6
LATE_STEPS: Final = 1  # a code is good for its own time and the one after


def step_of(now: float) -> int:
    return int(now) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    digest = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of_code(secret: bytes, code: str, now: float) -> int | None:
    """The step whose code this is; None for a code that is not good now."""
    first = step_of(now)
    for step in range(first, first - LATE_STEPS - 1, -1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def secret_of(blob: str) -> bytes | None:
    """As authenticators take it: base32, in either case, with or without its padding. None for anything else."""
    text = blob.strip().upper().rstrip("=")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8)) or None
    except binascii.Error:
        return None


def lets_in(options: UserOptions, methods: Iterable[str]) -> bool:
    """Whether these methods are enough for a user: any, or all of some rule of its own."""
    rules = options.multi_factor_auth_rules or ()
    if not options.multi_factor_auth_enabled or not any(rules):
        return True
    given = set(methods)
    return any(rule and given.issuperset(rule) for rule in rules)
