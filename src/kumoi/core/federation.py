"""Other clouds and other people's accounts: who may vouch for users, how what it says becomes a user of ours, and the
clouds that ours vouches to."""

import msgspec

from kumoi.core.ids import DomainId, IdentityProviderId, MappingId, ServiceProviderId, UserId


class IdentityProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Who vouches. `remote_ids`: how it names itself (an OIDC issuer). Its users live in `domain_id`."""

    id: IdentityProviderId
    domain_id: DomainId
    description: str = ""
    enabled: bool = False
    remote_ids: tuple[str, ...] = ()


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says into what we make of it. `rules`: JSON text, in Keystone's own form."""

    id: MappingId
    rules: str = "[]"
    schema_version: str = "1.0"


class FederationProtocol(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which a provider speaks, and the mapping for it. `id` is made of the provider and the name.

    `client_id` and its secret: as which the provider knows us; `audiences`: whom its tokens may be for beside us;
    `scope`: what we ask it for, empty for what is usual.
    """

    id: str
    provider_id: IdentityProviderId
    name: str
    mapping_id: MappingId
    remote_id_attribute: str = ""
    client_id: str = ""
    sealed_client_secret: str = ""
    audiences: tuple[str, ...] = ()
    scope: str = ""


class FederatedUser(msgspec.Struct, frozen=True, kw_only=True):
    """By whom a user (`id`) was brought, and the groups that a mapping put it into."""

    id: UserId
    provider_id: IdentityProviderId
    protocol: str
    groups: tuple[str, ...] = ()


class ServiceProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A cloud that takes our word for our users. Tokens name the enabled ones."""

    id: ServiceProviderId
    auth_url: str
    sp_url: str
    description: str = ""
    enabled: bool = False
    relay_state_prefix: str = "ss:mem:"


def protocol_id(provider_id: str, name: str) -> str:
    return f"{provider_id}/{name}"
