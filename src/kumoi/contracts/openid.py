"""OpenID providers, asked over the network: who they are, what a code or a token is worth, whose signature it bears."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from kumoi.core.openid import Claims, Client


class OpenIdProvider(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    introspection_endpoint: str = ""


class OpenId(Protocol):
    """Slow: never in a transaction. Unavailable (what: provider) where nobody answers; Unauthenticated where a provider
    refuses, or a signature does not hold. What else a token says is not looked at here (`core.openid`)."""

    def discover(self, issuer: str) -> OpenIdProvider: ...
    def redeem(self, provider: OpenIdProvider, client: Client, form: Mapping[str, str]) -> Claims:
        """The token endpoint's answer."""
        ...

    def signed(self, provider: OpenIdProvider, token: str) -> Claims | None:
        """What a token says that the provider signed; None for one that is no JWT."""
        ...

    def introspect(self, provider: OpenIdProvider, client: Client, token: str) -> Claims: ...
    def userinfo(self, provider: OpenIdProvider, token: str) -> dict[str, Any]: ...
