"""OpenID Connect: what a provider's token must say before it is believed, and what is said of somebody in it. Pure.

That a token is signed by the provider is checked before (`contracts.openid`). Sources: OpenID Connect Core 3.1.3.7,
RFC 7636 (PKCE), RFC 9207.
"""

import base64
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from kumoi.core.errors import Fact, Unauthenticated

SKEW_S: Final = 60.0
Claims = Mapping[str, Any]


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """As which the cloud is known to a provider. `audiences`: whom a token may be for beside it."""

    id: str
    secret: str
    audiences: tuple[str, ...] = ()


def check_said(claims: Claims, issuers: Collection[str], now: float) -> None:
    """By whom and when. Unauthenticated with what is wrong."""
    issuer, ends = claims.get("iss"), claims.get("exp")
    if issuer not in issuers:
        raise refused("issuer", issuer=str(issuer), wanted=", ".join(issuers))
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise refused("subject")
    if not isinstance(ends, int | float) or ends + SKEW_S <= now:
        raise refused("expired")
    for name in ("nbf", "iat"):
        begins = claims.get(name)
        if isinstance(begins, int | float) and begins - SKEW_S > now:
            raise refused("not_yet")


def check_id_token(claims: Claims, client: Client, nonce: str) -> None:
    """For us alone, and for the browser that we sent."""
    told = _audience(claims)
    party = claims.get("azp")
    if client.id not in told or (party is not None and party != client.id) or (len(told) > 1 and party is None):
        raise refused("audience", audience=", ".join(sorted(told)), wanted=client.id)
    if claims.get("nonce") != nonce:
        raise refused("nonce")


def check_access_token(claims: Claims, client: Client) -> None:
    """Made for us, or to our own client: one that was given to another program is not taken from it."""
    told = _audience(claims)
    ours = {client.id, *client.audiences} - {""}
    if ours.isdisjoint(told) and not (client.id and client.id in {claims.get("azp"), claims.get("client_id")}):
        raise refused("audience", audience=", ".join(sorted(told)), wanted=client.id)


def spoken(claims: Claims) -> dict[str, tuple[str, ...]]:
    """Claims by all the names that mapping rules know them by, plain and as web servers' modules pass them on."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in claims.items():
        values = tuple(_text(one) for one in (value if isinstance(value, list) else [value]) if one is not None)
        for spelling in (name, f"OIDC-{name}", f"OIDC_{name}", f"HTTP_OIDC_{name.upper().replace('-', '_')}"):
            found[spelling] = values
    found["REMOTE_USER"] = (f"{claims.get('sub', '')}@{claims.get('iss', '')}",)
    return found


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def refused(why: str, **facts: Fact) -> Unauthenticated:
    return Unauthenticated("identity", reason=f"openid_{why}", **facts)


def _audience(claims: Claims) -> set[str]:
    told = claims.get("aud", [])
    return {str(one) for one in (told if isinstance(told, list) else [told])}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
