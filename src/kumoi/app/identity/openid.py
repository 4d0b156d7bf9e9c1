"""Sign-in by OpenID Connect: with a provider's token (clients), or by a browser that we send there (code flow).

What the browser carries between the two halves of the code flow is sealed, so that nothing is kept for whoever never
comes back; that each is used once is kept.
"""

import base64
from urllib.parse import urlencode

import msgspec

from kumoi.app.house import House
from kumoi.app.identity.federated import Way, known_as, way
from kumoi.app.identity.tokens import Grant, Scope, granted
from kumoi.contracts.openid import OpenIdProvider
from kumoi.contracts.store import Transaction
from kumoi.core.errors import KumoiError, Unauthenticated
from kumoi.core.openid import (
    Claims,
    Client,
    challenge,
    check_access_token,
    check_id_token,
    check_said,
    refused,
    spoken,
)
from kumoi.core.query import Order, Query, eq
from kumoi.core.tenancy import RevokedToken, User

TRIP_MOST_S = 600.0
SCOPE = "openid email profile"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way in, for a sign-in page."""

    provider_id: str
    protocol: str
    label: str


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """A browser on its way to a provider and back. `then`: where it goes on, in the sender's own terms."""

    provider_id: str
    protocol: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    until: float
    then: str = ""


def choices(house: House) -> list[Choice]:
    """The ways that are enabled and that we have a client for."""

    def read(tx: Transaction) -> list[Choice]:
        found = []
        enabled = Query(filters=(eq("enabled", value=True),), order=(Order("id"),))
        for provider in tx.identity_providers.find(enabled):
            own = Query(filters=(eq("provider_id", provider.id),), order=(Order("name"),))
            for one in tx.federation_protocols.find(own):
                if one.client_id and provider.remote_ids:
                    label = provider.description or provider.id
                    found.append(Choice(provider_id=provider.id, protocol=one.name, label=label))
        return found

    return house.store.read(read)


def by_bearer(house: House, request_id: str, provider_id: str, name: str, token: str) -> Grant:
    """An unscoped token for one of a provider's, which must be for us. Slow: it may ask the provider."""
    by = way(house, provider_id, name)
    client = _client(house, by)
    claims: Claims | None = None
    for issuer in by.provider.remote_ids:
        provider = house.openid.discover(issuer)
        claims = _vouched(house, provider, client, token, by.provider.remote_ids)
        if claims is not None:
            break
    if claims is None:
        raise refused("signature")
    return granted(house, _user(house, request_id, by, claims), Scope(unscoped=True), (by.protocol.name,))


def begin(house: House, choice: tuple[str, str], redirect_uri: str, then: str = "") -> tuple[str, str]:
    """Where to send the browser, and what it is to carry. `choice`: provider and protocol."""
    by = way(house, *choice)
    client = _client(house, by)
    if not client.id or not by.provider.remote_ids:
        raise refused("client", name=by.provider.id)
    provider = house.openid.discover(by.provider.remote_ids[0])
    trip = Trip(
        provider_id=by.provider.id,
        protocol=by.protocol.name,
        issuer=provider.issuer,
        state=_random(house),
        nonce=_random(house),
        verifier=_random(house),
        redirect_uri=redirect_uri,
        until=house.clock.now() + TRIP_MOST_S,
        then=then,
    )
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": by.protocol.scope or SCOPE,
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": challenge(trip.verifier),
        "code_challenge_method": "S256",
    }
    sign = "&" if "?" in provider.authorization_endpoint else "?"
    carried = house.vault.seal(msgspec.json.encode(trip).decode())
    return f"{provider.authorization_endpoint}{sign}{urlencode(asked)}", carried


def finish(house: House, request_id: str, carried: str, answer: dict[str, str]) -> tuple[User, Trip]:
    """The user whom the browser came back with, and the trip. `answer`: what the provider sent along with it (code,
    state, iss, error …). Unauthenticated with what is wrong. Slow: it asks the provider."""
    trip = _opened(house, carried)
    now = house.clock.now()
    if answer.get("state") != trip.state:
        raise refused("state")
    if trip.until <= now:
        raise refused("late")
    if "error" in answer:
        raise refused("provider", url=trip.issuer, detail=(answer.get("error_description") or answer["error"])[:200])
    if answer.get("iss", trip.issuer) != trip.issuer:
        raise refused("issuer", issuer=answer["iss"], wanted=trip.issuer)
    house.store.write(lambda tx: _spend(tx, trip))
    by = way(house, trip.provider_id, trip.protocol)
    client = _client(house, by)
    provider = house.openid.discover(trip.issuer)
    form = {
        "grant_type": "authorization_code",
        "code": answer.get("code", ""),
        "redirect_uri": trip.redirect_uri,
        "code_verifier": trip.verifier,
    }
    tokens = house.openid.redeem(provider, client, form)
    claims = house.openid.signed(provider, str(tokens.get("id_token", "")))
    if claims is None:
        raise refused("signature")
    check_said(claims, (trip.issuer,), now)
    check_id_token(claims, client, trip.nonce)
    access = tokens.get("access_token")
    if isinstance(access, str) and provider.userinfo_endpoint:
        claims = _with_userinfo(house, provider, access, claims)
    return _user(house, request_id, by, claims), trip


def _vouched(
    house: House, provider: OpenIdProvider, client: Client, token: str, issuers: tuple[str, ...]
) -> Claims | None:
    """What the provider says by a client's token. Signed ones are read, others are asked about; where the provider
    cannot be asked whom they are for, they are worth nothing here."""
    claims = house.openid.signed(provider, token)
    now = house.clock.now()
    if claims is not None:
        check_said(claims, issuers, now)
        check_access_token(claims, client)
        return claims
    if not provider.introspection_endpoint:
        return None
    told = house.openid.introspect(provider, client, token)
    if told.get("active") is not True:
        raise refused("inactive")
    claims = {"iss": provider.issuer, "exp": now + TRIP_MOST_S, **told}
    check_said(claims, issuers, now)
    check_access_token(claims, client)
    return _with_userinfo(house, provider, token, claims) if provider.userinfo_endpoint else claims


def _with_userinfo(house: House, provider: OpenIdProvider, access: str, claims: Claims) -> Claims:
    more = house.openid.userinfo(provider, access)
    if more.get("sub") != claims["sub"]:
        raise refused("subject")
    return {**more, **claims}


def _user(house: House, request_id: str, by: Way, claims: Claims) -> User:
    return known_as(house, request_id, by, spoken(claims), str(claims["sub"]))


def _client(house: House, by: Way) -> Client:
    sealed = by.protocol.sealed_client_secret
    return Client(
        id=by.protocol.client_id,
        secret=house.vault.open(sealed) if sealed else "",
        audiences=by.protocol.audiences,
    )


def _opened(house: House, carried: str) -> Trip:
    try:
        return msgspec.json.decode(house.vault.open(carried), type=Trip)
    except (KumoiError, ValueError, msgspec.MsgspecError) as e:
        raise refused("state") from e


def _spend(tx: Transaction, trip: Trip) -> None:
    used = f"openid/{trip.state}"
    if tx.revoked_tokens.get(used) is not None:
        raise Unauthenticated("identity", reason="openid_state")
    tx.revoked_tokens.insert(RevokedToken(id=used, expires_at=trip.until + 1))


def _random(house: House) -> str:
    return base64.urlsafe_b64encode(house.chance.secret(32)).rstrip(b"=").decode()
