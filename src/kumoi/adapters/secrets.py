"""Passwords by argon2id, secrets and tokens by Fernet, SSH key pairs: `contracts.secrets` by well-kept libraries.

Keys live in a folder (0700), one file a key; the token keys are a Keystone-like repository: the highest number is
primary.
"""

import base64
import os
from functools import lru_cache
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kumoi.contracts.secrets import TokenBody

KNOWN_TOKENS = 1024


class Argon2Passwords:
    """OWASP's parameters: t=2, 19 MiB, p=1; about 20 ms of CPU a hash."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self.dummy = self._hasher.hash(base64.b64encode(os.urandom(18)).decode())

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


class FernetVault:
    """Seals under one key of its own."""

    def __init__(self, folder: Path) -> None:
        self._fernet = Fernet(_key(folder / "vault"))

    def seal(self, plain: str) -> str:
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ValueError("not sealed by this cloud") from None


class FernetTokens:
    """Tokens are Fernet over msgpack, base64 padding stripped, as Keystone's are."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(folder.iterdir()):
            _key(folder / "0")
        numbers = sorted((int(p.name) for p in folder.iterdir() if p.name.isdigit()), reverse=True)
        self._fernet = MultiFernet([Fernet(_key(folder / str(n))) for n in numbers])
        self._pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(TokenBody).decode
        # What a token says never changes while the keys are these; whether it still holds is asked every time.
        self._opened = lru_cache(KNOWN_TOKENS)(self._open)

    def issue(self, body: TokenBody) -> str:
        return self._fernet.encrypt(self._pack(body)).rstrip(b"=").decode()

    def read(self, token: str, now: float) -> TokenBody | None:
        if not token.isascii() or len(token) > 4096:
            return None
        try:
            body = self._opened(token)
        except (InvalidToken, msgspec.MsgspecError, ValueError):
            return None
        return body if now < body.expires_at else None

    def _open(self, token: str) -> TokenBody:
        padded = token.encode() + b"=" * (-len(token) % 4)
        body: TokenBody = self._unpack(self._fernet.decrypt(padded))
        return body


class SshKeys:
    """Ed25519 pairs in OpenSSH's own formats."""

    def ssh_pair(self, comment: str) -> tuple[str, str]:
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return pem.decode(), f"{public.decode()} {comment}".strip()


def _key(path: Path) -> bytes:
    """The key in the file; made if there is none (by link, so that two makers agree on one)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(Fernet.generate_key())
            os.fsync(f.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
