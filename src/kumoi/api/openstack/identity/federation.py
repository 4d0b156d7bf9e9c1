"""/v3/OS-FEDERATION: identity providers, their protocols, mappings, service providers."""

from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kumoi.api.edge.request import Request
from kumoi.api.edge.response import Response, json_response, no_content
from kumoi.api.edge.routes import Route
from kumoi.api.openstack.identity.paging import page, query
from kumoi.app.house import House
from kumoi.app.identity import federations, kept
from kumoi.app.identity.federations import MAPPINGS, PROTOCOLS, PROVIDERS, SERVICES
from kumoi.core.federation import FederationProtocol, IdentityProvider, Mapping, ServiceProvider, protocol_id
from kumoi.core.given import given
from kumoi.core.ids import DomainId, IdentityProviderId, MappingId, ServiceProviderId

_BASE = "/v3/OS-FEDERATION"
_PROTOCOLS = f"{_BASE}/identity_providers/{{id}}/protocols"


class _Provider(msgspec.Struct):
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    remote_ids: tuple[str, ...] | UnsetType | None = UNSET


class ProviderBody(msgspec.Struct):
    identity_provider: _Provider


class _Mapping(msgspec.Struct):
    rules: list[dict[str, Any]]
    schema_version: str = "1.0"


class MappingBody(msgspec.Struct):
    mapping: _Mapping


class _Protocol(msgspec.Struct):
    """What follows `mapping_id` is ours: elsewhere it is in the settings of a web server's module."""

    mapping_id: str
    client_id: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET
    audiences: tuple[str, ...] | UnsetType = UNSET
    scope: str | UnsetType = UNSET


class ProtocolBody(msgspec.Struct):
    protocol: _Protocol


class _Service(msgspec.Struct):
    auth_url: str | UnsetType = UNSET
    sp_url: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    relay_state_prefix: str | UnsetType | None = UNSET


class ServiceBody(msgspec.Struct):
    service_provider: _Service


def routes(house: House) -> list[Route]:
    found: list[Route] = []
    for plural, noun, body, create, update, render in (
        ("identity_providers", PROVIDERS, ProviderBody, create_provider, update_provider, _provider),
        ("mappings", MAPPINGS, MappingBody, create_mapping, update_mapping, _mapping),
        ("service_providers", SERVICES, ServiceBody, create_service, update_service, _service),
    ):
        many, one = f"{_BASE}/{plural}", f"{_BASE}/{plural}/{{id}}"
        found += [
            Route("GET", many, partial(find, house, plural, noun, render), "identity.read", "identity"),
            Route("PUT", one, partial(create, house), "identity.write", "identity", body_type=body, success=201),
            Route("GET", one, partial(show, house, plural, noun, render), "identity.read", "identity"),
            Route("PATCH", one, partial(update, house), "identity.write", "identity", body_type=body),
            Route("DELETE", one, partial(delete, house, noun), "identity.write", "identity", success=204),
        ]
    one = f"{_PROTOCOLS}/{{protocol}}"
    return [
        *found,
        Route("GET", _PROTOCOLS, partial(find_protocols, house), "identity.read", "identity"),
        Route("PUT", one, partial(add_protocol, house), "identity.write", "identity", body_type=ProtocolBody,
              success=201),
        Route("GET", one, partial(show_protocol, house), "identity.read", "identity"),
        Route("PATCH", one, partial(update_protocol, house), "identity.write", "identity", body_type=ProtocolBody),
        Route("DELETE", one, partial(drop_protocol, house), "identity.write", "identity", success=204),
    ]  # fmt: skip


def find(house: House, plural: str, noun: kept.Noun[Any], render: Any, request: Request) -> Response:
    wanted = query(request, {"id": "id", "enabled": "enabled"} if plural != "mappings" else {"id": "id"}, order="id")
    return page(request, plural, kept.find(house, request.call(), noun, wanted), render)


def show(house: House, plural: str, noun: kept.Noun[Any], render: Any, request: Request) -> Response:
    found = kept.get(house, request.call(), noun, request.params["id"])
    return json_response({plural.removesuffix("s"): render(request, found)})


def delete(house: House, noun: kept.Noun[Any], request: Request) -> Response:
    kept.delete(house, request.call(), noun, request.params["id"])
    return no_content()


def create_provider(house: House, request: Request) -> Response:
    fields = _said(request.json(ProviderBody).identity_provider)
    wish = IdentityProvider(
        id=IdentityProviderId(request.params["id"]), domain_id=DomainId(fields.pop("domain_id", "")), **fields
    )
    made = federations.enter_provider(house, request.call(), wish)
    return json_response({"identity_provider": _provider(request, made)}, 201)


def update_provider(house: House, request: Request) -> Response:
    fields = _said(request.json(ProviderBody).identity_provider)
    done = kept.update(house, request.call(), PROVIDERS, request.params["id"], fields)
    return json_response({"identity_provider": _provider(request, done)})


def create_mapping(house: House, request: Request) -> Response:
    body = request.json(MappingBody).mapping
    wish = Mapping(id=MappingId(request.params["id"]), rules=_text(body.rules), schema_version=body.schema_version)
    return json_response({"mapping": _mapping(request, kept.create(house, request.call(), MAPPINGS, wish))}, 201)


def update_mapping(house: House, request: Request) -> Response:
    body = request.json(MappingBody).mapping
    changes = {"rules": _text(body.rules), "schema_version": body.schema_version}
    done = kept.update(house, request.call(), MAPPINGS, request.params["id"], changes)
    return json_response({"mapping": _mapping(request, done)})


def create_service(house: House, request: Request) -> Response:
    fields = {"auth_url": "", "sp_url": "", **_said(request.json(ServiceBody).service_provider)}
    wish = ServiceProvider(id=ServiceProviderId(request.params["id"]), **fields)
    return json_response(
        {"service_provider": _service(request, kept.create(house, request.call(), SERVICES, wish))}, 201
    )


def update_service(house: House, request: Request) -> Response:
    fields = _said(request.json(ServiceBody).service_provider)
    done = kept.update(house, request.call(), SERVICES, request.params["id"], fields)
    return json_response({"service_provider": _service(request, done)})


def find_protocols(house: House, request: Request) -> Response:
    return page(request, "protocols", federations.protocols_of(house, request.call(), request.params["id"]), _protocol)


def show_protocol(house: House, request: Request) -> Response:
    found = kept.get(house, request.call(), PROTOCOLS, _protocol_id(request))
    return json_response({"protocol": _protocol(request, found)})


def add_protocol(house: House, request: Request) -> Response:
    fields = _said(request.json(ProtocolBody).protocol)
    secret = fields.pop("client_secret", "")
    provider_id, name = request.params["id"], request.params["protocol"]
    made = federations.add_protocol(house, request.call(), provider_id, name, fields, secret)
    return json_response({"protocol": _protocol(request, made)}, 201)


def update_protocol(house: House, request: Request) -> Response:
    changes = _said(request.json(ProtocolBody).protocol)
    secret = changes.pop("client_secret", None)
    done = federations.change_protocol(house, request.call(), _protocol_id(request), changes, secret)
    return json_response({"protocol": _protocol(request, done)})


def drop_protocol(house: House, request: Request) -> Response:
    kept.delete(house, request.call(), PROTOCOLS, _protocol_id(request))
    return no_content()


def _protocol_id(request: Request) -> str:
    return protocol_id(request.params["id"], request.params["protocol"])


def _said(body: msgspec.Struct) -> dict[str, Any]:
    """What was given; null is what a new one has."""
    return {name: value for name, value in given(body).items() if value is not None}


def _text(rules: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rules).decode()


def _links(request: Request, path: str) -> dict[str, str]:
    return {"self": f"{request.base_url}/identity{_BASE}/{path}"}


def _provider(request: Request, provider: IdentityProvider) -> dict[str, Any]:
    path = f"identity_providers/{provider.id}"
    return {
        "id": provider.id,
        "domain_id": provider.domain_id,
        "description": provider.description or None,
        "enabled": provider.enabled,
        "remote_ids": list(provider.remote_ids),
        "authorization_ttl": None,
        "links": {**_links(request, path), "protocols": f"{request.base_url}/identity{_BASE}/{path}/protocols"},
    }


def _mapping(request: Request, mapping: Mapping) -> dict[str, Any]:
    return {
        "id": mapping.id,
        "rules": msgspec.json.decode(mapping.rules),
        "schema_version": mapping.schema_version,
        "links": _links(request, f"mappings/{mapping.id}"),
    }


def _protocol(request: Request, protocol: FederationProtocol) -> dict[str, Any]:
    path = f"identity_providers/{protocol.provider_id}"
    return {
        "id": protocol.name,
        "mapping_id": protocol.mapping_id,
        "remote_id_attribute": protocol.remote_id_attribute or None,
        "client_id": protocol.client_id or None,
        "audiences": list(protocol.audiences),
        "scope": protocol.scope or None,
        "links": {
            **_links(request, f"{path}/protocols/{protocol.name}"),
            "identity_provider": f"{request.base_url}/identity{_BASE}/{path}",
        },
    }


def _service(request: Request, provider: ServiceProvider) -> dict[str, Any]:
    return {
        "id": provider.id,
        "auth_url": provider.auth_url,
        "sp_url": provider.sp_url,
        "description": provider.description or None,
        "enabled": provider.enabled,
        "relay_state_prefix": provider.relay_state_prefix,
        "links": _links(request, f"service_providers/{provider.id}"),
    }
