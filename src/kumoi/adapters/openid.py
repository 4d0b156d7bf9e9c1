"""The openid contract over HTTPS, with joserfc for signatures. Answers about a provider are kept for a while.

What does not belong here: whom a token is for, and whether it has expired (`core.openid`).
"""

import http.client
import ipaddress
import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kumoi.contracts.clock import Clock
from kumoi.contracts.openid import OpenIdProvider
from kumoi.core.errors import Unavailable
from kumoi.core.openid import Claims, Client, refused

WAIT_S: Final = 5.0
BYTES_MOST: Final = 1 << 20
KEPT_S: Final = 600.0
AGAIN_S: Final = 10.0  # a key that is not known makes us look again, but not more often
ALGORITHMS: Final = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)] + ["Ed25519", "EdDSA"]
FORM: Final = "application/x-www-form-urlencoded"


class HttpOpenId:
    """See `contracts.openid.OpenId`. Safe for many threads. Only https, but for loopback. No redirects."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._providers: dict[str, tuple[float, OpenIdProvider]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    def discover(self, issuer: str) -> OpenIdProvider:
        with self._lock:
            kept = self._providers.get(issuer)
        if kept is not None and self._clock.now() - kept[0] < KEPT_S:
            return kept[1]
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = msgspec.convert(_get(url), OpenIdProvider)
        except msgspec.ValidationError as e:
            raise _silent(url, str(e)) from e
        if found.issuer != issuer:
            raise refused("issuer", issuer=found.issuer, wanted=issuer)
        with self._lock:
            self._providers[issuer] = (self._clock.now(), found)
        return found

    def redeem(self, provider: OpenIdProvider, client: Client, form: Mapping[str, str]) -> Claims:
        return _post(provider.token_endpoint, client, form)

    def signed(self, provider: OpenIdProvider, token: str) -> Claims | None:
        if token.count(".") != 2:
            return None
        try:
            return self._verified(provider, token, KEPT_S)
        except (JoseError, ValueError):
            pass
        try:
            return self._verified(provider, token, AGAIN_S)
        except (JoseError, ValueError) as e:
            raise refused("signature") from e

    def introspect(self, provider: OpenIdProvider, client: Client, token: str) -> Claims:
        return _post(provider.introspection_endpoint, client, {"token": token})

    def userinfo(self, provider: OpenIdProvider, token: str) -> dict[str, Any]:
        return _get(provider.userinfo_endpoint, {"Authorization": f"Bearer {token}"})

    def _verified(self, provider: OpenIdProvider, token: str, kept_s: float) -> Claims:
        return jwt.decode(token, self._keys_of(provider.jwks_uri, kept_s), algorithms=ALGORITHMS).claims

    def _keys_of(self, url: str, kept_s: float) -> KeySet:
        with self._lock:
            kept = self._keys.get(url)
        if kept is not None and self._clock.now() - kept[0] < kept_s:
            return kept[1]
        found = KeySet.import_key_set(_get(url))  # type: ignore[arg-type]
        with self._lock:
            self._keys[url] = (self._clock.now(), found)
        return found


def _get(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _asked("GET", url, headers or {}, None)


def _post(url: str, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
    """Who we are goes in the header where there is a secret, as every provider must take it (RFC 6749, 2.3.1)."""
    headers = {"Content-Type": FORM}
    if client.secret:
        pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form = {**form, "client_id": client.id}
    return _asked("POST", url, headers, urlencode(form))


def _asked(method: str, url: str, headers: Mapping[str, str], body: str | None) -> dict[str, Any]:
    connection = _connection(url)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, {"Accept": "application/json", **headers})
        answer = connection.getresponse()
        told = answer.read(BYTES_MOST + 1)
    except (OSError, http.client.HTTPException, ValueError) as e:
        raise _silent(url, str(e)) from e
    finally:
        connection.close()
    if answer.status in {400, 401, 403}:
        raise refused("provider", url=url, detail=_error_of(told))
    if answer.status != 200 or len(told) > BYTES_MOST:
        raise _silent(url, str(answer.status))
    try:
        return msgspec.json.decode(told, type=dict[str, Any])
    except msgspec.DecodeError as e:
        raise _silent(url, str(e)) from e


def _connection(url: str) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as e:
        raise _silent(url, str(e)) from e
    if parts.scheme == "https" and host:
        return http.client.HTTPSConnection(host, port, timeout=WAIT_S, context=ssl.create_default_context())
    if parts.scheme == "http" and _is_loopback(host):
        return http.client.HTTPConnection(host, port, timeout=WAIT_S)
    raise _silent(url, "not https")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _error_of(told: bytes) -> str:
    """A provider's own word, shortened: it goes into our answer."""
    try:
        said = msgspec.json.decode(told, type=dict[str, Any])
    except msgspec.DecodeError:
        return ""
    return str(said.get("error_description") or said.get("error") or "")[:200]


def _silent(url: str, detail: str) -> Unavailable:
    return Unavailable("identity", what="provider", reason="provider", url=url, detail=detail[:200], retry_after_s=10)
