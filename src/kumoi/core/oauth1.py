"""OAuth 1: a program (a consumer) that acts for a user who let it, with some of the user's roles; and how it signs.

Source: RFC 5849. What it signs is the address as it knows it, so the caller says under which ones it may know us.
"""

import base64
import hmac
from hashlib import sha1, sha256
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import msgspec

from kumoi.core.ids import ConsumerId, OauthAccessId, OauthRequestId, ProjectId, UserId

SKEW_S: Final = 300.0
REQUEST_TTL_S: Final = 8 * 3600.0
ACCESS_TTL_S: Final = 24 * 3600.0
_DIGESTS: Final = {"HMAC-SHA1": sha1, "HMAC-SHA256": sha256}
_PORTS: Final = {"http": 80, "https": 443}


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may ask users to let it act for them."""

    id: ConsumerId
    sealed_secret: str
    description: str = ""


class OauthRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer asks to act in a project. Who lets it writes `user_id`, `roles` (keys) and a verifier into it."""

    id: OauthRequestId
    consumer_id: ConsumerId
    sealed_secret: str
    project_id: ProjectId
    expires_at: float
    user_id: str = ""
    roles: tuple[str, ...] = ()
    sealed_verifier: str = ""


class OauthAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer may act in a project with these roles (keys) of the user."""

    id: OauthAccessId
    consumer_id: ConsumerId
    sealed_secret: str
    user_id: UserId
    project_id: ProjectId
    roles: tuple[str, ...]
    expires_at: float


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was signed. `urls`: without a query; any of them may be what the signer used. `params`: query and
    form. `oauth`: the header's."""

    method: str
    urls: tuple[str, ...]
    params: tuple[tuple[str, str], ...]
    oauth: dict[str, str]

    def said(self, name: str) -> str:
        """One of the header's, empty for none: consumer_key, token, verifier …"""
        return self.oauth.get(f"oauth_{name}", "")


def parsed(header: str) -> dict[str, str]:
    """An Authorization header's pairs; empty for any other scheme."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (part.strip().partition("=") for part in rest.split(","))
    found = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
    found.pop("realm", None)
    return found


def holds(signed: Signed, secret: str, token_secret: str, now: float) -> bool:
    """Whether the signature is right, and of about now. PLAINTEXT, which sends the secrets along, is not taken."""
    digest = _DIGESTS.get(signed.said("signature_method"))
    stamp = signed.said("timestamp")
    if digest is None or signed.said("version") not in {"", "1.0"} or not signed.said("nonce"):
        return False
    if not stamp.isascii() or not stamp.isdigit() or abs(now - int(stamp)) > SKEW_S:
        return False
    key = f"{_escaped(secret)}&{_escaped(token_secret)}".encode()
    given = signed.said("signature").encode()
    texts = (base_string(signed, url).encode() for url in signed.urls)
    return any(hmac.compare_digest(base64.b64encode(hmac.digest(key, text, digest)), given) for text in texts)


def base_string(signed: Signed, url: str) -> str:
    pairs = [*signed.params, *((n, v) for n, v in signed.oauth.items() if n != "oauth_signature")]
    params = "&".join(f"{name}={value}" for name, value in sorted((_escaped(n), _escaped(v)) for n, v in pairs))
    return "&".join(_escaped(part) for part in (signed.method.upper(), _normal(url), params))


def _normal(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(f":{_PORTS.get(parts.scheme.lower(), 0)}")
    return f"{parts.scheme.lower()}://{host}{parts.path}"


def _escaped(text: str) -> str:
    return quote(text, safe="~")
