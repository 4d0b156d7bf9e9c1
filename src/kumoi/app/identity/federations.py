"""Federation's nouns: identity providers, the ways they speak, mappings, and the clouds that take our word."""

import re
from typing import Any

import msgspec

from kumoi.app.house import House
from kumoi.app.identity import kept
from kumoi.app.identity.kept import Noun, check_url, remove_all
from kumoi.app.writing import Thing, record
from kumoi.contracts.store import Transaction
from kumoi.core.call import Call
from kumoi.core.errors import Invalid, NotFound, Taken, Unauthenticated
from kumoi.core.federation import (
    FederatedUser,
    FederationProtocol,
    IdentityProvider,
    Mapping,
    ServiceProvider,
    protocol_id,
)
from kumoi.core.ids import DomainId, IdentityProviderId, hex_id
from kumoi.core.mapping_rules import read
from kumoi.core.policy import allow
from kumoi.core.query import Order, Query, eq
from kumoi.core.tenancy import Domain


def _check_provider(tx: Transaction, provider: IdentityProvider) -> None:
    if tx.domains.get(provider.domain_id) is None:
        raise NotFound("identity", kind="domain", id=provider.domain_id)
    others = (one for one in tx.identity_providers.find(Query()) if one.id != provider.id)
    if taken := {name for one in others for name in one.remote_ids}.intersection(provider.remote_ids):
        raise Taken("identity", kind="remote_id", name=min(taken))


def _check_protocol(tx: Transaction, protocol: FederationProtocol) -> None:
    if tx.mappings.get(protocol.mapping_id) is None:
        raise Invalid("identity", field="mapping_id", reason="no_such_thing", value=protocol.mapping_id)


def _check_mapping(_tx: Transaction, mapping: Mapping) -> None:
    try:
        read(mapping.rules)
    except (msgspec.ValidationError, re.error) as e:
        raise Invalid("identity", field="rules", reason="format") from e


def _check_service(_tx: Transaction, provider: ServiceProvider) -> None:
    check_url("auth_url", provider.auth_url)
    check_url("sp_url", provider.sp_url)


PROVIDERS: Noun[IdentityProvider] = Noun(
    kind="identity_provider",
    rows=lambda tx: tx.identity_providers,
    check=_check_provider,
    end=lambda tx, row_id: remove_all(tx.federation_protocols, "provider_id", row_id),
)
MAPPINGS: Noun[Mapping] = Noun(kind="mapping", rows=lambda tx: tx.mappings, check=_check_mapping)
PROTOCOLS: Noun[FederationProtocol] = Noun(
    kind="federation_protocol", rows=lambda tx: tx.federation_protocols, check=_check_protocol
)
SERVICES: Noun[ServiceProvider] = Noun(
    kind="service_provider", rows=lambda tx: tx.service_providers, check=_check_service
)


def enter_provider(house: House, call: Call, wish: IdentityProvider) -> IdentityProvider:
    """Without a domain it gets one of its own, for the users that it will bring."""
    if wish.domain_id:
        return kept.create(house, call, PROVIDERS, wish)
    home = Domain(id=DomainId(hex_id(house.chance.uuid())), name=f"idp-{wish.id}"[:64])
    made = msgspec.structs.replace(wish, domain_id=home.id)
    allow(call, "identity.write")

    def write(tx: Transaction) -> IdentityProvider:
        tx.domains.insert(home)
        _check_provider(tx, made)
        tx.identity_providers.insert(made)
        record(tx, house, call, "identity_provider.create", Thing("identity_provider", made.id, ""))
        return made

    return house.store.write(write)


def protocols_of(house: House, call: Call, provider_id: str) -> list[FederationProtocol]:
    kept.get(house, call, PROVIDERS, provider_id)
    own = Query(filters=(eq("provider_id", provider_id),), order=(Order("name"),))
    return kept.find(house, call, PROTOCOLS, own)


def add_protocol(
    house: House, call: Call, provider_id: str, name: str, fields: dict[str, Any], secret: str
) -> FederationProtocol:
    """`fields`: mapping_id, and any of client_id, audiences, scope; `secret`: the client's."""
    kept.get(house, call, PROVIDERS, provider_id)
    wish = FederationProtocol(
        id=protocol_id(provider_id, name),
        provider_id=IdentityProviderId(provider_id),
        name=name,
        sealed_client_secret=house.vault.seal(secret) if secret else "",
        **fields,
    )
    return kept.create(house, call, PROTOCOLS, wish)


def change_protocol(
    house: House, call: Call, protocol: str, changes: dict[str, Any], secret: str | None
) -> FederationProtocol:
    """`changes`: any of mapping_id, client_id, audiences, scope. `secret` None: as it is."""
    if secret is not None:
        changes = {**changes, "sealed_client_secret": house.vault.seal(secret) if secret else ""}
    return kept.update(house, call, PROTOCOLS, protocol, changes)


def trusting(tx: Transaction) -> list[ServiceProvider]:
    """The clouds that a token names: those that are enabled."""
    return tx.service_providers.find(Query(filters=(eq("enabled", value=True),), order=(Order("id"),)))


def vouched(tx: Transaction, user_id: str) -> FederatedUser | None:
    """By whom a user was brought; None for our own. Unauthenticated where that provider is believed no more."""
    found = tx.federated_users.get(user_id)
    if found is not None:
        provider = tx.identity_providers.get(found.provider_id)
        if provider is None or not provider.enabled:
            raise Unauthenticated("identity", reason="token")
    return found
