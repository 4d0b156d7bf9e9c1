"""Nova as a tongue: every resource's routes under one prefix."""

from typing import Final

from kumoi.api.edge.routes import Tongue
from kumoi.api.edge.tokens import by_token
from kumoi.api.openstack.catalog import Site
from kumoi.api.openstack.compute import (
    actions,
    aggregates,
    audit_log,
    availability_zones,
    diagnostics,
    discovery,
    extensions,
    flavor_extras,
    flavors,
    floating_ips,
    guest_acts,
    hosts,
    images,
    imaging,
    instance_actions,
    interfaces,
    keypairs,
    limits,
    metadata,
    migrations,
    networks,
    operating,
    quota_classes,
    reforming,
    remote_consoles,
    security_groups,
    server_groups,
    servers,
    services,
    topology,
    unbuilt,
    usage,
    volume_attachments,
    volumes,
)
from kumoi.api.openstack.compute.errors import render_error
from kumoi.api.openstack.compute.queries import strict
from kumoi.api.openstack.compute.versions import headers, version_of
from kumoi.app.house import House

# Of each resource, its routes.
PARTS: Final = (
    servers, actions, reforming, imaging, interfaces, volume_attachments, metadata, instance_actions, diagnostics,
    flavors, flavor_extras, keypairs, limits, hosts, aggregates, operating, guest_acts, migrations, audit_log,
    quota_classes, availability_zones, server_groups, services, images, networks, security_groups, floating_ips,
    volumes, usage, unbuilt, topology,
)  # fmt: skip


def tongue(house: House, site: Site) -> Tongue:
    """Mounted at /compute."""
    return Tongue(
        name="compute",
        prefix="/compute",
        routes=[
            *discovery.routes(site),
            *map(strict, remote_consoles.routes(house, site)),
            *map(strict, extensions.routes()),
            *(strict(route) for part in PARTS for route in part.routes(house)),
        ],
        authenticate=by_token(house),
        render_error=render_error,
        version=version_of,
        headers=headers,
        id_headers=("x-openstack-request-id", "x-compute-request-id"),
    )
