"""The services this cloud offers and where they answer: what a token's catalog and discovery show."""

import hashlib
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from kumoi.api.edge.request import Request
from kumoi.app.identity.catalog import Others, Own
from kumoi.app.identity.endpoint_filters import Shown
from kumoi.core.catalog import OtherEndpoint, in_group


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is below the public URL."""

    type: str
    name: str
    path: str

    @property
    def id(self) -> str:
        return stable_id("service", self.type)


SERVICES: Final = (
    Service(type="identity", name="keystone", path="/identity"),
    Service(type="compute", name="nova", path="/compute/v2.1"),
    Service(type="image", name="glance", path="/image"),
    Service(type="network", name="neutron", path="/network"),
    # One service under its two names: elder clients look for the first.
    Service(type="volumev3", name="cinderv3", path="/volume/v3"),
    Service(type="block-storage", name="cinder", path="/volume/v3"),
    Service(type="placement", name="placement", path="/placement"),
    Service(type="ec2", name="ec2", path="/ec2"),
)
INTERFACES: Final = ("public", "internal", "admin")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`public_url` without a trailing slash; empty: whatever the caller used. `off`: types of services that
    this cloud has not: others may be entered in their place."""

    public_url: str = ""
    region: str = "RegionOne"
    off: frozenset[str] = frozenset()

    @property
    def services(self) -> tuple[Service, ...]:
        """What is offered here."""
        return tuple(service for service in SERVICES if service.type not in self.off)

    def url(self, request: Request) -> str:
        return self.public_url or request.base_url


def stable_id(*parts: str) -> str:
    """32 hex digits that are the same on every start: for things that are code, not rows (roles, services,
    endpoints)."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def own(site: Site) -> Own:
    """What of the catalog is this program, and cannot be changed."""
    return Own(
        services=frozenset(service.id for service in site.services),
        endpoints=frozenset(stable_id("endpoint", s.type, i) for s in site.services for i in INTERFACES),
        region=site.region,
    )


def catalog(site: Site, request: Request, others: Others) -> list[dict[str, object]]:
    """Keystone's catalog: what is served here, and what was entered and is enabled."""
    base = site.url(request)
    entered: dict[str, list[dict[str, object]]] = {}
    for one in others.endpoints:
        if one.enabled:
            entered.setdefault(one.service_id, []).append(other_endpoint(one))
    found: list[dict[str, object]] = [
        {
            "id": service.id,
            "type": service.type,
            "name": service.name,
            "endpoints": [
                *(endpoint(site, base, service, interface, owner=False) for interface in INTERFACES),
                *entered.get(service.id, []),
            ],
        }
        for service in site.services
    ]
    found += [
        {"id": service.id, "type": service.type, "name": service.name, "endpoints": entered.get(service.id, [])}
        for service in others.services
        if service.enabled
    ]
    return found


def narrowed(shown: list[dict[str, object]], to: Shown | None) -> list[dict[str, object]]:
    """The catalog that a project is shown: all of it, or what it was given. A service without endpoints is left out."""
    if to is None:
        return shown
    return [
        {**service, "endpoints": kept}
        for service in shown
        if (kept := [one for one in cast("list[dict[str, str]]", service["endpoints"]) if _given(to, service, one)])
    ]


def _given(to: Shown, service: Mapping[str, object], one: Mapping[str, str]) -> bool:
    if one["id"] in to.endpoints:
        return True
    described = {"service_id": str(service["id"]), "region_id": one["region_id"], "interface": one["interface"]}
    return any(in_group(group, described) for group in to.groups)


def other_endpoint(one: OtherEndpoint) -> dict[str, object]:
    """As a catalog shows an endpoint that was entered."""
    region = one.region_id or None
    return {"id": one.id, "interface": one.interface, "region": region, "region_id": region, "url": one.url}


def endpoint(site: Site, base: str, service: Service, interface: str, *, owner: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": stable_id("endpoint", service.type, interface),
        "interface": interface,
        "region": site.region,
        "region_id": site.region,
        "url": base + service.path,
    }
    if owner:
        shown |= {"service_id": service.id, "enabled": True}
    return shown
