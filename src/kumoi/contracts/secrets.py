"""Secrets: passwords hashed, secrets sealed, tokens issued and read."""

from typing import Protocol

import msgspec


class TokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says. `methods`: password, token…; `project_id` and `domain_id` empty for unscoped, `system` for
    system scope; `credential_id`, `trust_id` and `access_id` (OAuth 1) name what it came by."""

    user_id: str
    methods: tuple[str, ...]
    project_id: str
    system: bool
    issued_at: float
    expires_at: float
    audit_ids: tuple[str, ...]
    revocation: int
    domain_id: str = ""
    credential_id: str = ""
    trust_id: str = ""
    access_id: str = ""


class Passwords(Protocol):
    """argon2id. Slow on purpose: call it from the hashing pool, never inside a transaction.

    `dummy`: a hash of nothing anybody knows, verified for unknown users so that they take as long as known ones.
    """

    dummy: str

    def hash(self, password: str) -> str: ...
    def verify(self, hashed: str, password: str) -> bool: ...


class Vault(Protocol):
    """Seal and open small secrets, under the cloud's own key. `open` raises ValueError for what was not sealed here."""

    def seal(self, plain: str) -> str: ...
    def open(self, sealed: str) -> str: ...


class Tokens(Protocol):
    """Fernet tokens. `read` returns None for anything that is not one of ours or has expired at `now`."""

    def issue(self, body: TokenBody) -> str: ...
    def read(self, token: str, now: float) -> TokenBody | None: ...


class KeyMaker(Protocol):
    """A fresh SSH key pair: (private key as OpenSSH PEM, public key as one OpenSSH line). Slow: not in a
    transaction."""

    def ssh_pair(self, comment: str) -> tuple[str, str]: ...
