"""The services this cloud offers and where they answer: what a token's catalog and discovery show."""

import hashlib
from typing import Final

import msgspec

from kumoi.api.edge.request import Request


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
    Service(type="ec2", name="ec2", path="/ec2"),
)
INTERFACES: Final = ("public", "internal", "admin")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`public_url` without a trailing slash; empty: whatever the caller used."""

    public_url: str = ""
    region: str = "RegionOne"

    def url(self, request: Request) -> str:
        return self.public_url or request.base_url


def stable_id(*parts: str) -> str:
    """32 hex digits that are the same on every start: for things that are code, not rows (roles, services,
    endpoints)."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def catalog(site: Site, request: Request) -> list[dict[str, object]]:
    """Keystone's catalog."""
    base = site.url(request)
    return [
        {
            "id": service.id,
            "type": service.type,
            "name": service.name,
            "endpoints": [endpoint(site, base, service, interface, owner=False) for interface in INTERFACES],
        }
        for service in SERVICES
    ]


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
